-- People who log in. An address names one user in all tenants, since a login does not say its tenant.
create table identity.users (
    tenant_id            int not null references platform.tenants,
    user_id              uuid not null,
    email                text not null check (length(email) between 3 and 254),
    normalized_email     text not null unique,
    email_confirmed      boolean not null,
    password_hash        text not null,
    must_change_password boolean not null,
    security_stamp       text,
    concurrency_stamp    text,
    two_factor_enabled   boolean not null,
    name                 text not null check (length(name) between 1 and 200),
    company              text check (length(company) between 1 and 200),
    role                 text not null check (role in ('admin', 'support', 'customer')),
    customer_id          bigint references customers.customers,
    created_at           timestamptz not null,
    primary key (user_id),
    -- A customer's user without a customer would see everybody's; it gets one when it shows that the address is its own.
    check (case role when 'customer' then customer_id is not null or not email_confirmed else customer_id is null end)
);
create index users_by_tenant on identity.users (tenant_id, user_id);
create index users_by_customer on identity.users (customer_id);

-- Secrets of second factors, sealed by the program.
create table identity.user_tokens (
    tenant_id      int not null default platform.current_tenant() references platform.tenants,
    user_id        uuid not null references identity.users on delete cascade,
    login_provider text not null,
    name           text not null,
    value          text,
    primary key (user_id, login_provider, name)
);

-- The last time step whose code was taken: a code that was seen once is worth nothing.
create table identity.totp_steps (
    tenant_id int not null references platform.tenants,
    user_id   uuid not null references identity.users on delete cascade,
    last_step bigint not null,
    primary key (user_id)
);

create table identity.sessions (
    tenant_id    int not null references platform.tenants,
    session_id   uuid not null,
    user_id      uuid not null references identity.users on delete cascade,
    device       text not null,
    fingerprint  bytea not null,
    address      text not null,
    created_at   timestamptz not null,
    last_used_at timestamptz not null,
    expires_at   timestamptz not null,
    ended_at     timestamptz,
    end_reason   text,
    primary key (session_id)
);
create index sessions_by_user on identity.sessions (user_id, created_at);
create index sessions_by_end on identity.sessions (tenant_id, expires_at);

-- The refresh tokens of a session are one family: the last is good, and a use of any other ends the session.
create table identity.refresh_tokens (
    tenant_id  int not null references platform.tenants,
    token_hash bytea not null,
    session_id uuid not null references identity.sessions on delete cascade,
    issued_at  timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz,
    primary key (token_hash)
);
create index refresh_tokens_by_session on identity.refresh_tokens (session_id);

-- Tokens that were mailed: to confirm an address, or to set a new password.
create table identity.mail_tokens (
    tenant_id  int not null references platform.tenants,
    token_hash bytea not null,
    user_id    uuid not null references identity.users on delete cascade,
    purpose    text not null check (purpose in ('verify-email', 'reset-password')),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz,
    primary key (token_hash)
);
create index mail_tokens_by_user on identity.mail_tokens (user_id);

-- Of the installation, not of a tenant: what protects logins counts addresses that no tenant knows in the same way as those of users,
-- and keys are published to everybody. Nothing here names anybody: keys are hashes, private keys are sealed.
create table identity.login_attempts (
    attempt_key  bytea not null primary key,
    attempted_at timestamptz[] not null
);
create table identity.login_locks (
    account_key  bytea not null primary key,
    failures     int not null,
    locked_until timestamptz,
    updated_at   timestamptz not null
);
create table identity.signing_keys (
    key_id         text not null primary key,
    public_key     bytea not null,
    sealed_key     bytea not null,
    sealed_by      text not null,
    signs_from     timestamptz not null,
    signs_until    timestamptz not null,
    verifies_until timestamptz not null
);

do $$
declare t text;
begin
    foreach t in array array['users', 'user_tokens', 'totp_steps', 'sessions', 'refresh_tokens', 'mail_tokens'] loop
        execute format('alter table identity.%I enable row level security', t);
        execute format('create policy tenant_isolation on identity.%I using (tenant_id = (select platform.current_tenant()))', t);
        execute format('grant select, insert, update, delete on identity.%I to balatrix_app', t);
    end loop;
end $$;
grant select, insert, update, delete on identity.login_attempts, identity.login_locks to balatrix_app;
grant select, insert, update on identity.signing_keys to balatrix_app;

-- The tenant is not known before the user is: this one look-up passes row-level security, by the whole address only.
create function identity.find_user(address text)
    returns table (tenant_id int, user_id uuid, password_hash text, email_confirmed boolean, two_factor_enabled boolean)
    language sql stable security definer set search_path = pg_catalog as $$
    select u.tenant_id, u.user_id, u.password_hash, u.email_confirmed, u.two_factor_enabled from identity.users u where u.normalized_email = address
$$;
create function identity.find_tenant(wanted text) returns int
    language sql stable security definer set search_path = pg_catalog as $$
    select t.tenant_id from platform.tenants t where t.slug = wanted
$$;

alter table identity.api_keys add column requests_per_second int check (requests_per_second > 0);
drop function identity.find_api_key;
create function identity.find_api_key(hash bytea)
    returns table (tenant_id int, api_key_id int, name text, scopes text[], allowed_ips text[], expires_at timestamptz, requests_per_second int)
    language sql stable security definer set search_path = pg_catalog as $$
    select k.tenant_id, k.api_key_id, k.name, k.scopes, k.allowed_ips, k.expires_at, k.requests_per_second
      from identity.api_keys k
     where k.key_hash = hash and k.revoked_at is null
$$;
revoke execute on function identity.find_user, identity.find_tenant, identity.find_api_key from public;
grant execute on function identity.find_user, identity.find_tenant, identity.find_api_key to balatrix_app;
