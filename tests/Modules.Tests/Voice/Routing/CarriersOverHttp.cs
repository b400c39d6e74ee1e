using System.Globalization;
using System.Text;
using System.Text.Json;
using Balatrix.Modules.Tests.Voice.Numbers;
using Balatrix.Modules.Voice.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Balatrix.Modules.Tests.Voice.Numbers.NumberWorld;

namespace Balatrix.Modules.Tests.Voice.Routing;

/// <summary>Carriers by HTTP, and the plans of calls over them. Each test has a tenant of its own, since a plan is of all of a tenant's carriers.</summary>
public sealed class CarriersOverHttp(NumberWorld world) : IClassFixture<NumberWorld>
{
    static int tenants = 100;

    RoutePlanner Planner => world.Services.GetRequiredService<RoutePlanner>();

    public static TheoryData<string, string> BadCarriers => new()
    {
        { """{"gateway":"g"}""", "name" },
        { """{"name":"x"}""", "gateway" },
        { """{"name":"x","gateway":"g/../../1"}""", "gateway" },
        { """{"name":"x","gateway":"g","currency":"rupees"}""", "currency" },
        { """{"name":"x","gateway":"g","priority":-1}""", "priority" },
        { """{"name":"x","gateway":"g","weight":1001}""", "weight" },
        { """{"name":"x","gateway":"g","maxCalls":-1}""", "maxCalls" },
        { """{"name":"x","gateway":"g","deck":"no such deck"}""", "deck" },
        { """{"name":"x","gateway":"g","dialRules":[null]}""", "dialRules" },
        { """{"name":"x","gateway":"g","dialRules":[{"prepend":"}evil"}]}""", "dialRules" },
        { """{"name":"x","gateway":"g","dialRules":[{"prefix":"91"},{"prefix":"91"}]}""", "dialRules" },
    };

    [Theory]
    [MemberData(nameof(BadCarriers))]
    public async Task A_bad_carrier_is_refused_with_the_field(string body, string field) => Assert.Equal((422, field), Fault(await world.SendAsync(HttpMethod.Post, "/api/v1/carriers", body)));

    [Fact]
    public async Task Fees_of_a_connection_and_first_minutes_count_in_costs_as_they_do_in_prices()
    {
        var (client, tenant) = await TenantAsync();
        await CarrierAsync(client, "Fee", "prefix,rate,connect_fee,increment_seconds\n91,0.90,0.40,1\n", new { priority = 10 });
        await CarrierAsync(client, "Trap", "prefix,rate,increment_seconds,from_second\n91,0.50,1,0\n91,2.00,1,60\n", new { priority = 5 });
        // A minute of ten: 0.94 at the one, 1.85 at the other.
        Assert.Equal(["Fee"], Names(await PlanAsync(tenant, "+919812345678", 1_000_000)));
        Assert.Equal(["Trap", "Fee"], Names(await PlanAsync(tenant, "+919812345678", 1_850_000)));
        Assert.Equal("below_cost", (await PlanAsync(tenant, "+919812345678", 939_999)).Refusal);
    }

