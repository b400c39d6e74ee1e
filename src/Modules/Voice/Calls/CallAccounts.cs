using System.Collections.Concurrent;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>Accounts as calls see them, and what was seen of them last, for when the database is not there.</summary>
sealed class CallAccounts(Database database, TenantClock clock, PriceBookStore prices)
{
    const int MostRemembered = 50_000;

    readonly ConcurrentDictionary<long, CallAccount> seen = new();
    readonly ConcurrentDictionary<(int TenantId, string Caller), long> callers = new();

    /// <summary>An account and what a call costs it; no account, or no price.</summary>
    public async Task<(CallAccount? Account, CallPrice? Price)> FindAsync(int tenantId, CallPayer payer, string number, DateTimeOffset at, int longestSeconds, CancellationToken cancellationToken)
    {
        if (await CallAccount.FindAsync(database, tenantId, payer.AccountId, at, cancellationToken) is not { } account)
            return default;
        if (seen.Count < MostRemembered || seen.ContainsKey(payer.AccountId))
            seen[payer.AccountId] = account;
        return (account, await PriceAsync(account, tenantId, payer.Service, number, at, longestSeconds, cancellationToken));
    }

    /// <summary>The same from what was seen last; only prices that are compiled already are known then.</summary>
    public async Task<(CallAccount? Account, CallPrice? Price)> RecallAsync(int tenantId, CallPayer payer, string number, DateTimeOffset at, int longestSeconds, CancellationToken cancellationToken) =>
        seen.TryGetValue(payer.AccountId, out var account)
            ? (account, await PriceAsync(account, tenantId, payer.Service, number, at, longestSeconds, cancellationToken))
            : default;

    /// <summary>Remembers whom a caller was.</summary>
    public void Remember(CallRequest request, CallPayer payer)
    {
        if (payer.Service == Service.VoiceOutbound && callers.Count < MostRemembered)
            callers[(request.TenantId, CallerOf(request))] = payer.AccountId;
    }

    /// <summary>Whom a caller was last.</summary>
    public CallPayer? Recall(CallRequest request) =>
        callers.TryGetValue((request.TenantId, CallerOf(request)), out var accountId) ? new(accountId, Service.VoiceOutbound, null) : null;

    async Task<CallPrice?> PriceAsync(CallAccount account, int tenantId, Service service, string number, DateTimeOffset at, int longestSeconds, CancellationToken cancellationToken)
    {
        var book = await account.PricesAsync(prices, tenantId, at, cancellationToken);
        // The cap of a day needs the tenant's zone, which is remembered like its clock.
        var day = account.State.DailyCapMicros is null ? 0 : await clock.BillingDayAsync(tenantId, at, cancellationToken);
        return CallPrice.Of(book, account.State, service, number, at, day, longestSeconds);
    }

    static string CallerOf(CallRequest request) => $"{request.AccountCode}\n{request.SipUser}\n{request.NetworkIp}";
}
