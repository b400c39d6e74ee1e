using System.Collections.Concurrent;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Identity.Users;

/// <summary>A user to be seeded.</summary>
/// <param name="Email">The address; taken as confirmed.</param>
/// <param name="Name">How they are called.</param>
/// <param name="Role">admin, support or customer.</param>
/// <param name="Password">Known to everybody, so to be changed at once where it matters.</param>
public sealed record SeedUser(string Email, string Name, string Role, string Password);

/// <summary>Makes the users that an installation begins with.</summary>
public sealed class UserSeeds(UserDirectory directory, UserWork work, Passwords passwords, TimeProvider time)
{
    // Seeds share few passwords, which everybody may know; hashing each again would only cost time.
    static readonly ConcurrentDictionary<string, string> Hashes = new(StringComparer.Ordinal);

    /// <summary>Makes a user unless its address has one already.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="seed">Whom.</param>
    /// <param name="mustChangePassword">Whether nothing is allowed before the password is changed.</param>
    /// <param name="customer">Gives the customer of a customer's user, in the same transaction.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>Whether it was made.</returns>
    public async Task<bool> EnsureAsync(
        int tenantId, SeedUser seed, bool mustChangePassword, Func<NpgsqlConnection, CancellationToken, Task<long?>> customer, CancellationToken cancellationToken)
    {
        if (await directory.FindAsync(seed.Email, cancellationToken) is not null)
            return false;
        if (!Hashes.TryGetValue(seed.Password, out var hash))
            Hashes[seed.Password] = hash = await passwords.HashAsync(seed.Password, cancellationToken);
        return await work.InTenantAsync(
            tenantId,
            async (session, ct) =>
            {
                await Database.ExecuteAsync(session.Connection, "select pg_advisory_xact_lock(hashtext($1))", ["balatrix.user." + UserDirectory.Normalize(seed.Email)], ct);
                if (await session.Users.FindByEmailAsync(seed.Email) is not null)
                    return false;
                var now = time.GetUtcNow();
                var user = new User
                {
                    Id = Guid.CreateVersion7(now),
                    TenantId = tenantId,
                    Email = seed.Email,
                    EmailConfirmed = true,
                    Name = seed.Name,
                    Role = seed.Role,
                    CustomerId = await customer(session.Connection, ct),
                    PasswordHash = hash,
                    MustChangePassword = mustChangePassword,
                    CreatedAt = now,
                };
                UserSession.Expect(await session.Users.CreateAsync(user));
                await AuditLog.WriteAsync(
                    session.Connection, tenantId, Actor.System("seed"), "user.created", "user", user.Id.ToString(), null, new { user.Email, user.Role, user.CustomerId }, now, ct);
                return true;
            },
            cancellationToken);
    }
}
