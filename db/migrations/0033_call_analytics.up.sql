-- What a carrier did with a leg: which one it was, and how long it took to ring (post-dial delay).
alter table voice.call_legs
    add column carrier text,
    add column pdd_ms  bigint check (pdd_ms >= 0);
create index call_legs_by_time on voice.call_legs (tenant_id, started_at);
