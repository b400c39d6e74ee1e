-- Service is restored beside payments, not behind invoices that are made or collected by the thousand.
update platform.jobs set queue = 'payment-retry' where kind = 'restore-service' and status = 'queued';
