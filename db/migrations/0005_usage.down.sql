drop view ledger.ledger_entries;
drop schema usage cascade;
