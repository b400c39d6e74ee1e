using System.Collections.Concurrent;
using Balatrix.Core.Voice.Fraud;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>
/// Holds calls to the fraud rules, from memory. What it counts is told to the other nodes, and what they count is read, by <see cref="FraudSync"/> every second; a node that stops
/// unasked loses what it counted in its last second. A tenant's own time holds throughout.
/// </summary>
public sealed class FraudGuard
{
    static readonly IReadOnlyDictionary<FraudSubject, DateTimeOffset> NoPermits = new Dictionary<FraudSubject, DateTimeOffset>();

    readonly TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ConcurrentDictionary<(int TenantId, long AccountId), WatchedAccount> Accounts { get; } = new();

    /// <summary>Accounts that have something to tell.</summary>
    internal ConcurrentQueue<WatchedAccount> Untold { get; } = new();

    /// <summary>Countries that accounts called for the first time.</summary>
    internal ConcurrentQueue<CalledCountry> CalledCountries { get; } = new();

    internal ConcurrentDictionary<(int TenantId, long AccountId, FraudSubject Subject), PendingAlert> Alerts { get; } = new();

    /// <summary>What accounts are left alone with, and until when.</summary>
    internal ConcurrentDictionary<(int TenantId, long AccountId), ConcurrentDictionary<FraudSubject, DateTimeOffset>> Permits { get; } = new();

    /// <summary>Rules by account, the tenant's own under 0.</summary>
    internal ConcurrentDictionary<(int TenantId, long AccountId), FraudPolicy> Policies { get; } = new();

    internal ConcurrentDictionary<int, string> HomeCountries { get; } = new();

    /// <summary>Whether a call may go on. Waits only until what is known was read after the start.</summary>
    public ValueTask<FraudVerdict> CheckAsync(int tenantId, FraudCall call, CancellationToken cancellationToken) =>
        loaded.Task.IsCompletedSuccessfully ? ValueTask.FromResult(Check(tenantId, call)) : WaitAndCheckAsync(tenantId, call, cancellationToken);

    /// <summary>A call was let go on.</summary>
    public void Started(int tenantId, FraudCall call) => Count(tenantId, call, call.At, new CallUse(1, 0, 0));

    /// <summary>A call that was let go on has ended. Say so once a call: when its charge is new, not when it is repeated.</summary>
    public void Ended(int tenantId, FraudCall call, TimeSpan answered, long chargedMicros)
    {
        if (answered <= TimeSpan.Zero && chargedMicros == 0)
            return;
        Count(tenantId, call, call.At + answered, new CallUse(0, (long)answered.TotalMilliseconds, chargedMicros));
        var country = CalledDestination.Of(call.ToE164, "").Country;
        if (country.Length > 0 && country != HomeCountryOf(tenantId))
        {
            if (PermitsOf(tenantId, call.AccountId).TryAdd(new(FraudRules.FirstCall, country), DateTimeOffset.MaxValue))
                CalledCountries.Enqueue(new(tenantId, call.AccountId, country, call.At));
        }
    }

    internal void Open() => loaded.TrySetResult();

    internal WatchedAccount Account(int tenantId, long accountId) =>
        Accounts.GetOrAdd((tenantId, accountId), static key => new WatchedAccount(key.TenantId, key.AccountId));

    internal ConcurrentDictionary<FraudSubject, DateTimeOffset> PermitsOf(int tenantId, long accountId) =>
        Permits.GetOrAdd((tenantId, accountId), static _ => new ConcurrentDictionary<FraudSubject, DateTimeOffset>());

    internal string HomeCountryOf(int tenantId) => HomeCountries.GetValueOrDefault(tenantId, "IN");

    async ValueTask<FraudVerdict> WaitAndCheckAsync(int tenantId, FraudCall call, CancellationToken cancellationToken)
    {
        await loaded.Task.WaitAsync(cancellationToken);
        return Check(tenantId, call);
    }

    FraudVerdict Check(int tenantId, FraudCall call)
    {
        var policy = Policies.GetValueOrDefault((tenantId, call.AccountId)) ?? Policies.GetValueOrDefault((tenantId, 0L)) ?? Usual;
        IReadOnlyDictionary<FraudSubject, DateTimeOffset> permits = Permits.TryGetValue((tenantId, call.AccountId), out var given) ? given : NoPermits;
        var found = Account(tenantId, call.AccountId).Check(policy, HomeCountryOf(tenantId), permits, call);
        if (found.IsEmpty)
            return FraudVerdict.Pass;
        foreach (var finding in found)
            Alerts.AddOrUpdate(
                (tenantId, call.AccountId, finding.Subject), static (_, news) => new PendingAlert(news.Finding, news.Call, 1),
                static (_, known, news) => new PendingAlert(news.Finding, news.Call, known.Times + 1), (Finding: finding, Call: call));
        return found[^1] is { Refuses: true } last ? new(false, last.Subject.Rule, last.Reason) : FraudVerdict.Pass;
    }

    static FraudPolicy Usual { get; } = new();

    void Count(int tenantId, FraudCall call, DateTimeOffset at, CallUse use)
    {
        var account = Account(tenantId, call.AccountId);
        if (account.Count(CalledDestination.Of(call.ToE164, call.DestinationGroup), UseWindow.BucketOf(at), use))
            Untold.Enqueue(account);
    }
}

/// <summary>A finding that staff are yet to be told of.</summary>
/// <param name="Finding">The latest.</param>
/// <param name="Call">Its call.</param>
/// <param name="Times">How often since the last time.</param>
sealed record PendingAlert(FraudFinding Finding, FraudCall Call, long Times);

/// <summary>A country that an account has called.</summary>
readonly record struct CalledCountry(int TenantId, long AccountId, string Country, DateTimeOffset At);
