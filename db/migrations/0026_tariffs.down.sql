drop schema tariffs cascade;
alter table ledger.accounts drop column has_tariffs;
drop table catalog.tariff_versions, catalog.tariffs;
