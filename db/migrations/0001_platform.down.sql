drop table platform.tenants;
drop function platform.current_tenant();
revoke usage on schema platform from balatrix_app;
