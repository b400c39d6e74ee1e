using System.Diagnostics;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Bench;

/// <summary>Subscriptions that fall due at one moment: each is charged, journalled, given its next period and its allowances.</summary>
static class Renewals
{
    const long FirstAccount = 5_000_000;
    const int Lanes = 4;

    public static async Task<BenchResult> RunAsync(BenchWorld world, int count)
    {
        var rate = await MeasureAsync(world, "bench-monthly", FirstAccount, count);
        return new("renewals", $"renewals a second of {count} due at one moment, beside 2,000", rate, "renewals/s", 2000, rate / 2000, 1, rate >= 2000);
    }

    /// <summary>Ten times as many cost ten times as much, and no more.</summary>
    public static async Task<BenchResult> FlatAsync(BenchWorld world, int count)
    {
        var few = await MeasureAsync(world, "bench-few", FirstAccount * 2, count / 10);
        var many = await MeasureAsync(world, "bench-many", FirstAccount * 3, count);
        return new("renewals-flat", $"renewals a second of {count}, beside {count / 10}", many, "renewals/s", few, many / few, 0.8, many / few >= 0.8);
    }

    static async Task<double> MeasureAsync(BenchWorld world, string plan, long firstAccount, int count)
    {
        await SetUpAsync(world, plan, firstAccount, count);
        var clock = world.Services.GetServices<ITenantTime>().Single(t => t.GetType().Name == "SubscriptionClock");
        var watch = Stopwatch.StartNew();
        var steps = await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => clock.RunAsync(BenchWorld.Tenant, DateTimeOffset.UtcNow, CancellationToken.None)));
        var rate = steps.Sum() / watch.Elapsed.TotalSeconds;
        await using var check = world.Database.Owner.CreateCommand($"select count(*) from ledger.journal_entries where kind = 8 and account_id between {firstAccount} and {firstAccount + count - 1}");
        var posted = (long)(await check.ExecuteScalarAsync())!;
        if (posted != count || steps.Sum() != count)
            throw new InvalidOperationException($"{posted} were posted in {steps.Sum()} steps, {count} were due.");
        return rate;
    }

    static async Task SetUpAsync(BenchWorld world, string code, long firstAccount, int count)
    {
        var terms = new PlanTerms
        {
            Prices = new("349.00", null, null),
            Allowances = [new("500 outbound minutes", "voice.outbound", "India", 30_000, false), new("100 toll-free minutes", "voice.inbound", "India toll-free", 6_000, false)],
            Decks = new() { ["voice.outbound"] = ["bench"] },
        };
        var plan = await world.Services.GetRequiredService<PlanStore>().CreateAsync(BenchWorld.Tenant, code, code, "INR", terms, Actor.System("bench"), CancellationToken.None);
        await using var fill = world.Database.Owner.CreateCommand(
            $"""
            insert into ledger.accounts (account_id, tenant_id, kind, currency, balance_micros, entry_no, plan_version_id, plan_since)
            select {firstAccount} + i, {BenchWorld.Tenant}, 1, 'INR', 1000000000, 1, {plan!.PlanVersionId}, now() - interval '40 days' from generate_series(0, {count - 1}) i;
            insert into ledger.journal_entries (account_id, entry_no, tenant_id, event_key, kind, debit_book, credit_book, amount_micros, balance_after_micros, recorded_at, reference)
            select {firstAccount} + i, 1, {BenchWorld.Tenant}, gen_random_uuid(), 1, 20, 1, 1000000000, 1000000000, now(), 'opening' from generate_series(0, {count - 1}) i;
            insert into subscriptions.subscriptions (tenant_id, account_id, currency, status, plan_version_id, plan_code, cycle, price_micros, anchor_at, zone, period_from, period_to,
                   month_from, month_to, is_trial, is_paid, is_next_paid, auto_renew, is_held_by_hand, is_reminded, waited, next_at, version, created_at, updated_at)
            select {BenchWorld.Tenant}, {firstAccount} + i, 'INR', 2, {plan.PlanVersionId}, '{code}', 1, 349000000, s.at, 'Asia/Kolkata', s.at, s.at + interval '1 month',
                   s.at, s.at + interval '1 month', false, true, false, true, false, true, 0, s.at + interval '1 month', 1, s.at, s.at
              from generate_series(0, {count - 1}) i, (select date_trunc('day', now()) - interval '1 month' as at) s;
            insert into subscriptions.segments (tenant_id, subscription_id, from_at, to_at, kind, plan_version_id, plan_code, period_from, period_to, price_micros)
            select tenant_id, subscription_id, period_from, period_to, 2, plan_version_id, plan_code, period_from, period_to, price_micros
              from subscriptions.subscriptions where plan_code = '{code}';
            analyze ledger.accounts; analyze ledger.journal_entries; analyze subscriptions.subscriptions; analyze subscriptions.segments;
            """);
        fill.CommandTimeout = 0;
        await fill.ExecuteNonQueryAsync();
    }
}