    [Fact]
    public async Task A_call_tries_carriers_by_priority_and_cost_and_never_under_its_margin()
    {
        var (client, tenant) = await TenantAsync();
        var cheap = await CarrierAsync(client, "Cheap", "prefix,rate,increment_seconds\n91,0.40,1\n9198,0.30,1\n", new { priority = 20, dialRules = new[] { new { prefix = "91", strip = 2, prepend = "0" } } });
        var dear = await CarrierAsync(client, "Dear", "prefix,rate,increment_seconds\n91,0.90,1\n", new { priority = 20 });
        var best = await CarrierAsync(client, "Best", "prefix,rate,increment_seconds\n919,0.60,1\n", new { priority = 10 });

        var plan = await PlanAsync(tenant, "+919812345678", 1_000_000);
        Assert.Null(plan.Refusal);
        Assert.Equal(
            [
                new CallRoute(best, "Best", "best", "sofia/gateway/best/919812345678", 600_000, 400_000), new CallRoute(cheap, "Cheap", "cheap", "sofia/gateway/cheap/09812345678", 300_000, 700_000),
                new CallRoute(dear, "Dear", "dear", "sofia/gateway/dear/919812345678", 900_000, 100_000),
            ],
            plan.Routes);
        Assert.Equal(["Cheap", "Dear"], Names(await PlanAsync(tenant, "+912212345678", 1_000_000)));
        Assert.Equal(["Cheap"], Names(await PlanAsync(tenant, "+919812345678", 599_999)));
        Assert.Equal("below_cost", (await PlanAsync(tenant, "+919812345678", 299_999)).Refusal);
        Assert.Equal("no_route", (await PlanAsync(tenant, "+442079460000", 1_000_000)).Refusal);
        Assert.Equal("no_route", (await PlanAsync(tenant, "anonymous", 1_000_000)).Refusal);
        Assert.Equal("no_route", (await PlanAsync(tenant, "+919812345678", 1_000_000, "USD")).Refusal);

        // A tenth of the cost must be left.
        Assert.Equal(200, (await AsAsync(client, HttpMethod.Put, "/api/v1/settings", new { routing = new { minimumMarginPercent = "10" } })).Status);
        var (_, explained) = await AsAsync(client, HttpMethod.Get, "/api/v1/carriers/lookup?number=%2B919812345678&price=0.65");
        Assert.Equal("10.00", Text(explained, "leastMarginPercent"));
        Assert.Equal(
            [("Cheap", "0.30", "0.35", "priority 20, then the cheapest"), ("Best", "0.60", "0.05", "below_margin"), ("Dear", "0.90", "-0.25", "below_margin")],
            explained.GetProperty("candidates").EnumerateArray().Select(c => (Text(c, "carrier"), Text(c, "cost"), Text(c, "margin"), Text(c, "reason"))).OrderByDescending(c => c.Item1 == "Cheap").ThenBy(c => c.Item2));
        Assert.Equal(["Cheap"], Names(await PlanAsync(tenant, "+919812345678", 650_000)));
        Assert.Equal(["Best", "Cheap"], Names(await PlanAsync(tenant, "+919812345678", 660_000)));

        // Or nothing is protected, and the cheapest still goes first.
        Assert.Equal(200, (await AsAsync(client, HttpMethod.Put, "/api/v1/settings", new { routing = new { protectMargin = false } })).Status);
        await AsAsync(client, HttpMethod.Get, "/api/v1/carriers/lookup?number=%2B919812345678");
        Assert.Equal(["Best", "Cheap", "Dear"], Names(await PlanAsync(tenant, "+919812345678", 0)));
        foreach (var routing in new object[] { new { order = "random" }, new { minimumMarginPercent = "1.234" }, new { minimumMarginPercent = "-1" }, new { minimumMarginPercent = "1001" } })
            Assert.Equal((422, "routing"), Fault(await AsAsync(client, HttpMethod.Put, "/api/v1/settings", new { routing })));
    }

    [Fact]
    public async Task A_change_shows_in_the_next_plan()
    {
        var (client, tenant) = await TenantAsync();
        Assert.Equal(new RoutePlan([], null), await PlanAsync(tenant, "+919812345678", 1_000_000), (a, b) => a!.Refusal == b!.Refusal && a.Routes.SequenceEqual(b.Routes));
        var id = await CarrierAsync(client, "One", "prefix,rate\n91,0.50\n", new { priority = 1 });
        Assert.Equal([500_000], (await PlanAsync(tenant, "+919812345678", 1_000_000)).Routes.Select(r => r.CostPerMinuteMicros));
        Assert.Equal(200, (await ImportAsync(client, id, "prefix,rate\n91,0.70\n")).Status);
        var at = await world.Services.GetRequiredService<Balatrix.Modules.Platform.TenantClock>().NowAsync(tenant, CancellationToken.None);
        Assert.Equal([700_000], (await Planner.PlanAsync(tenant, "+919812345678", 1_000_000, "INR", at.AddSeconds(1), CancellationToken.None)).Routes.Select(r => r.CostPerMinuteMicros));
        // Costs of its own time hold for what happened before.
        Assert.Equal([500_000], (await Planner.PlanAsync(tenant, "+919812345678", 1_000_000, "INR", at.AddDays(-1), CancellationToken.None)).Routes.Select(r => r.CostPerMinuteMicros));
        Assert.Equal(200, (await AsAsync(client, HttpMethod.Put, $"/api/v1/carriers/{id}", new { enabled = false })).Status);
        Assert.Equal("no_route", (await PlanAsync(tenant, "+919812345678", 1_000_000)).Refusal);
        Assert.Equal(200, (await AsAsync(client, HttpMethod.Delete, $"/api/v1/carriers/{id}")).Status);
        Assert.Null((await PlanAsync(tenant, "+919812345678", 1_000_000)).Refusal);
        Assert.Equal(404, (await AsAsync(client, HttpMethod.Get, $"/api/v1/carriers/{id}")).Status);
    }

