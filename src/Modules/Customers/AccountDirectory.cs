using System.Globalization;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Caching.Memory;

namespace Balatrix.Modules.Customers;

/// <summary>Finds the account that a client names: by number (ACC-10001), by bare number, or by one of its codes.</summary>
public sealed class AccountDirectory(Database database) : IDisposable
{
    const string Prefix = "ACC-";

    readonly MemoryCache codes = new(new MemoryCacheOptions { SizeLimit = 100_000 });

    /// <summary>The account number that customers see.</summary>
    public static string NumberOf(long accountId) => Prefix + accountId.ToString(CultureInfo.InvariantCulture);

    /// <summary>The account, or null when there is none of that name or it is not the caller's to see.</summary>
    public async ValueTask<long?> FindAsync(Caller caller, string reference, CancellationToken cancellationToken)
    {
        if (await FindAsync(caller.TenantId, reference, cancellationToken) is not { } accountId)
            return null;
        return await OwnAsync(caller, cancellationToken) is { } own && !own.Contains(accountId) ? null : accountId;
    }

    /// <summary>The accounts that a caller may see, or null for all of the tenant.</summary>
    public async ValueTask<long[]?> OwnAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (caller.CustomerId is not { } customerId)
            return null;
        return [.. await database.InTenantAsync(
            caller.TenantId,
            (connection, ct) => Database.QueryAsync(
                connection, "select account_id from customers.account_profiles where tenant_id = $1 and customer_id = $2", [caller.TenantId, customerId], r => r.GetInt64(0), ct),
            cancellationToken)];
    }

    /// <summary>The account, or null. A number is not looked up: whether it exists is known when it is locked.</summary>
    public async ValueTask<long?> FindAsync(int tenantId, string reference, CancellationToken cancellationToken)
    {
        if (TryParseNumber(reference, out var accountId))
            return accountId;
        if (reference.Length is 0 or > 64 || reference.Contains('\0', StringComparison.Ordinal))
            return null;
        if (codes.TryGetValue((tenantId, reference), out long known))
            return known;
        var found = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection, "select account_id from customers.account_codes where tenant_id = $1 and code = $2", [tenantId, reference], r => r.GetInt64(0), ct),
            cancellationToken);
        if (found.Count == 0)
            return null;
        codes.Set((tenantId, reference), found[0], new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(30) });
        return found[0];
    }

    /// <summary>Reads an account number.</summary>
    public static bool TryParseNumber(ReadOnlySpan<char> reference, out long accountId)
    {
        var digits = reference.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? reference[Prefix.Length..] : reference;
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out accountId) && accountId > 0;
    }

    /// <summary>Lets the memory go.</summary>
    public void Dispose() => codes.Dispose();
}
