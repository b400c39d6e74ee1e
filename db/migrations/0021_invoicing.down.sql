drop schema invoicing cascade;
alter table customers.customers drop column is_sez, drop column payment_terms_days;
