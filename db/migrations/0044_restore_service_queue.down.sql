update platform.jobs set queue = 'invoice-generation' where kind = 'restore-service' and status = 'queued';
