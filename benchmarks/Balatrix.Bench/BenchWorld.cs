using System.Globalization;
using System.Text;
using Balatrix.Core.Rating;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Balatrix.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Bench;

/// <summary>A durable embedded PostgreSQL of its own with 10,000 accounts on a plan with a 100,000-prefix deck, and the real application on it.</summary>
sealed class BenchWorld : IAsyncDisposable
{
    public const int Tenant = 1;
    public const long FirstAccount = 1_000_000;
    public const int Prefixes = 100_000;

    readonly EmbeddedPostgres server;
    readonly string folder;
    readonly ChargingOptions options;
    WebApplication app;
    long nextEvent;

    BenchWorld(EmbeddedPostgres server, string folder, WebApplication app, Database database, int accounts, ChargingOptions options)
    {
        this.server = server;
        this.folder = folder;
        this.app = app;
        this.options = options;
        Database = database;
        Accounts = accounts;
    }

    public Database Database { get; }

    public int Accounts { get; }

    public string Url => app.Urls.First();

    public string ConnectionString => server.ConnectionString;

    public IServiceProvider Services => app.Services;

    /// <summary>Whether the months before the present one need no look-ups any more.</summary>
    public bool KnowsPastMonths =>
        Enumerable.Range(UsageMonth.Of(DateTimeOffset.UtcNow.AddDays(-75.1)), 12).Where(m => m < UsageMonth.Of(DateTimeOffset.UtcNow.AddHours(-12)))
            .All(Services.GetRequiredService<UsageKeyFilters>().Has);

    public ChargingPipeline Pipeline => Services.GetRequiredService<ChargingPipeline>();

    public static async Task<BenchWorld> StartAsync(int accounts, ChargingOptions options)
    {
        var folder = Path.Combine(Path.GetTempPath(), "balatrix-bench-" + Guid.NewGuid().ToString("N")[..8]);
        var server = await EmbeddedPostgres.StartAsync(folder, durable: true, _ => { }, CancellationToken.None);
        var database = new Database(server.ConnectionString);
        await new Migrations(database).UpAsync(null, CancellationToken.None);
        var app = Build(database, options);
        await app.Services.GetRequiredService<Modules.Operations.SeedData>().EnsureTenantAsync(CancellationToken.None);
        await app.StartAsync();
        var world = new BenchWorld(server, folder, app, database, accounts, options);
        await world.SetUpAsync();
        return world;
    }

    /// <summary>Measures another server, while that of this world does not run beside it.</summary>
    public async Task<T> RestingAsync<T>(Func<Task<T>> measured)
    {
        await app.StopAsync();
        await app.DisposeAsync();
        try
        {
            return await measured();
        }
        finally
        {
            app = Build(Database, options);
            await app.StartAsync();
        }
    }

    static WebApplication Build(Database database, ChargingOptions options) => BalatrixServer.Build(database, "http://127.0.0.1:0", TimeProvider.System, options);

    async Task SetUpAsync()
    {
        var decks = Services.GetRequiredService<DeckStore>();
        var deck = await decks.CreateAsync(Tenant, "bench", "voice", "INR", Actor.System("bench"), CancellationToken.None);
        await decks.ImportAsync(Tenant, deck!.Value, [.. Rates()], DateTimeOffset.UtcNow.AddDays(-400), Actor.System("bench"), CancellationToken.None);
        var plans = Services.GetRequiredService<PlanStore>();
        var terms = new PlanTerms { Decks = new() { ["voice.outbound"] = ["bench"] } };
        var plan = await plans.CreateAsync(Tenant, "bench", "Bench", "INR", terms, Actor.System("bench"), CancellationToken.None);
        await ExecuteAsync(
            $"""
            insert into ledger.accounts (account_id, tenant_id, kind, currency, balance_micros, entry_no, plan_version_id, plan_since)
            select {FirstAccount} + i, {Tenant}, 1, 'INR', 1000000000000000, 1, {plan!.PlanVersionId}, now() - interval '400 days' from generate_series(0, {Accounts - 1}) i;
            insert into ledger.journal_entries (account_id, entry_no, tenant_id, event_key, kind, debit_book, credit_book, amount_micros, balance_after_micros, recorded_at, reference)
            select {FirstAccount} + i, 1, {Tenant}, gen_random_uuid(), 1, 20, 1, 1000000000000000, 1000000000000000, now(), 'opening' from generate_series(0, {Accounts - 1}) i;
            insert into ledger.allowances (account_id, tenant_id, service, destination_group, name, granted, valid_from, valid_to)
            select {FirstAccount} + i, {Tenant}, 1, 'Group 1', 'bench minutes', 1000000, now() - interval '40 days', now() + interval '40 days' from generate_series(0, {Accounts - 1}) i;
            analyze ledger.accounts; analyze ledger.allowances;
            """);
    }

