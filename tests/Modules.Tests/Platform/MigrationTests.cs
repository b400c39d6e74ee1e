using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Platform;

/// <summary>Migrations up and down on a database of their own.</summary>
public sealed class MigrationTests(TestCluster cluster) : IAsyncLifetime
{
    Database database = null!;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    Migrations Migrations => new(database);

    public async ValueTask InitializeAsync() => database = new Database(await cluster.CreateEmptyAsync());

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task Up_down_and_up_again_makes_the_same_schema()
    {
        var empty = await DumpAsync();
        await Migrations.UpAsync(null, Stop);
        var full = await DumpAsync();
        await Migrations.DownAsync(0, Stop);
        Assert.Equal(empty, await DumpAsync());
        await Migrations.UpAsync(null, Stop);
        Assert.Equal(full, await DumpAsync());
        Assert.Contains(full, line => line.StartsWith("column ledger.accounts.balance_micros bigint", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_migration_taken_back_leaves_what_was_there_before_it()
    {
        var all = await Migrations.StatusAsync(Stop);
        foreach (var migration in all)
        {
            var before = await DumpAsync();
            await Migrations.UpAsync(migration.Version, Stop);
            await Migrations.DownAsync(migration.Version - 1, Stop);
            Assert.True(before.SequenceEqual(await DumpAsync()), $"{migration.Version} {migration.Name}: the .down.sql does not take back all that the .up.sql made.");
            await Migrations.UpAsync(migration.Version, Stop);
        }
    }

    [Fact]
    public async Task A_second_up_has_nothing_to_do()
    {
        Assert.NotEmpty(await Migrations.UpAsync(null, Stop));
        Assert.Empty(await Migrations.UpAsync(null, Stop));
        Assert.All(await Migrations.StatusAsync(Stop), m => Assert.NotNull(m.AppliedAt));
    }

    [Fact]
    public async Task Nodes_that_start_together_apply_each_migration_once()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Migrations.UpAsync(null, Stop)));
        var versions = nodes.SelectMany(done => done).Select(m => m.Version).Order();
        Assert.Equal((await Migrations.StatusAsync(Stop)).Select(m => m.Version), versions);
    }

    [Fact]
    public async Task A_migration_that_changed_after_it_was_applied_is_refused()
    {
        await Migrations.UpAsync(null, Stop);
        await RunAsync("update platform.migrations set checksum = 'other' where version = 3");
        var refusal = await Assert.ThrowsAsync<SetupException>(() => Migrations.UpAsync(null, Stop));
        Assert.Contains("Migration 3", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_a_newer_program_is_refused()
    {
        await Migrations.UpAsync(null, Stop);
        await RunAsync("insert into platform.migrations (version, name, checksum) values (9999, 'from_the_future', '')");
        var refusal = await Assert.ThrowsAsync<SetupException>(() => Migrations.UpAsync(null, Stop));
        Assert.Contains("9999", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_left_out_in_the_middle_is_applied_later()
    {
        await Migrations.UpAsync(null, Stop);
        var all = await Migrations.StatusAsync(Stop);
        var last = all[^1].Version;
        await Migrations.DownAsync(last - 1, Stop);
        Assert.Equal([last], (await Migrations.UpAsync(null, Stop)).Select(m => m.Version));
    }

    async Task RunAsync(string sql)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(Stop);
        await Database.ExecuteAsync(connection, sql, [], Stop);
    }

    /// <summary>All that migrations may make, a line each: tables, columns, constraints, indexes, functions, views, policies, triggers, rights.</summary>
    async Task<List<string>> DumpAsync()
    {
        const string Ours = "n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' and (n.nspname, {0}) not in (('platform', 'migrations'), ('platform', 'migrations_pkey'))";
        await using var connection = await database.Owner.OpenConnectionAsync(Stop);
        await Database.ExecuteAsync(connection, "create schema if not exists platform", [], Stop);
        var relations = string.Format(System.Globalization.CultureInfo.InvariantCulture, Ours, "c.relname");
        return await Database.QueryAsync(
            connection,
            $"""
            select line from (
                select format('schema %s %s', n.nspname, coalesce(n.nspacl, acldefault('n', n.nspowner))) as line from pg_namespace n where n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
                union all
                select format('relation %s.%s %s rls=%s %s %s', n.nspname, c.relname, c.relkind, c.relrowsecurity, c.reloptions, c.relacl)
                  from pg_class c join pg_namespace n on n.oid = c.relnamespace where {relations}
                union all
                select format('column %s.%s.%s %s not_null=%s %s', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
                  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
                  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum where a.attnum > 0 and not a.attisdropped and {relations}
                union all
                select format('constraint %s.%s %s', n.nspname, c.conname, pg_get_constraintdef(c.oid))
                  from pg_constraint c join pg_namespace n on n.oid = c.connamespace where c.conname <> 'migrations_pkey' and n.nspname <> 'pg_catalog' and n.nspname <> 'information_schema'
                union all
                select pg_get_indexdef(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('i', 'I') and {relations}
                union all
                select format('view %s.%s %s', n.nspname, c.relname, pg_get_viewdef(c.oid)) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'v' and {relations}
                union all
                select format('%s %s', pg_get_functiondef(p.oid), p.proacl) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                 where n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
                union all
                select format('policy %s.%s %s %s %s', schemaname, tablename, policyname, qual, with_check) from pg_policies
                union all
                select pg_get_triggerdef(t.oid) from pg_trigger t where not t.tgisinternal) all_lines
            order by line
            """,
            [], r => r.IsDBNull(0) ? "" : r.GetString(0), Stop);
    }
}
