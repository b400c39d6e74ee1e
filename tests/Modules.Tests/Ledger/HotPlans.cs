using System.Text.Json;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Npgsql;

namespace Balatrix.Modules.Tests.Ledger;

/// <summary>
/// What the statements of the charging pipeline read grows with the batch and not with the books, whatever the planner believes:
/// a month's partition begins without statistics, and plans are kept that were made when it was empty.
/// </summary>
public sealed class HotPlans(TestCluster cluster)
{
    const int Accounts = 400;
    const int History = 120;
    const int Allowances = 5;

    /// <summary>What the planner has been told when the plans are made.</summary>
    public enum Statistics
    {
        /// <summary>Nothing at all, and nothing is there yet: the plan is used after the rows have come.</summary>
        PlannedWhenEmpty,

        /// <summary>Nothing at all.</summary>
        NeverAnalysed,

        /// <summary>That there are no rows.</summary>
        AnalysedWhenEmpty,

        /// <summary>The truth.</summary>
        Analysed,

        /// <summary>That a few accounts and keys have all the rows.</summary>
        Wrong,
    }

    [Theory]
    [InlineData(Statistics.PlannedWhenEmpty)]
    [InlineData(Statistics.NeverAnalysed)]
    [InlineData(Statistics.AnalysedWhenEmpty)]
    [InlineData(Statistics.Analysed)]
    [InlineData(Statistics.Wrong)]
    public async Task Read_no_more_than_the_batch_asks_for(Statistics statistics)
    {
        await using var database = new Database(await cluster.CloneAsync());
        await ExecuteAsync(database, Setup);
        if (statistics == Statistics.AnalysedWhenEmpty)
            await ExecuteAsync(database, Analyse);
        await using var connection = await database.Charging.OpenConnectionAsync();
        await ExecuteAsync(connection, "select set_config('balatrix.tenant_id', '1', false)");
        foreach (var statement in Statements)
            await ExecuteAsync(connection, $"prepare {statement.Name} as {statement.Sql}");
        if (statistics == Statistics.PlannedWhenEmpty)
            foreach (var statement in Statements)
                await ExplainAsync(connection, statement);
        await ExecuteAsync(database, Fill);
        if (statistics == Statistics.Wrong)
            await ExecuteAsync(database, Mislead);
        if (statistics is Statistics.Analysed or Statistics.Wrong)
            await ExecuteAsync(database, Analyse);

        foreach (var statement in Statements)
        {
            var plan = await ExplainAsync(connection, statement);
            var about = $"{statement.Name}, {statistics}: {plan}";
            var scans = Nodes(plan).Where(n => n.TryGetProperty("Relation Name", out _) && n.GetProperty("Node Type").GetString()!.Contains("Scan", StringComparison.Ordinal)).ToList();
            Assert.True(scans.Count > 0, about);
            Assert.All(scans, scan => Assert.True(scan.GetProperty("Node Type").GetString() == "Index Scan", about));
            // An array is walked through once by a statement, not once for every row of a loop.
            Assert.All(Nodes(plan), node => Assert.False(
                node.TryGetProperty("Index Cond", out var condition) && condition.GetString()!.Contains("ANY", StringComparison.Ordinal) && node.GetProperty("Actual Loops").GetInt64() > 1, about));
            Assert.All(Nodes(plan), node => Assert.Equal(0, Number(node, "Rows Removed by Join Filter")));
            var rows = scans.Sum(s => (Number(s, "Actual Rows") + Number(s, "Rows Removed by Filter") + Number(s, "Rows Removed by Index Recheck")) * Number(s, "Actual Loops"));
            Assert.True(rows <= Accounts * statement.RowsOfOne, $"{rows} rows read by {about}");
            var buffers = Number(plan, "Shared Hit Blocks") + Number(plan, "Shared Read Blocks");
            Assert.True(buffers <= Accounts * statement.BuffersOfOne, $"{buffers} buffers read by {about}");
        }
    }

    /// <summary>A statement of the hot path and what it may read.</summary>
    /// <param name="Name">What it does.</param>
    /// <param name="Sql">As the pipeline sends it.</param>
    /// <param name="Arguments">For all accounts, each with a key that is there.</param>
    /// <param name="RowsOfOne">The most rows to be read for an account.</param>
    /// <param name="BuffersOfOne">The most pages to be looked at for an account: an index of three levels and a row in each partition, and what an update writes.</param>
    sealed record Statement(string Name, string Sql, string Arguments, int RowsOfOne, int BuffersOfOne);

    static readonly string Ids = Array(i => $"{1000000 + i}");
    static readonly string Keys = Array(i => $"{History / 2:x8}-0000-0000-0000-{i:x12}");
    static readonly string Numbers = Array(i => $"{i}");

    static readonly Statement[] Statements =
    [
        new("lock_accounts", LedgerStore.LockAccounts, $"{Ids}, 1", 1, 10),
        new("read_allowances", LedgerStore.ReadAllowances, $"{Ids}, 1, now(), now()", Allowances, 10 + Allowances),
        new("read_plan_history", LedgerStore.ReadPlanHistory, $"{Ids}, 1", 2, 10),
        new("read_reservations", LedgerStore.ReadReservations, $"{Ids}, {Keys}, 1", 1, 10),
        new("read_entries", LedgerStore.ReadEntries, $"{Ids}, {Keys}, 1", 1, 10),
        new("read_usage", LedgerStore.ReadUsage, $"{Ids}, {Keys}, 1, '2026-01-01Z', '2026-04-01Z'", 1, 20),
        new("update_accounts", LedgerWrites.UpdateAccounts, $"{Ids}, {Numbers}, {Numbers}, {Numbers}, {Numbers}, {Numbers}, {Numbers}, {Numbers}, {Numbers}, {Numbers}", 1, 25),
        new("update_allowances", LedgerWrites.UpdateAllowances, $"{Ids}, {Array(i => $"{((i - 1) * Allowances) + 1}")}, {Numbers}, {Numbers}", Allowances, 30),
    ];

