using System.Collections.Frozen;
using System.Net;
using System.Threading.RateLimiting;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Customers;

/// <summary>Holds accounts to the addresses and the requests a second that they are allowed. Only accounts with such limits cost anything; each node counts for itself.</summary>
public sealed class AccountGates(Database database, TimeProvider time, ILogger<AccountGates> logger)
    : RepeatedWork(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5), time, logger)
{
    sealed record Gate(int TenantId, int? RequestsPerSecond, string[] AllowedIps, RateLimiter? Limiter);

    FrozenDictionary<long, Gate> gates = FrozenDictionary<long, Gate>.Empty;

    /// <summary>Why a request of an account may not pass, or null.</summary>
    public Problem? Check(long accountId, IPAddress? from)
    {
        if (Volatile.Read(ref gates) is not { Count: > 0 } known || !known.TryGetValue(accountId, out var gate))
            return null;
        if (gate.AllowedIps.Length > 0 && (from is null || !Array.Exists(gate.AllowedIps, range => ApiKeys.Contains(range, from))))
            return new(403, "address_not_allowed", "The account is not used from this address.");
        return gate.Limiter?.AttemptAcquire() is { IsAcquired: false }
            ? new(429, "too_many_requests", $"The account may make {gate.RequestsPerSecond} requests a second.")
            : null;
    }

    /// <summary>The one account of a tenant that is used from an address, for trunks that are known by nothing else; null when none or several are.</summary>
    public long? AccountOf(int tenantId, IPAddress from)
    {
        long? found = null;
        foreach (var (accountId, gate) in Volatile.Read(ref gates))
        {
            if (gate.TenantId != tenantId || !Array.Exists(gate.AllowedIps, range => ApiKeys.Contains(range, from)))
                continue;
            if (found is not null)
                return null;
            found = accountId;
        }
        return found;
    }

    /// <summary>Reads the limits again; those that did not change keep their count.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        var rows = await Database.QueryAsync(
            connection,
            "select account_id, requests_per_second, allowed_ips, tenant_id from customers.account_profiles where requests_per_second is not null or allowed_ips <> '{}'",
            [], r => (Id: r.GetInt64(0), Rate: r.IsDBNull(1) ? (int?)null : r.GetInt32(1), Ips: r.GetFieldValue<string[]>(2), TenantId: r.GetInt32(3)), cancellationToken);
        var old = gates;
        Volatile.Write(ref gates, rows.ToFrozenDictionary(r => r.Id, r => old.GetValueOrDefault(r.Id) is { } same && same.RequestsPerSecond == r.Rate
            ? same with { AllowedIps = r.Ips }
            : new Gate(r.TenantId, r.Rate, r.Ips, r.Rate is { } rate ? Limiter(rate) : null)));
    }

    /// <summary>Reads the limits again.</summary>
    protected override Task RunAsync(CancellationToken cancellationToken) => RefreshAsync(cancellationToken);

    static TokenBucketRateLimiter Limiter(int rate) => new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = rate,
        TokensPerPeriod = rate,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        QueueLimit = 0,
    });
}
