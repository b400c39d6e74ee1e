using Balatrix.Core.Voice.Fraud;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>Every second: tells the other nodes and staff what this one counted and found, and learns what others did.</summary>
sealed class FraudSync(FraudGuard guard, FraudStore store, FraudAlerts alerts, Database database, TimeProvider time, ILogger<FraudSync> logger)
    : RepeatedWork(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), time, logger)
{
    /// <summary>Changes are read again for so long, since a transaction may end later than one that began after it.</summary>
    static readonly TimeSpan Overlap = TimeSpan.FromSeconds(10);

    /// <summary>So many accounts are told of at a time, so that a flood of old records does not crowd out charging; they are counted here all the same.</summary>
    const int MostAccounts = 1000;

    static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(10);

    DateTimeOffset? readUntil;
    DateTimeOffset prunedAt;

    /// <summary>Once, as by itself every second.</summary>
    public Task SyncAsync(CancellationToken cancellationToken) => RunAsync(cancellationToken);

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        if (readUntil is null)
        {
            await new FraudSeed(database, Time).RunAsync(connection, cancellationToken);
            await LearnAsync(connection, cancellationToken);
            guard.Open();
            return;
        }
        await TellAsync(cancellationToken);
        await LearnAsync(connection, cancellationToken);
        await LearnUsualAsync(connection, cancellationToken);
        if (Time.GetUtcNow() - prunedAt > PruneEvery)
            await PruneAsync(connection, cancellationToken);
    }

    /// <summary>A process that is told to stop tells the others what it counted.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            while (readUntil is not null && !guard.Untold.IsEmpty)
                await TellAsync(cancellationToken);
        }
        catch (Exception e) when (e is Npgsql.NpgsqlException or IOException or OperationCanceledException)
        {
            // Forgotten, as when it stops unasked.
        }
    }

    async Task TellAsync(CancellationToken cancellationToken)
    {
        var accounts = new List<WatchedAccount>();
        while (accounts.Count < MostAccounts && guard.Untold.TryDequeue(out var account))
            accounts.Add(account);
        foreach (var tenant in accounts.GroupBy(a => a.TenantId))
            await TellUseAsync(tenant.Key, [.. tenant], cancellationToken);
        var countries = new List<CalledCountry>();
        while (guard.CalledCountries.TryDequeue(out var country))
            countries.Add(country);
        foreach (var tenant in countries.GroupBy(c => c.TenantId))
            await store.RememberAsync(tenant.Key, [.. tenant], cancellationToken);
        foreach (var key in guard.Alerts.Keys)
            if (guard.Alerts.TryRemove(key, out var alert))
                await RaiseAsync(key, alert, cancellationToken);
    }

    async Task TellUseAsync(int tenantId, List<WatchedAccount> accounts, CancellationToken cancellationToken)
    {
        var taken = accounts.ConvertAll(a => (Account: a, Rows: a.TakeUntold()));
        List<UseRow> totals;
        try
        {
            totals = await store.AddAsync(tenantId, [.. taken.SelectMany(t => t.Rows)], cancellationToken);
        }
        catch
        {
            foreach (var (account, rows) in taken)
            {
                account.TakeBack(rows);
                guard.Untold.Enqueue(account);
            }
            throw;
        }
        var own = taken.SelectMany(t => t.Rows).ToDictionary(r => (r.AccountId, r.To, r.Bucket), r => r.Use);
        foreach (var total in totals)
            guard.Account(tenantId, total.AccountId).Learn(total, own[(total.AccountId, total.To, total.Bucket)]);
    }

    async Task RaiseAsync((int TenantId, long AccountId, FraudSubject Subject) key, PendingAlert alert, CancellationToken cancellationToken)
    {
        try
        {
            await alerts.RaiseAsync(key.TenantId, alert, cancellationToken);
        }
        catch
        {
            guard.Alerts.AddOrUpdate(key, alert, (_, newer) => newer with { Times = newer.Times + alert.Times });
            throw;
        }
    }

    async Task LearnAsync(Npgsql.NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var until = await FraudStore.ClockAsync(connection, cancellationToken);
        DateTimeOffset? since = readUntil - Overlap;
        foreach (var row in await store.UseAsync(connection, since, Time.GetUtcNow(), cancellationToken))
            guard.Account(row.TenantId, row.AccountId).Learn(row, default);
        foreach (var permit in await FraudStore.PermitsAsync(connection, since, cancellationToken))
            guard.PermitsOf(permit.TenantId, permit.AccountId)[permit.Subject] = permit.Until;
        foreach (var (tenantId, accountId, policy) in await FraudRuleStore.PoliciesAsync(connection, since, cancellationToken))
        {
            if (policy is null)
                guard.Policies.TryRemove((tenantId, accountId), out _);
            else
                guard.Policies[(tenantId, accountId)] = policy;
        }
        foreach (var (tenantId, country) in await FraudStore.CountriesAsync(connection, cancellationToken))
            guard.HomeCountries[tenantId] = country ?? "IN";
        readUntil = until;
    }

    async Task LearnUsualAsync(Npgsql.NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var asked = guard.Accounts.Values.Where(a => a.NeedsUsual).Take(1000).ToDictionary(a => (a.TenantId, a.AccountId), a => (Account: a, a.AskedAt));
        if (asked.Count == 0)
            return;
        var usual = (await FraudStore.UsualHoursAsync(connection, [.. asked.Values.Select(a => a.Account)], cancellationToken)).ToDictionary(u => (u.TenantId, u.AccountId), u => u.Hour);
        foreach (var (key, (account, at)) in asked)
            account.LearnUsual(usual.GetValueOrDefault(key), at);
    }

    async Task PruneAsync(Npgsql.NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        prunedAt = Time.GetUtcNow();
        await FraudStore.PruneAsync(connection, prunedAt, cancellationToken);
        var tenants = (await Database.QueryAsync(connection, "select tenant_id, test_now from platform.tenants", [], r => (Id: r.GetInt32(0), Now: r.IsDBNull(1) ? prunedAt : r.GetFieldValue<DateTimeOffset>(1)), cancellationToken))
            .ToDictionary(t => t.Id, t => t.Now);
        foreach (var (key, account) in guard.Accounts)
            if (account.Forget(UseWindow.BucketOf(tenants.GetValueOrDefault(key.TenantId, prunedAt)) - UseWindow.Day - 1))
                guard.Accounts.TryRemove(key, out _);
    }
}