    const string Key = "(lpad(to_hex(n), 8, '0') || '-0000-0000-0000-' || lpad(to_hex(i), 12, '0'))::uuid";

    static string Array(Func<int, FormattableString> element) =>
        $"'{{{string.Join(",", Enumerable.Range(1, Accounts).Select(i => FormattableString.Invariant(element(i))))}}}'";

    const string Setup = """
        insert into platform.tenants (tenant_id, slug, name) values (1, 'plans', 'Plans') on conflict do nothing;
        select usage.ensure_month(date '2026-01-01'), usage.ensure_month(date '2026-02-01'), usage.ensure_month(date '2026-03-01');
        alter table ledger.accounts set (autovacuum_enabled = off);
        alter table ledger.account_plans set (autovacuum_enabled = off);
        alter table ledger.allowances set (autovacuum_enabled = off);
        alter table ledger.reservations set (autovacuum_enabled = off);
        alter table ledger.journal_entries set (autovacuum_enabled = off);
        alter table usage.usage_records_202601 set (autovacuum_enabled = off);
        alter table usage.usage_records_202602 set (autovacuum_enabled = off);
        alter table usage.usage_records_202603 set (autovacuum_enabled = off);
        """;

    const string Analyse = "analyze ledger.accounts, ledger.account_plans, ledger.allowances, ledger.reservations, ledger.journal_entries, usage.usage_records";

    const string Mislead = """
        alter table ledger.accounts alter column account_id set (n_distinct = 2);
        alter table ledger.allowances alter column account_id set (n_distinct = 2), alter column allowance_id set (n_distinct = 2);
        alter table ledger.reservations alter column account_id set (n_distinct = -1), alter column reservation_id set (n_distinct = 1);
        alter table ledger.journal_entries alter column account_id set (n_distinct = -1), alter column event_key set (n_distinct = 1);
        alter table usage.usage_records_202601 alter column account_id set (n_distinct = -1), alter column event_key set (n_distinct = 1);
        alter table usage.usage_records_202602 alter column account_id set (n_distinct = 1), alter column event_key set (n_distinct = 1);
        alter table usage.usage_records_202603 alter column account_id set (n_distinct = -1), alter column event_key set (n_distinct = 1);
        """;

    static readonly string Fill = $"""
        insert into ledger.accounts (account_id, tenant_id, kind, currency) select 1000000 + i, 1, 1, 'INR' from generate_series(1, {Accounts}) i;
        insert into ledger.account_plans (account_id, tenant_id, valid_from) select account_id, 1, now() - n * interval '30 days' from ledger.accounts, generate_series(1, 2) n;
        insert into ledger.allowances (account_id, allowance_id, tenant_id, service, name, granted, valid_from, valid_to)
        select 1000000 + i, (i - 1) * {Allowances} + n, 1, 1, 'Minutes ' || n, 1000, now() - interval '30 days', now() + interval '30 days'
          from generate_series(1, {Accounts}) i, generate_series(1, {Allowances}) n;
        insert into ledger.reservations (account_id, reservation_id, tenant_id, status, held_micros, quantity, sequence, source, event_id, occurred_at, rating_key, calling, called, expires_at, created_at, updated_at)
        select 1000000 + i, {Key}, 1, 3, 0, 60, 1, 'test', n::text, now(), '91', '', '', now(), now(), now() from generate_series(1, {Accounts}) i, generate_series(1, {History}) n;
        insert into ledger.journal_entries (account_id, entry_no, tenant_id, event_key, kind, debit_book, credit_book, amount_micros, balance_after_micros, recorded_at, reference)
        select 1000000 + i, n, 1, {Key}, 1, 20, 1, 1, 1, now(), '' from generate_series(1, {Accounts}) i, generate_series(1, {History}) n;
        insert into usage.usage_records
        select 1000000 + i, n, {Key}, 1, timestamptz '2026-01-01Z' + n * interval '89 days' / {History}, now(), 1, 1, 10, 1, 1, 0, 1, 1, 0, 1, 'test', n::text, '91', '', '', '', null, ''
          from generate_series(1, {Accounts}) i, generate_series(1, {History}) n;
        """;

    static async Task<JsonElement> ExplainAsync(NpgsqlConnection connection, Statement statement)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand($"explain (analyze, buffers, timing off, format json) execute {statement.Name}({statement.Arguments})", connection);
        return JsonElement.Parse((string)(await command.ExecuteScalarAsync())!)[0].GetProperty("Plan");
    }

    static IEnumerable<JsonElement> Nodes(JsonElement plan) =>
        plan.TryGetProperty("Plans", out var below) ? below.EnumerateArray().SelectMany(Nodes).Prepend(plan) : [plan];

    static long Number(JsonElement node, string name) => node.TryGetProperty(name, out var value) ? (long)value.GetDouble() : 0;

    static async Task ExecuteAsync(Database database, string sql)
    {
        await using var connection = await database.Owner.OpenConnectionAsync();
        await ExecuteAsync(connection, sql);
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
