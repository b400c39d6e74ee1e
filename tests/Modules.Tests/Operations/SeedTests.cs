using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Rating;
using Balatrix.Modules.Operations;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Voice;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Operations;

public sealed class SeedTests(CapturedApp app) : IClassFixture<CapturedApp>
{
    // What the program itself writes while it runs.
    static readonly string[] OfBackgroundWork = ["platform.jobs", "platform.job_starts"];

    /// <summary>The rows of Data/plans.md, which names its source.</summary>
    public static TheoryData<string> Plans { get; } = [.. Table().Select(r => r["plan"])];

    [Fact]
    public async Task Seeding_again_adds_nothing_to_any_table()
    {
        var before = await CountsAsync(app.Database);
        Assert.All(new[] { "catalog.plans", "catalog.rate_decks", "catalog.rates", "ledger.accounts", "usage.usage_records", "identity.users" }, t => Assert.True(before[t] > 0, t));
        var summary = await app.Services.GetRequiredService<SeedData>().RunAsync(demo: true, CancellationToken.None);
        Assert.Equal(new SeedSummary(0, 0, 0, 0, 0, 0, 0), summary);
        var after = await CountsAsync(app.Database);
        Assert.Equal([], after.Where(t => before[t.Key] != t.Value).Select(t => $"{t.Key}: {before[t.Key]} -> {t.Value}"));
        await app.AssertBooksProveAsync();
    }

    [Theory]
    [MemberData(nameof(Plans))]
    public async Task A_seeded_plan_is_what_the_specification_says(string name)
    {
        var row = Table().Single(r => r["plan"] == name);
        var plan = (await app.GetAsync($"/api/v1/plans/{name.ToLowerInvariant().Replace(' ', '-')}")).Body;
        var terms = plan.GetProperty("terms");
        Assert.Equal(("INR", "published"), (Text(plan, "currency"), Text(plan, "status")));
        var prices = terms.GetProperty("prices");
        Assert.Equal((Rupees(row["monthly"]), Rupees(row["annual"])), (Text(prices, "monthly"), Text(prices, "annual")));
        Assert.True(Money.TryParse(Rupees(row["monthly"]), out var monthly));
        Assert.Equal(Money.Format(monthly * 3 * 95 / 100), Text(prices, "quarterly"));

        var limits = terms.GetProperty("limits");
        foreach (var (column, limit) in new[] { ("toll-free numbers", "tollFreeNumbers"), ("DIDs", "dids"), ("extensions", "extensions"), ("concurrent calls", "concurrentCalls") })
            Assert.Equal(Whole(row[column]), limits.GetProperty(limit).GetInt32());

        var minutes = terms.GetProperty("allowances").EnumerateArray().ToDictionary(a => Text(a, "service"), a => a.GetProperty("quantity").GetInt64() / 60);
        Assert.Equal((Whole(row["outbound minutes"]), Whole(row["toll-free minutes (inbound)"])), (minutes["voice.outbound"], minutes["voice.inbound"]));

        Assert.Equal(Rupees(row["overage a minute"]), Text(terms, "overagePerMinute"));
        foreach (var (service, number) in new[] { ("voice.outbound", "919812345678"), ("voice.inbound", "911800123456") })
            Assert.Equal(Rupees(row["overage a minute"]), await MinuteAsync(Text(terms.GetProperty("decks").GetProperty(service)[0]), number));
    }

    [Theory]
    [InlineData("starter", "voicemail", "call forwarding", "e-mail support")]
    [InlineData("professional", "call recording", "IVR", "API access", "chat support")]
    [InlineData("call-center", "auto dialer", "CRM", "24x7 support", "dedicated manager")]
    public async Task Seeded_plans_have_their_features(string code, params string[] features)
    {
        var terms = (await app.GetAsync($"/api/v1/plans/{code}")).Body.GetProperty("terms");
        Assert.Subset(terms.GetProperty("features").EnumerateArray().Select(f => f.GetString()!).ToHashSet(), features.ToHashSet());
    }

    [Fact]
    public void Every_seeded_deck_is_read_without_a_fault()
    {
        var assembly = typeof(SeedData).Assembly;
        var names = assembly.GetManifestResourceNames().Where(n => n.StartsWith("decks/", StringComparison.Ordinal)).ToList();
        Assert.Contains("decks/worldwide-voice", names);
        foreach (var name in names)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            var file = RateDeckCsv.Read(reader, name.StartsWith("decks/sms", StringComparison.Ordinal) ? DeckKind.Sms : name == "decks/events" ? DeckKind.Event : DeckKind.Voice);
            Assert.True(file.ErrorCount == 0 && file.Rates.Count > 0, $"{name}: {file.Errors.FirstOrDefault()}");
        }
    }

    /// <summary>What a minute to a number costs by a deck.</summary>
    async Task<string> MinuteAsync(string deck, string number)
    {
        var decks = (await app.GetAsync("/api/v1/rate-decks?limit=500")).Body.GetProperty("items").EnumerateArray();
        var id = decks.Single(d => Text(d, "name") == deck).GetProperty("id").GetInt32();
        return Text((await app.GetAsync($"/api/v1/rate-decks/{id}/lookup?number={number}&seconds=60")).Body, "amount");
    }

    /// <summary>The rows of every table.</summary>
    internal static async Task<Dictionary<string, long>> CountsAsync(Database database)
    {
        await using var connection = await database.Owner.OpenConnectionAsync();
        var tables = await Database.QueryAsync(
            connection,
            """
            select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema', 'quartz')
            """,
            [], r => r.GetString(0), CancellationToken.None);
        var counts = new Dictionary<string, long>();
        foreach (var table in tables.Except(OfBackgroundWork))
            counts[table] = (await Database.QueryAsync(connection, $"select count(*) from {table}", [], r => r.GetInt64(0), CancellationToken.None)).Single();
        return counts;
    }

    static List<Dictionary<string, string>> Table()
    {
        var lines = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Operations", "Data", "plans.md")).Where(l => l.StartsWith('|')).Select(Cells).ToList();
        return [.. lines.Skip(2).Select(cells => lines[0].Zip(cells).ToDictionary(p => p.First, p => p.Second))];

        static string[] Cells(string line) => [.. line.Trim('|').Split('|').Select(c => c.Trim())];
    }

    static string Rupees(string cell) =>
        decimal.Parse(cell.TrimStart('₹'), NumberStyles.AllowThousands | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture).ToString("0.00", CultureInfo.InvariantCulture);

    static long Whole(string cell) => long.Parse(cell, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    static string Text(JsonElement element) => element.GetString()!;
}
