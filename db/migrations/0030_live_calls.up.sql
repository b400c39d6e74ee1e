-- Calls that are controlled, and for a while those that were: what a node needs to take over after another, and what a call record is met by.
create table voice.live_calls (
    tenant_id      int not null references platform.tenants,
    account_id     bigint not null,
    call_id        text not null check (length(call_id) between 1 and 128),
    segment        smallint not null check (segment > 0),
    channel_id     text not null,
    peer_id        text,
    node           text not null,
    core_id        text,
    owner          text not null,
    state          smallint not null check (state between 1 and 5),
    service        smallint not null check (service in (1, 2)),
    calling        text not null,
    called         text not null,
    rating_key     text not null,
    destination    text not null,
    currency       text not null,
    minute_micros  bigint not null,
    carrier        text,
    reservation_id uuid,
    is_open_failed boolean not null default false,
    started_at     timestamptz not null,
    answered_at    timestamptz,
    meter_from     timestamptz,
    last_seen_at   timestamptz not null,
    ended_at       timestamptz,
    talk_ms        bigint,
    primary key (account_id, call_id, segment)
) with (fillfactor = 60);
create index live_calls_going_on on voice.live_calls (node) where state = 1;
create index live_calls_over on voice.live_calls (last_seen_at) where state <> 1;
alter table voice.live_calls enable row level security;
create policy tenant_isolation on voice.live_calls using (tenant_id = (select platform.current_tenant()));
grant select, insert, update on voice.live_calls to balatrix_app;