    [Fact]
    public async Task Another_node_sees_a_change_within_seconds()
    {
        var (client, tenant) = await TenantAsync();
        await using var database = new Balatrix.Modules.Platform.Database(world.ConnectionString);
        await using var node = Balatrix.Web.BalatrixServer.Build(database, "http://127.0.0.1:0", TimeProvider.System);
        var other = node.Services.GetRequiredService<RoutePlanner>();
        Assert.Empty((await OfNodeAsync()).Routes);
        var id = await CarrierAsync(client, "Far", "prefix,rate\n91,0.50\n", new { });
        await world.UntilAsync(async () => (await OfNodeAsync()).Routes.Count == 1);
        await AsAsync(client, HttpMethod.Put, $"/api/v1/carriers/{id}", new { enabled = false });
        await world.UntilAsync(async () => (await OfNodeAsync()).Refusal == "no_route");

        async Task<RoutePlan> OfNodeAsync() => await other.PlanAsync(tenant, "+919812345678", 1_000_000, "INR", DateTimeOffset.UtcNow.AddMinutes(1), CancellationToken.None);
    }

    [Fact]
    public async Task Shares_by_weight_are_tried_in_varying_order()
    {
        var (client, tenant) = await TenantAsync();
        foreach (var (name, weight) in new[] { ("A", 900), ("B", 100) })
            await CarrierAsync(client, name, "prefix,rate\n91,0.50\n", new { weight });
        await AsAsync(client, HttpMethod.Put, "/api/v1/settings", new { routing = new { order = "weight" } });
        await AsAsync(client, HttpMethod.Get, "/api/v1/carriers/lookup?number=%2B919812345678");
        var firsts = new List<string>();
        for (var i = 0; i < 400; i++)
            firsts.Add((await PlanAsync(tenant, "+919812345678", 1_000_000)).Routes[0].Carrier);
        Assert.InRange(firsts.Count(f => f == "B"), 10, 90);
    }

    [Fact]
    public async Task However_many_carriers_there_are_their_dial_strings_fit_one_command()
    {
        var (client, tenant) = await TenantAsync();
        for (var i = 10; i < 22; i++)
            await CarrierAsync(client, new string('g', 62) + i, "prefix,rate\n*,0.50\n", new { dialRules = new[] { new { prefix = "", prepend = "+123456789012345" } } });
        var plan = await PlanAsync(tenant, "+919812345678901", 1_000_000);
        Assert.Equal(RoutePlanner.MostRoutes, plan.Routes.Count);
        var all = string.Join('|', plan.Routes.Select(r => r.DialString));
        Assert.Equal(all, Balatrix.Modules.Voice.EventSocket.ApiArgument.DialString(all));
    }

