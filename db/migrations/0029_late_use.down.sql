alter table ledger.accounts drop column late_hour;
