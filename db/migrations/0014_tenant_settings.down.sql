drop table platform.tenant_settings;
