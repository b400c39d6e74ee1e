drop view payments.unsettled;
drop index payments.settlements_of_refund;
drop index payments.settlements_not_posted;
alter table payments.settlements drop column posted_at;
drop table ledger.general_entries;
