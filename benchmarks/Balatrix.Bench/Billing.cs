using System.Diagnostics;
using System.Globalization;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Invoicing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Bench;

/// <summary>A billing cycle over many postpaid accounts with fifty uses each: gathered, taxed, numbered, written, posted.</summary>
static class Billing
{
    const long FirstAccount = 6_000_000;
    const int UsesPerAccount = 50;

    /// <summary>The most that the process may grow by from the first fifth of a cycle to its end, in MB, to be flat.</summary>
    const long FlatMb = 64;

    public static async Task<BenchResult> RunAsync(BenchWorld world, int accounts)
    {
        var day = DateOnly.FromDateTime(DateTime.UtcNow.AddHours(5.5));
        await SetUpAsync(world, accounts, day);
        var cycle = world.Services.GetRequiredService<BillingCycle>();
        var watch = Stopwatch.StartNew();
        var run = cycle.RunAsync(BenchWorld.Tenant, day, TimeSpan.MaxValue, Actor.System("bench"), CancellationToken.None);
        var (early, most) = (0L, 0L);
        while (!run.IsCompleted)
        {
            await Task.WhenAny(run, Task.Delay(100));
            var resident = Process.GetCurrentProcess().WorkingSet64 >> 20;
            most = Math.Max(most, resident);
            if ((await cycle.FindAsync(BenchWorld.Tenant, day, CancellationToken.None))!.Examined < accounts / 5)
                early = Math.Max(early, resident);
        }
        var view = await run;
        var rate = view.Issued / watch.Elapsed.TotalSeconds;
        if (view.Issued != accounts || view.Failed > 0)
            throw new InvalidOperationException($"{view.Issued} were issued and {view.Failed} failed of {accounts}.");
        var growth = most - early;
        return new(
            "billing-cycle", string.Create(CultureInfo.InvariantCulture, $"invoices a second, {accounts:#,0} accounts with {accounts * UsesPerAccount:#,0} uses, beside 1,500; resident {early} MB early, {most} MB at most"), rate,
            "invoices/s", 1500, rate / 1500, 1, rate >= 1500 && growth <= FlatMb);
    }

    static async Task SetUpAsync(BenchWorld world, int accounts, DateOnly day)
    {
        var month = new DateOnly(day.Year, day.Month, 1).AddMonths(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        await using var fill = world.Database.Owner.CreateCommand(
            $$"""
            insert into platform.tenant_settings (tenant_id, settings, updated_at)
            values ({{BenchWorld.Tenant}}, '{"gst":{"legalName":"Bench","gstin":"29AAGCB7383J1Z4","state":"29","addressLines":["1 MG Road"]} }', now()) on conflict do nothing;
            insert into customers.customers (tenant_id, customer_id, name, kind, created_at, billing_address) overriding system value
            select {{BenchWorld.Tenant}}, {{FirstAccount}} + i, 'Customer ' || i, 'business', now() - interval '100 days',
                   jsonb_build_object('line1', '1 High Street', 'city', 'Town', 'state', case when i % 3 = 0 then '27' else '29' end, 'postalCode', '560001') from generate_series(0, {{accounts - 1}}) i;
            insert into ledger.accounts (account_id, tenant_id, kind, currency, balance_micros, credit_limit_micros, entry_no)
            select {{FirstAccount}} + i, {{BenchWorld.Tenant}}, 2, 'INR', {{UsesPerAccount}} * -1990000::bigint, 1000000000, {{UsesPerAccount}} from generate_series(0, {{accounts - 1}}) i;
            insert into customers.account_profiles (tenant_id, account_id, customer_id, name, created_at, updated_at)
            select {{BenchWorld.Tenant}}, {{FirstAccount}} + i, {{FirstAccount}} + i, 'Account', now() - interval '100 days', now() from generate_series(0, {{accounts - 1}}) i;
            select usage.ensure_month('{{month}}');
            insert into usage.usage_records
            select {{FirstAccount}} + i, n, gen_random_uuid(), {{BenchWorld.Tenant}}, '{{month}}'::timestamptz + interval '1 day' + n * interval '8 hours', now(), 1, 2, 10, 1990000, n * -1990000::bigint, 0, 60, 60, 0,
                   1, 'fill', i || '-' || n, '919812345678', '918045678901', '919812345678', 'Group ' || n % 5, null, '[]'
              from generate_series(0, {{accounts - 1}}) i, generate_series(1, {{UsesPerAccount}}) n;
            analyze usage.usage_records; analyze ledger.accounts; analyze customers.account_profiles; analyze customers.customers;
            """);
        fill.CommandTimeout = 0;
        await fill.ExecuteNonQueryAsync();
    }
}
