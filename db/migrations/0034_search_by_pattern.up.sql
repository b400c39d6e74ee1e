-- A rare text is found by its trigrams and a common one by walking the table: which it is shows only in the pattern, so each call is planned with it.
create or replace function customers.search_customers(pattern text, most int)
    returns setof bigint
    language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
    return query execute
        'select c.customer_id from customers.customers c where c.tenant_id = $1 and c.search_text like $2 order by c.customer_id limit $3'
        using platform.current_tenant(), pattern, most;
end
$$;

-- Customers are read far more often than written: no search shall go through a list of what is not in the index yet.
alter index customers.customers_search set (fastupdate = off);
