-- Where a customer comes back to from a bank's page; the installation's own address when there is none.
alter table payments.gateway_settings add column return_url text check (length(return_url) <= 500);
