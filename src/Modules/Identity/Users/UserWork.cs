using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Balatrix.Modules.Identity.Users;

/// <summary>The connection that a scope's users are read and written on.</summary>
public sealed class UserConnection
{
    /// <summary>In a transaction of the tenant.</summary>
    public NpgsqlConnection? Current { get; set; }
}

/// <summary>One piece of work on users.</summary>
/// <param name="Users">ASP.NET Core Identity's manager, on this transaction.</param>
/// <param name="Connection">The transaction's connection.</param>
/// <param name="TenantId">The tenant.</param>
public sealed record UserSession(UserManager<User> Users, NpgsqlConnection Connection, int TenantId)
{
    /// <summary>A user of the tenant, whose row is locked first so that two changes of it follow each other, or null.</summary>
    public async Task<User?> LockAsync(Guid userId, CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(Connection, "select from identity.users where user_id = $1 and tenant_id = $2 for update", [userId, TenantId], cancellationToken);
        return await Users.FindByIdAsync(userId.ToString());
    }

    /// <summary>Saves a user that this work has locked.</summary>
    public async Task SaveAsync(User user) => Expect(await Users.UpdateAsync(user));

    /// <summary>Goes on only after a success: nothing refuses what was checked before and is locked.</summary>
    public static void Expect(IdentityResult result)
    {
        if (!result.Succeeded)
            throw new InvalidOperationException($"The user was not saved: {result}");
    }
}

/// <summary>Work on users in one transaction of their tenant, so that what Identity writes and what our own statements write is committed together.</summary>
public sealed class UserWork(Database database, IServiceScopeFactory scopes)
{
    /// <summary>Works in one transaction.</summary>
    public Task<T> InTenantAsync<T>(int tenantId, Func<UserSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        database.InTenantAsync(
            tenantId,
            async (connection, ct) =>
            {
                await using var scope = scopes.CreateAsyncScope();
                scope.ServiceProvider.GetRequiredService<UserConnection>().Current = connection;
                return await work(new(scope.ServiceProvider.GetRequiredService<UserManager<User>>(), connection, tenantId), ct);
            },
            cancellationToken);
}
