drop function identity.find_user;
drop function identity.find_tenant;
drop function identity.find_api_key;
alter table identity.api_keys drop column requests_per_second;
create function identity.find_api_key(hash bytea)
    returns table (tenant_id int, api_key_id int, name text, scopes text[], allowed_ips text[], expires_at timestamptz)
    language sql stable security definer set search_path = pg_catalog as $$
    select k.tenant_id, k.api_key_id, k.name, k.scopes, k.allowed_ips, k.expires_at
      from identity.api_keys k
     where k.key_hash = hash and k.revoked_at is null
$$;
revoke execute on function identity.find_api_key from public;
grant execute on function identity.find_api_key to balatrix_app;
drop table identity.signing_keys, identity.login_locks, identity.login_attempts, identity.mail_tokens, identity.refresh_tokens,
    identity.sessions, identity.totp_steps, identity.user_tokens, identity.users;
