create schema voice;
grant usage on schema voice to balatrix_app;

-- B legs of calls, as FreeSWITCH reported them: never charged, shown with the A leg's record.
create table voice.call_legs (
    tenant_id     int not null references platform.tenants,
    leg_id        text not null,
    a_leg_id      text not null,
    calling       text not null,
    called        text not null,
    started_at    timestamptz not null,
    talk_ms       bigint not null,
    hangup_cause  text not null,
    detail        jsonb,
    received_at   timestamptz not null,
    primary key (tenant_id, leg_id)
);
create index call_legs_by_a_leg on voice.call_legs (tenant_id, a_leg_id);
alter table voice.call_legs enable row level security;
create policy tenant_isolation on voice.call_legs using (tenant_id = (select platform.current_tenant()));
grant select, insert on voice.call_legs to balatrix_app;
