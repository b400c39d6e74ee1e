using System.Diagnostics;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>A billing cycle in a process of its own that is killed in the middle, again and again; BALATRIX_TEST_KILLS=20 does it longer.</summary>
public sealed class CycleCrashTests(TestCluster cluster) : IAsyncLifetime
{
    static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("BALATRIX_TEST_KILLS") ?? "4", System.Globalization.CultureInfo.InvariantCulture);
    static readonly int Accounts = Kills * 1_000;
    const long First = 700_000;

    string connectionString = "";
    Database database = null!;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        connectionString = await cluster.CloneAsync();
        database = new Database(connectionString);
        await using var fill = database.Owner.CreateCommand(
            $$"""
            insert into platform.tenants (tenant_id, slug, name) values (1, 'default', 'Balatrix') on conflict do nothing;
            insert into platform.tenant_settings (tenant_id, settings, updated_at)
            values (1, '{"gst":{"legalName":"Balatrix Demo","gstin":"{{InvoiceTenant.Gstin}}","state":"29","addressLines":["1 MG Road"]} }', now());
            insert into customers.customers (tenant_id, customer_id, name, kind, created_at, billing_address) overriding system value
            select 1, {{First}} + i, 'Customer ' || i, 'business', now() - interval '100 days', jsonb_build_object('line1', '1', 'city', 'Town', 'state', '29', 'postalCode', '560001') from generate_series(1, {{Accounts}}) i;
            insert into ledger.accounts (account_id, tenant_id, kind, currency, balance_micros, credit_limit_micros, entry_no)
            select {{First}} + i, 1, 2, 'INR', -3000000, 100000000, 3 from generate_series(1, {{Accounts}}) i;
            insert into customers.account_profiles (tenant_id, account_id, customer_id, name, created_at, updated_at)
            select 1, {{First}} + i, {{First}} + i, 'Account', now() - interval '100 days', now() from generate_series(1, {{Accounts}}) i;
            insert into ledger.journal_entries (account_id, entry_no, tenant_id, event_key, kind, debit_book, credit_book, amount_micros, balance_after_micros, recorded_at, reference)
            select {{First}} + i, n, 1, gen_random_uuid(), 10, 2, 14, 1000000, n * -1000000, now(), 'fee' from generate_series(1, {{Accounts}}) i, generate_series(1, 3) n;
            """);
        await fill.ExecuteNonQueryAsync(Stop);
    }

    [Fact]
    public async Task Killing_it_leaves_each_account_with_one_invoice_and_the_numbers_without_a_gap()
    {
        for (var kill = 1; kill <= Kills; kill++)
        {
            // It comes to an account that another holds, in the middle of a later chunk each time, and is killed there.
            await using var connection = await database.Owner.OpenConnectionAsync(Stop);
            await using var holding = await connection.BeginTransactionAsync(Stop);
            await Database.ExecuteAsync(connection, $"select 1 from ledger.accounts where account_id = {First + (kill * 800)} for update", [], Stop);
            using var process = Run();
            await Soon.UntilAsync(async () => process.HasExited || await CountAsync("pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database()") > 0, "it waits for the account");
            Assert.False(process.HasExited);
            process.Kill();
            await process.WaitForExitAsync(Stop);
        }
        using (var last = Run())
        {
            await last.WaitForExitAsync(Stop);
            Assert.Equal(0, last.ExitCode);
        }
        Assert.Equal(Accounts, await CountAsync("invoicing.documents"));
        Assert.Equal(Accounts, await CountAsync("(select distinct account_id from invoicing.documents) d"));
        Assert.Equal(Accounts, await CountAsync("invoicing.cycles where status = 'done' and issued = " + Accounts, "max(issued)"));
        var report = await new LedgerVerification(database).VerifyAsync(null, Stop);
        Assert.True(report.Proven, string.Join("; ", report.Proofs.Where(p => !p.Proven)));
    }

    Process Run()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "balatrix.dll"), "billing-cycle", "--json"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ConnectionStrings__Balatrix"] = connectionString;
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    async Task<long> CountAsync(string from, string what = "count(*)")
    {
        await using var command = database.Owner.CreateCommand($"select coalesce({what}, 0)::bigint from {from}");
        return (long)(await command.ExecuteScalarAsync(Stop))!;
    }

    public async ValueTask DisposeAsync() => await database.DisposeAsync();
}