    /// <summary>
    /// Puts records of the 75 days up to now into the books, as if they had been charged; the accounts follow. The months are filled side by
    /// side, without their indexes, which are made afterwards as they were, and then vacuumed, as autovacuum would have done over the weeks.
    /// </summary>
    public async Task FillAsync(int records)
    {
        var perAccount = records / Accounts;
        var now = DateTimeOffset.UtcNow;
        var first = UsageMonth.Of(now.AddDays(-75.1));
        await Task.WhenAll(Enumerable.Range(first, UsageMonth.Of(now) - first + 1).Select(month => FillMonthAsync(month, perAccount, now.AddHours(-2))));
        await ExecuteAsync(
            $"""
            update ledger.accounts set entry_no = entry_no + {perAccount}, balance_micros = balance_micros - {perAccount} * 1000000::bigint,
                   first_month = {first}, last_month = {UsageMonth.Of(now.AddHours(-2))}
            """);
        await ExecuteAsync("vacuum analyze ledger.accounts");
        await ExecuteAsync("checkpoint");
    }

    async Task FillMonthAsync(int month, int perAccount, DateTimeOffset last)
    {
        var partition = UsageMonth.Partition(month);
        await ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"""
            select usage.ensure_month('{UsageMonth.Start(month):yyyy-MM-dd}');
            set maintenance_work_mem = '512MB';
            create temp table made as select indexdef from pg_indexes where schemaname = 'usage' and tablename = '{partition}';
            drop index usage.{partition}_event, usage.{partition}_entry, usage.{partition}_time;
            insert into usage.{partition}
            select a.account_id, a.entry_no + n, gen_random_uuid(), {Tenant}, at, at, 1, 1, 10, 1000000,
                   a.balance_micros - n * 1000000::bigint, 0, 60000, 60, 0, a.plan_version_id, 'fill', a.account_id || '-' || n, '9812345678', '918045678901', '9812345678', 'Group 1', null,
                   repeat('x', 300)
              from (select n, timestamptz '{last:O}' - ({perAccount} - n)::float8 / {perAccount} * interval '75 days' as at from generate_series(1, {perAccount}) n) times, ledger.accounts a
             where at >= '{UsageMonth.Start(month):O}' and at < '{UsageMonth.Start(month + 1):O}'
             order by n;
            do $$ declare made text; begin for made in select indexdef from made loop execute made; end loop; end $$;
            drop table made;
            reset maintenance_work_mem;
            """));
        await ExecuteAsync($"vacuum analyze usage.{partition}");
    }

    /// <summary>A 9 as the last resort, and prefixes of three to six digits behind it.</summary>
    public static IEnumerable<Rate> Rates()
    {
        yield return new() { Prefix = "9", Description = "Group 0", RateMicros = 1_200_000 };
        for (var i = 0; i < Prefixes - 1; i++)
            yield return new()
            {
                Prefix = "9" + (i < 90_000 ? i.ToString("00000", CultureInfo.InvariantCulture) : i < 99_000 ? (i - 90_000).ToString("0000", CultureInfo.InvariantCulture) : (i - 99_000).ToString("000", CultureInfo.InvariantCulture)),
                Description = $"Group {i % 50}",
                RateMicros = 500_000 + (i % 97 * 10_000),
                IncrementSeconds = i % 3 == 0 ? 60 : 1,
                MinimumSeconds = i % 7 == 0 ? 30 : 0,
            };
    }

    /// <summary>Bodies of structured CloudEvents, a batch each, for accounts chosen by rank.</summary>
    public byte[][] Events(int count, int batch, Func<Random, int> rank)
    {
        var random = new Random(unchecked((int)Interlocked.Read(ref nextEvent)));
        var now = DateTimeOffset.UtcNow.AddHours(-1);
        var bodies = new byte[count / batch][];
        for (var b = 0; b < bodies.Length; b++)
        {
            var text = new StringBuilder("[");
            for (var i = 0; i < batch; i++)
            {
                var id = Interlocked.Increment(ref nextEvent);
                text.Append(i == 0 ? "" : ",").Append(CultureInfo.InvariantCulture,
                    $"{{\"specversion\":\"1.0\",\"id\":\"{Guid.NewGuid()}\",\"source\":\"cdr\",\"type\":\"balatrix.voice.call\",\"subject\":\"ACC-{FirstAccount + rank(random)}\",\"time\":\"{now.AddMilliseconds(id % 3_000_000):yyyy-MM-ddTHH:mm:ss.fffZ}\",\"data\":{{\"called\":\"+9{random.Next(100_000_000, 999_999_999)}\",\"calling\":\"+918045678901\",\"direction\":\"outbound\",\"durationMilliseconds\":{random.Next(1000, 200_000)}}}}}");
            }
            bodies[b] = Encoding.UTF8.GetBytes(text.Append(']').ToString());
        }
        return bodies;
    }

    /// <summary>Parses a body and brings its events through the pipeline, as the HTTP door does.</summary>
    public async Task ChargeAsync(byte[] body)
    {
        var reading = new UsageReading(DateTimeOffset.UtcNow);
        var parsed = UsageReading.Split(body, EventEndpoints.LargestBatch).ConvertAll(e => reading.ReadCloudEvent(body.AsSpan(e)));
        var answers = await Services.GetRequiredService<UsageIntake>().ChargeAsync(Tenant, parsed, hasHappened: true, CancellationToken.None);
        if (Array.Find(answers, a => a.Status != 201) is { Status: > 0 } wrong)
            throw new InvalidOperationException($"{answers.Count(a => a.Status != 201)} of {answers.Length} events were not charged: {wrong.Status} {wrong.Problem?.Code} {parsed[Array.IndexOf(answers, wrong)].Event}");
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await Database.Owner.OpenConnectionAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        await Database.DisposeAsync();
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
