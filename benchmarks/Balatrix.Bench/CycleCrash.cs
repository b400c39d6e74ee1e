using System.Globalization;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Payments.Sandbox;
using Balatrix.Modules.Platform;

namespace Balatrix.Bench;

/// <summary>
/// The long crash test of billing: a cycle over many accounts is killed in the middle of its chunks, and so is the server that charges what the cycle has
/// issued, by the sandbox gateway, which lives on and says what was taken.
/// </summary>
static class CycleCrash
{
    const long First = 700_000;

    /// <summary>More than the kills take chunks.</summary>
    const int ChunkAtMost = 1_000;

    /// <summary>One account of so many has a saved card.</summary>
    const int CardEach = 40;

    /// <summary>Value is the kills that were survived with one invoice an account, one payment a card, and the books proven.</summary>
    public static async Task<BenchResult> RunAsync(int kills)
    {
        var accounts = (kills + 10) * ChunkAtMost;
        var folder = Path.Combine(Path.GetTempPath(), "balatrix-cycle-" + Guid.NewGuid().ToString("N")[..8]);
        await using var postgres = await EmbeddedPostgres.StartAsync(folder, durable: true, _ => { }, CancellationToken.None);
        await using var database = new Database(postgres.ConnectionString);
        await using var server = new ServerProcess(folder, postgres.ConnectionString);
        await server.RunAsync("seed", "--demo");
        await server.StartAsync();
        await using var sandbox = await SandboxServer.StartAsync(
            new("http://127.0.0.1:0", null, new Uri(server.Url + "/api/v1/webhooks")) { DuplicatePercent = 50 }, TimeProvider.System, CancellationToken.None);
        await PaymentCrash.SetUpAsync(server, folder, sandbox.Address);
        var cards = await FillAsync(database, accounts);
        var killed = await KillAsync(database, server, kills);
        var open = await SettleAsync(database, cards);
        var issued = await CountAsync(database, $"invoicing.documents where kind = 1 and account_id > {First}");
        var billed = await CountAsync(database, $"(select distinct account_id from invoicing.documents where kind = 1 and account_id > {First}) d");
        var paid = await CountAsync(
            database, $"invoicing.documents d join payments.methods m using (account_id) where d.kind = 1 and d.settled_micros = d.total_micros and account_id > {First}");
        var posted = await CountAsync(database, $"payments.captures where account_id > {First}");
        // The setup's own payment is one of them.
        var taken = await PaymentCrash.TakenAsync(sandbox.Address) - 1;
        await server.StopAsync();
        var report = await new LedgerVerification(database).VerifyAsync(null, CancellationToken.None);
        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {killed} kills, {issued} invoices on {billed} of {accounts} accounts; of {cards} cards {taken} charges taken by the gateway, {posted} posted, {paid} invoices paid, {open} open; books {(report.Proven ? "proven" : string.Join("; ", report.Proofs.Where(p => !p.Proven)))}"));
        var isRight = killed == kills && issued == accounts && billed == accounts && taken == cards && posted == cards && paid == cards && open == 0 && report.Proven;
        return new("cycle-crash", $"{kills} kills in mid-cycle survived, every invoice once, every payment once", isRight ? kills : 0, "kills", kills, isRight ? 1 : 0, 1, isRight);
    }

    /// <summary>Runs the cycle again and again until it is done, and kills it, and the server beside it, in the middle of the chunk behind the one that was just committed.</summary>
    static async Task<int> KillAsync(Database database, ServerProcess server, int kills)
    {
        for (var killed = 0; ;)
        {
            using var cycle = server.Begin("billing-cycle", "--json");
            var before = await CountAsync(database, "invoicing.documents");
            while (killed < kills && !cycle.HasExited && await CountAsync(database, "invoicing.documents") == before)
                await Task.Delay(5);
            if (killed < kills && !cycle.HasExited)
            {
                await Task.Delay(Random.Shared.Next(10, 250));
                cycle.Kill();
                await server.KillAsync();
                killed++;
                await server.StartAsync();
            }
            await cycle.WaitForExitAsync();
            if (cycle.ExitCode == 0)
                return killed;
        }
    }

    /// <summary>Waits for the payments; charges that were killed before they were sent are believed lost at once, not after a quarter of an hour.</summary>
    static async Task<long> SettleAsync(Database database, int cards)
    {
        var open = -1L;
        for (var tries = 0; tries < 300 && open != 0; tries++)
        {
            await Task.Delay(1000);
            await ExecuteAsync(database, "update payments.attempts set charged_at = charged_at - interval '1 hour' where stage < 5 and charged_at > now() - interval '30 minutes' and charged_at < now() - interval '20 seconds'");
            await ExecuteAsync(database, "update platform.jobs set run_at = now() where kind in ('resolve-payment', 'retry-failed-payment') and status = 'queued' and run_at > now()");
            open = cards - await CountAsync(database, $"payments.payments where account_id > {First} and status = 6");
        }
        return open;
    }

    /// <summary>Postpaid accounts that owe three rupees and are to pay at once; some have the card that the setup has saved.</summary>
    static async Task<int> FillAsync(Database database, int accounts)
    {
        await ExecuteAsync(
            database,
            $$"""
            insert into platform.tenant_settings (tenant_id, settings, updated_at)
            values (1, '{"gst":{"legalName":"Bench","gstin":"29AAGCB7383J1Z4","state":"29","addressLines":["1 MG Road"]} }', now())
            on conflict (tenant_id) do update set settings = platform.tenant_settings.settings || excluded.settings;
            insert into customers.customers (tenant_id, customer_id, name, kind, created_at, billing_address, payment_terms_days) overriding system value
            select 1, {{First}} + i, 'Customer ' || i, 'business', now() - interval '100 days', jsonb_build_object('line1', '1', 'city', 'Town', 'state', '29', 'postalCode', '560001'), 0 from generate_series(1, {{accounts}}) i;
            insert into ledger.accounts (account_id, tenant_id, kind, currency, balance_micros, credit_limit_micros, entry_no)
            select {{First}} + i, 1, 2, 'INR', -3000000, 100000000, 3 from generate_series(1, {{accounts}}) i;
            insert into customers.account_profiles (tenant_id, account_id, customer_id, name, created_at, updated_at)
            select 1, {{First}} + i, {{First}} + i, 'Account', now() - interval '100 days', now() from generate_series(1, {{accounts}}) i;
            insert into ledger.journal_entries (account_id, entry_no, tenant_id, event_key, kind, debit_book, credit_book, amount_micros, balance_after_micros, recorded_at, reference)
            select {{First}} + i, n, 1, gen_random_uuid(), 10, 2, 14, 1000000, n * -1000000, now(), 'fee' from generate_series(1, {{accounts}}) i, generate_series(1, 3) n;
            insert into payments.methods (tenant_id, account_id, gateway, gateway_customer_id, token, kind, status, brand, last4, is_default, created_at, updated_at)
            select 1, {{First}} + i, m.gateway, m.gateway_customer_id, m.token, m.kind, m.status, m.brand, m.last4, true, now(), now()
              from generate_series(1, {{accounts}}, {{CardEach}}) i, payments.methods m where m.account_id = 10001 and m.gateway = 2 and m.removed_at is null;
            analyze ledger.accounts; analyze customers.account_profiles; analyze customers.customers;
            """);
        return (int)await CountAsync(database, $"payments.methods where account_id > {First}");
    }

    static async Task ExecuteAsync(Database database, string sql)
    {
        await using var command = database.Owner.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    static async Task<long> CountAsync(Database database, string from)
    {
        await using var command = database.Owner.CreateCommand($"select count(*) from {from}");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
