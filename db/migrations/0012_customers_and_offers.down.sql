drop table catalog.addons;
drop function customers.search_customers;
alter table customers.account_profiles drop column stopped_with_customer;
drop index customers.customers_search, customers.customers_by_name;
alter table customers.customers
    drop column search_text, drop column version, drop column closed_at, drop column updated_at, drop column contacts, drop column service_address,
    drop column billing_address, drop column documents, drop column kyc_note, drop column kyc_status, drop column gstin, drop column pan, drop column phone,
    drop column suspend_reason, drop column status;
drop extension pg_trgm;