    [Fact]
    public async Task A_carrier_takes_no_more_calls_than_its_limit()
    {
        var (client, tenant) = await TenantAsync();
        var small = await CarrierAsync(client, "Small", "prefix,rate\n91,0.30\n", new { maxCalls = 3 });
        await CarrierAsync(client, "Large", "prefix,rate\n91,0.50\n", new { });
        // Calls that go on, as call control writes them; the third is over.
        foreach (var (call, state) in new[] { ("a", 1), ("b", 1), ("c", 2) })
            await world.RowsAsync(
                $"""
                insert into voice.live_calls (tenant_id, account_id, call_id, segment, channel_id, node, owner, state, service, calling, called, rating_key, destination, currency, minute_micros,
                       carrier, started_at, last_seen_at)
                values ({tenant}, 1, '{tenant}-{call}', 1, 'x', 'n', 'o', {state}, 1, '', '', '', '', 'INR', 1, 'Small', now(), now()) returning 1
                """, _ => 0);
        await LookUpAsync();
        Assert.Equal(["Small", "Large"], Names(await PlanAsync(tenant, "+919812345678", 1_000_000)));
        // That was the third.
        Assert.Equal(["Large"], Names(await PlanAsync(tenant, "+919812345678", 1_000_000)));
        await world.RowsAsync($"update voice.live_calls set state = 1 where tenant_id = {tenant} returning 1", _ => 0);
        Assert.Equal([("Large", ""), ("Small", "full")], (await LookUpAsync()).Select(c => (Text(c, "carrier"), Text(c, "reason") == "full" ? "full" : "")));
        Assert.Equal(200, (await AsAsync(client, HttpMethod.Put, $"/api/v1/carriers/{small}", new { maxCalls = 0 })).Status);
        Assert.Equal(["Small", "Large"], Names(await PlanAsync(tenant, "+919812345678", 1_000_000)));

        async Task<JsonElement[]> LookUpAsync() =>
            [.. (await AsAsync(client, HttpMethod.Get, "/api/v1/carriers/lookup?number=%2B919812345678&price=1.00")).Body.GetProperty("candidates").EnumerateArray()];
    }

