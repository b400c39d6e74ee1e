using System.Collections.Frozen;
using System.Net;
using System.Threading.RateLimiting;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Customers;

/// <summary>Holds accounts to the addresses and the requests a second that they are allowed. Only accounts with such limits cost anything; each node counts for itself.</summary>
public sealed partial class AccountGates(Database database, TimeProvider time, ILogger<AccountGates> logger) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    sealed record Gate(int? RequestsPerSecond, string[] AllowedIps, RateLimiter? Limiter);

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

    /// <summary>Reads the limits again; those that did not change keep their count.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        var rows = await Database.QueryAsync(
            connection,
            "select account_id, requests_per_second, allowed_ips from customers.account_profiles where requests_per_second is not null or allowed_ips <> '{}'",
            [], r => (Id: r.GetInt64(0), Rate: r.IsDBNull(1) ? (int?)null : r.GetInt32(1), Ips: r.GetFieldValue<string[]>(2)), cancellationToken);
        var old = gates;
        Volatile.Write(ref gates, rows.ToFrozenDictionary(r => r.Id, r => old.GetValueOrDefault(r.Id) is { } same && same.RequestsPerSecond == r.Rate
            ? same with { AllowedIps = r.Ips }
            : new Gate(r.Rate, r.Ips, r.Rate is { } rate ? Limiter(rate) : null)));
    }

    /// <summary>Looks every five seconds.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RefreshAsync(stoppingToken);
                await Task.Delay(Pause, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException)
            {
                LogFailed(logger, e.Message);
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    static TokenBucketRateLimiter Limiter(int rate) => new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = rate,
        TokensPerPeriod = rate,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        QueueLimit = 0,
    });

    [LoggerMessage(Level = LogLevel.Warning, Message = "The limits of accounts were not read this time: {Reason}")]
    static partial void LogFailed(ILogger logger, string reason);
}
