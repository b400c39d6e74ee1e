drop schema audit cascade;
revoke update (name, zone, test_now) on platform.tenants from balatrix_app;
alter table platform.tenants drop column test_now;
