create or replace function customers.search_customers(pattern text, most int)
    returns setof bigint
    language sql stable security definer set search_path = pg_catalog, public as $$
    select c.customer_id
      from customers.customers c
     where c.tenant_id = (select platform.current_tenant()) and c.search_text like pattern
     order by c.customer_id
     limit most
$$;
alter index customers.customers_search reset (fastupdate);
