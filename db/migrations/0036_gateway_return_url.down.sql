alter table payments.gateway_settings drop column return_url;
