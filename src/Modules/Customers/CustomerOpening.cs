using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Customers;

/// <summary>Makes customers, in the transaction of what makes them necessary.</summary>
public static class CustomerOpening
{
    /// <summary>A new customer's number.</summary>
    public static async Task<long> OpenAsync(
        NpgsqlConnection connection, int tenantId, string name, string kind, string email, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection, "insert into customers.customers (tenant_id, name, kind, email, created_at) values ($1, $2, $3, $4, $5) returning customer_id",
            [tenantId, name, kind, email, now], r => r.GetInt64(0), cancellationToken))[0];

    /// <summary>The customer of a name, made when there is none, with an account that has no customer yet.</summary>
    public static async Task<long> EnsureAsync(NpgsqlConnection connection, int tenantId, long accountId, CustomerView customer, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var known = await Database.QueryAsync(
            connection, "select customer_id from customers.customers where tenant_id = $1 and name = $2 order by customer_id limit 1", [tenantId, customer.Name], r => r.GetInt64(0), cancellationToken);
        var id = known is [var found] ? found : await CustomerStore.CreateAsync(connection, tenantId, customer, now, cancellationToken);
        await Database.ExecuteAsync(
            connection, "update customers.account_profiles set customer_id = $1 where account_id = $2 and tenant_id = $3 and customer_id is null", [id, accountId, tenantId], cancellationToken);
        return id;
    }
}
