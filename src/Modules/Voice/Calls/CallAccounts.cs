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
    readonly ConcurrentDictionary<(int TenantId, string Caller), CallPayer> payers = new();

    /// <summary>An account and what a call costs it; no account, or no price.</summary>
    public async Task<(CallAccount? Account, CallPrice? Price)> FindAsync(int tenantId, CallPayer payer, string number, DateTimeOffset at, int longestSeconds, CancellationToken cancellationToken)
    {
        if (await CallAccount.FindAsync(database, tenantId, payer, at, cancellationToken) is not { } account)
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

    /// <summary>What an account had for use when it was seen last, in micro-units.</summary>
    public long? RecallAvailable(long accountId) => seen.TryGetValue(accountId, out var account) ? account.State.AvailableMicros : null;

    /// <summary>Remembers who paid for a call: by the caller, or by the number that was called.</summary>
    public void Remember(CallRequest request, CallPayer payer, string number)
    {
        if (request.ForwardedBy is null && payers.Count < MostRemembered)
            payers[(request.TenantId, payer.Service == Service.VoiceOutbound ? CallerOf(request) : number)] = payer with { Inbound = payer.Service == Service.VoiceInbound ? payer.Inbound : null, Account = null };
    }

    /// <summary>Who paid for such a call last.</summary>
    public CallPayer? Recall(CallRequest request, string number)
    {
        var hasHolder = payers.TryGetValue((request.TenantId, number), out var holder);
        if (request.ForwardedBy is not null || (hasHolder && holder.Inbound is { IsTollFree: true }))
            return request.ForwardedBy is null ? holder : null;
        return payers.TryGetValue((request.TenantId, CallerOf(request)), out var caller) ? caller : hasHolder ? holder : null;
    }

    async Task<CallPrice?> PriceAsync(CallAccount account, int tenantId, Service service, string number, DateTimeOffset at, int longestSeconds, CancellationToken cancellationToken)
    {
        var book = await account.PricesAsync(prices, tenantId, at, cancellationToken);
        // The cap of a day needs the tenant's zone, which is remembered like its clock.
        var day = account.State.DailyCapMicros is null ? 0 : await clock.BillingDayAsync(tenantId, at, cancellationToken);
        return CallPrice.Of(book, account.State, service, number, at, day, longestSeconds);
    }

    static string CallerOf(CallRequest request) => $"{request.AccountCode}\n{request.SipUser}\n{request.NetworkIp}";
}