    [Fact]
    public async Task Costs_are_imported_whole_or_not_at_all()
    {
        var (client, _) = await TenantAsync();
        var id = await CarrierAsync(client, "Import", null, new { });
        var (status, refused) = await ImportAsync(client, id, "prefix,rate\n91,0.50\n9x,0.60\n92,\n");
        Assert.Equal((422, "rate_deck_errors", 2), (status, Text(refused, "code"), refused.GetProperty("errorCount").GetInt32()));
        Assert.Equal([3, 4], refused.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("line").GetInt32()));
        var lines = new StringBuilder("prefix,rate,increment_seconds\n");
        for (var i = 10_000; i < 20_000; i++)
            lines.Append(CultureInfo.InvariantCulture, $"{i},0.{i},1\n");
        var (_, preview) = await ImportAsync(client, id, lines.ToString(), "?dryRun=true");
        Assert.True(preview.GetProperty("dryRun").GetBoolean());
        // Neither the faulty file nor the trial made a deck.
        Assert.Equal(JsonValueKind.Null, (await AsAsync(client, HttpMethod.Get, $"/api/v1/carriers/{id}")).Body.GetProperty("deck").ValueKind);
        Assert.Equal(0, (await AsAsync(client, HttpMethod.Get, "/api/v1/rate-decks")).Body.GetProperty("items").GetArrayLength());
        Assert.Equal("no_route", Text((await AsAsync(client, HttpMethod.Get, "/api/v1/carriers/lookup?number=%2B12345678901")).Body, "refusal"));
        var (_, done) = await ImportAsync(client, id, lines.ToString());
        Assert.Equal((1, 10_000), (done.GetProperty("version").GetInt32(), done.GetProperty("rates").GetInt32()));
        // A tenth of ten minutes, which the deck rounds to four decimals.
        var (_, found) = await AsAsync(client, HttpMethod.Get, "/api/v1/carriers/lookup?number=%2B12345678901");
        Assert.Equal(("12345", "0.12345"), (Text(found.GetProperty("candidates")[0], "prefix"), Text(found.GetProperty("candidates")[0], "cost")));
        Assert.Equal("costs of Import", Text((await AsAsync(client, HttpMethod.Get, $"/api/v1/carriers/{id}")).Body, "deck"));
        Assert.Equal(404, (await ImportAsync(client, 99_999_999, "prefix,rate\n91,1\n")).Status);
    }

    [Fact]
    public async Task Names_are_unique_and_versions_are_held_to()
    {
        var (client, _) = await TenantAsync();
        var (one, two) = (await CarrierAsync(client, "One", null, new { }), await CarrierAsync(client, "Two", null, new { }));
        Assert.Equal((409, "name_taken"), Refusal(await AsAsync(client, HttpMethod.Post, "/api/v1/carriers", new { name = "One", gateway = "g" })));
        Assert.Equal((409, "name_taken"), Refusal(await AsAsync(client, HttpMethod.Put, $"/api/v1/carriers/{two}", new { name = "One" })));
        Assert.Equal((422, "deck"), Fault(await AsAsync(client, HttpMethod.Put, $"/api/v1/carriers/{one}", new { deck = "nowhere" })));
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/carriers/{one}") { Content = ApiServer.Json(new { priority = 1 }) };
        request.Headers.TryAddWithoutValidation("If-Match", "\"7\"");
        using var response = await client.SendAsync(request);
        await ApiServer.ProblemAsync(response, 412, "version_changed");
        var (_, kept) = await AsAsync(client, HttpMethod.Put, $"/api/v1/carriers/{one}", new { priority = 1 });
        Assert.Equal(("One", "one", 1, 2), (Text(kept, "name"), Text(kept, "gateway"), kept.GetProperty("priority").GetInt32(), kept.GetProperty("version").GetInt32()));
        Assert.Equal(2, (await AsAsync(client, HttpMethod.Get, "/api/v1/carriers")).Body.GetProperty("items").GetArrayLength());
        var (stranger, _) = await TenantAsync();
        Assert.Equal(0, (await AsAsync(stranger, HttpMethod.Get, "/api/v1/carriers")).Body.GetProperty("items").GetArrayLength());
        foreach (var (method, path) in new[] { (HttpMethod.Get, ""), (HttpMethod.Put, ""), (HttpMethod.Delete, "") })
            Assert.Equal((404, "not_found"), Refusal(await AsAsync(stranger, method, $"/api/v1/carriers/{one}{path}", method == HttpMethod.Put ? new { priority = 1 } : null)));
    }

    [Theory]
    [InlineData("number=12", "number")]
    [InlineData("", "number")]
    [InlineData("number=%2B919812345678&price=much", "price")]
    [InlineData("number=%2B919812345678&price=-1", "price")]
    [InlineData("number=%2B919812345678&currency=Rs", "currency")]
    public async Task A_bad_question_is_refused_with_the_field(string query, string field) => Assert.Equal((422, field), Fault(await world.GetAsync($"/api/v1/carriers/lookup?{query}")));

    async Task<(HttpClient Client, int TenantId)> TenantAsync()
    {
        var id = Interlocked.Increment(ref tenants);
        await world.RowsAsync($"insert into platform.tenants (tenant_id, slug, name) values ({id}, 'routing-{id}', 'Routing') returning 1", _ => 0);
        var keys = world.Services.GetRequiredService<Balatrix.Modules.Identity.ApiKeys>();
        return (world.NewClient((await keys.CreateAsync(id, "routing", ["*"], [], null, CancellationToken.None)).Key), id);
    }

    /// <summary>A carrier with its costs, whose gateway is its name in small letters.</summary>
    static async Task<int> CarrierAsync(HttpClient client, string name, string? costs, object more)
    {
        var members = JsonSerializer.SerializeToElement(more, JsonSerializerOptions.Web).EnumerateObject().ToDictionary(m => m.Name, m => (object)m.Value);
        members["name"] = name;
        members["gateway"] = name.ToLowerInvariant();
        var (status, body) = await AsAsync(client, HttpMethod.Post, "/api/v1/carriers", members);
        Assert.True(status == 201, body.ToString());
        var id = body.GetProperty("id").GetInt32();
        if (costs is not null)
            Assert.Equal(200, (await ImportAsync(client, id, costs)).Status);
        return id;
    }

    static async Task<(int Status, JsonElement Body)> ImportAsync(HttpClient client, int id, string costs, string query = "")
    {
        using var response = await client.PostAsync($"/api/v1/carriers/{id}/import{query}", ApiServer.Csv(costs));
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    async Task<RoutePlan> PlanAsync(int tenant, string number, long sellMicros, string currency = "INR") =>
        await Planner.PlanAsync(tenant, number, sellMicros, currency, DateTimeOffset.UtcNow, CancellationToken.None);

    static IEnumerable<string> Names(RoutePlan plan) => plan.Routes.Select(r => r.Carrier);
}
