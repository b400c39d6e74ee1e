drop schema ledger cascade;
