using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>Who has logged in.</summary>
public static class Me
{
    /// <summary>A tenant, by number and name.</summary>
    public sealed record TenantName(int Id, string Slug, string Name);

    /// <summary>A customer, by number and name.</summary>
    public sealed record CustomerName(long Id, string Name);

    /// <summary>The user, the roles, the tenant, and the customer of a customer's user.</summary>
    public sealed record View(
        Guid Id, string Email, string Name, string[] Roles, TenantName Tenant, CustomerName? Customer, bool MfaEnabled, bool MustChangePassword, DateTimeOffset CreatedAt);

    internal static async Task<IResult> Handle(HttpContext context, Database database, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var found = await database.InTenantAsync(
            caller.TenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                """
                select u.email, u.name, u.role, t.slug, t.name, c.customer_id, c.name, u.two_factor_enabled, u.must_change_password, u.created_at
                  from identity.users u
                  join platform.tenants t on t.tenant_id = u.tenant_id
                  left join customers.customers c on c.customer_id = u.customer_id
                 where u.user_id = $1 and u.tenant_id = $2
                """,
                [caller.UserId, caller.TenantId],
                r => new View(
                    caller.UserId!.Value, r.GetString(0), r.GetString(1), [r.GetString(2)], new(caller.TenantId, r.GetString(3), r.GetString(4)),
                    r.IsDBNull(5) ? null : new(r.GetInt64(5), r.GetString(6)), r.GetBoolean(7), r.GetBoolean(8), r.GetFieldValue<DateTimeOffset>(9)),
                ct),
            cancellationToken);
        return Results.Ok(found[0]);
    }
}
