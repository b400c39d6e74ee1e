using System.Text.Json;
using static Balatrix.Modules.Tests.Voice.Numbers.NumberWorld;

namespace Balatrix.Modules.Tests.Voice.Numbers;

/// <summary>The inventory as staff work with it.</summary>
public sealed class NumbersOverHttp(NumberWorld world) : IClassFixture<NumberWorld>
{
    public static TheoryData<string, string> BadNumbers => new()
    {
        { """{"number":"12"}""", "number" },
        { """{"number":"+91226900000a"}""", "number" },
        { """{}""", "number" },
        { """{"number":"+912269100001","type":"fax"}""", "type" },
        { "{\"number\":\"+912269100001\",\"region\":\"a\\u0000b\"}", "region" },
        { $$"""{"number":"+912269100001","label":"{{new string('x', 101)}}"}""", "label" },
    };

    public static TheoryData<string, string> BadChanges => new()
    {
        { """{"target":{"kind":"fax","value":"1"}}""", "target.kind" },
        { """{"target":{}}""", "target.kind" },
        { """{"target":{"kind":"sip","value":"x y"}}""", "target.value" },
        { """{"target":{"kind":"number","value":"12"}}""", "target.value" },
        { """{"target":{"kind":"dialplan","value":"${system ls}"}}""", "target.value" },
        { """{"reserve":{"account":"ACC-99999999","minutes":5}}""", "reserve.account" },
        { """{"reserve":{"minutes":5}}""", "reserve.account" },
        { """{"reserve":{"account":"ACC-10001","minutes":1441}}""", "reserve.minutes" },
        { """{"reserve":{"account":"ACC-10001"}}""", "reserve.minutes" },
    };

    [Theory]
    [MemberData(nameof(BadNumbers))]
    public async Task A_bad_number_is_refused_with_the_field(string body, string field) =>
        Assert.Equal((422, field), Fault(await world.SendAsync(HttpMethod.Post, "/api/v1/dids", body)));

    [Theory]
    [MemberData(nameof(BadChanges))]
    public async Task A_bad_change_is_refused_and_changes_nothing(string body, string field)
    {
        var id = await world.AddAsync();
        Assert.Equal((422, field), Fault(await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{id}", body)));
        Assert.Equal(1, (await world.NumberAsync(id)).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task A_number_is_known_once_and_again_after_it_was_retired()
    {
        var number = world.NewNumber();
        var id = await world.AddAsync(number);
        Assert.Equal((409, "number_taken"), Refusal(await world.PostAsync("/api/v1/dids", new { number = "0" + number[3..] })));
        Assert.Equal("retired", Text((await world.SendAsync(HttpMethod.Delete, $"/api/v1/dids/{id}")).Body, "status"));
        Assert.Equal((409, "illegal_move"), Refusal(await world.SendAsync(HttpMethod.Delete, $"/api/v1/dids/{id}")));
        Assert.Equal((409, "illegal_move"), Refusal(await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{id}", new { label = "x" })));
        Assert.NotEqual(id, await world.AddAsync(number));
    }

    [Fact]
    public async Task A_number_goes_to_a_subscription_and_back_and_each_step_is_on_record()
    {
        var number = world.NewNumber();
        var id = await world.AddAsync(number, region: "Mumbai");
        var (account, subscription) = await world.SubscriberAsync("1000.00");
        var (status, assigned) = await world.PostAsync($"/api/v1/dids/{id}/assign", new { subscription, label = "Front desk", target = new { kind = "number", value = "98123 45678" } });
        Assert.True(status == 200, assigned.ToString());
        Assert.Equal(("assigned", account, subscription, "+919812345678"), (Text(assigned, "status"), Text(assigned, "account"), Text(assigned, "subscription"), Text(assigned.GetProperty("target"), "value")));
        Assert.Equal(["release"], assigned.GetProperty("moves").EnumerateArray().Select(m => m.GetString()));
        Assert.Equal((409, "illegal_move"), Refusal(await world.AssignAsync(id, subscription)));
        Assert.Equal((409, "illegal_move"), Refusal(await world.SendAsync(HttpMethod.Delete, $"/api/v1/dids/{id}")));

        var (_, released) = await world.PostAsync($"/api/v1/dids/{id}/release", null);
        Assert.Equal(("quarantined", "", JsonValueKind.Null), (Text(released, "status"), Text(released, "label"), Kind(released, "target")));
        Assert.Equal((409, "illegal_move"), Refusal(await world.PostAsync($"/api/v1/dids/{id}/release", null)));
        var actions = await world.RowsAsync($"select action from audit.records where entity = 'did' and entity_id = '{number}' order by sequence_no", r => r.GetString(0));
        Assert.Equal(["did.created", "did.assigned", "did.released"], actions);
    }

    [Fact]
    public async Task A_change_of_an_old_version_is_refused()
    {
        var id = await world.AddAsync();
        var (status, changed) = await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{id}", new { label = "A" }, change: r => r.Headers.TryAddWithoutValidation("If-Match", "\"1\""));
        Assert.Equal((200, 2), (status, changed.GetProperty("version").GetInt32()));
        foreach (var (method, path) in new[] { (HttpMethod.Put, ""), (HttpMethod.Post, "/release"), (HttpMethod.Delete, "") })
        {
            var refused = await world.SendAsync(method, $"/api/v1/dids/{id}{path}", method == HttpMethod.Put ? new { label = "B" } : null, change: r => r.Headers.TryAddWithoutValidation("If-Match", "\"1\""));
            Assert.Equal((412, "version_changed"), Refusal(refused));
        }
        using var response = await world.Client.GetAsync($"/api/v1/dids/{id}");
        Assert.Equal("\"2\"", response.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task A_plan_and_its_add_ons_say_how_many()
    {
        var (_, subscription) = await world.SubscriberAsync("5000.00");
        // Starter: one number and one toll-free number.
        Assert.Equal(200, (await world.AssignAsync(await world.AddAsync(), subscription)).Status);
        var second = await world.AddAsync();
        var refused = await world.AssignAsync(second, subscription);
        Assert.Equal((409, "limit_reached", "limits.dids"), (refused.Status, Text(refused.Body, "code"), Text(refused.Body, "field")));
        Assert.Equal("available", await world.StatusOfAsync(second));
        var first = await world.AddAsync(world.NewNumber("+911800200"));
        var toll = await world.AddAsync(world.NewNumber("+911800200"));
        Assert.Equal("toll_free", Text(await world.NumberAsync(toll), "type"));
        Assert.Equal(200, (await world.AssignAsync(first, subscription)).Status);
        Assert.Equal((409, "limit_reached"), Refusal(await world.AssignAsync(toll, subscription)));
        var (status, body) = await world.SendAsync(HttpMethod.Put, $"/api/v1/subscriptions/{subscription}", new { addOns = new[] { new { code = "toll-free-number", quantity = 1 } } });
        Assert.True(status == 200, body.ToString());
        Assert.Equal(200, (await world.AssignAsync(toll, subscription)).Status);
        // One that is given back makes room.
        Assert.Equal(200, (await world.PostAsync($"/api/v1/dids/{first}/release", null)).Status);
        Assert.Equal(200, (await world.AssignAsync(await world.AddAsync(world.NewNumber("+911800200")), subscription)).Status);
        Assert.Equal((409, "limit_reached"), Refusal(await world.AssignAsync(second, subscription)));
    }

    [Fact]
    public async Task Only_a_subscription_in_service_gets_numbers()
    {
        var id = await world.AddAsync();
        var (_, subscription) = await world.SubscriberAsync("1000.00");
        await world.MoveAsync(subscription, "suspend");
        Assert.Equal((409, "subscription_not_in_service"), Refusal(await world.AssignAsync(id, subscription)));
        await world.MoveAsync(subscription, "activate");
        Assert.Equal(200, (await world.AssignAsync(id, subscription)).Status);
        foreach (var unknown in new[] { "SUB-99999999", "soon", "", "SUB-0" })
            Assert.Equal((422, "subscription"), Fault(await world.AssignAsync(await world.AddAsync(), unknown)));
    }

    [Fact]
    public async Task A_reserved_number_waits_for_its_account()
    {
        var id = await world.AddAsync();
        var (account, subscription) = await world.SubscriberAsync("1000.00");
        var (_, other) = await world.SubscriberAsync("1000.00");
        var (status, reserved) = await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{id}", new { reserve = new { account, minutes = 15 } });
        Assert.True(status == 200, reserved.ToString());
        Assert.Equal(("reserved", account), (Text(reserved, "status"), Text(reserved, "account")));
        Assert.Equal((409, "number_reserved"), Refusal(await world.AssignAsync(id, other)));
        Assert.Equal(200, (await world.AssignAsync(id, subscription)).Status);

        var let = await world.AddAsync();
        Assert.Equal((409, "illegal_move"), Refusal(await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{let}", new { reserve = new { minutes = 0 } })));
        await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{let}", new { reserve = new { account, minutes = 15 } });
        Assert.Equal("available", Text((await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{let}", new { reserve = new { minutes = 0 } })).Body, "status"));
        Assert.Equal((409, "illegal_move"), Refusal(await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{id}", new { reserve = new { minutes = 0 } })));
    }

    [Fact]
    public async Task Lists_are_narrowed_and_paged()
    {
        var region = $"Region {world.NewNumber()}";
        var ids = new List<long>();
        for (var i = 0; i < 7; i++)
            ids.Add(await world.AddAsync(region: region, label: i == 3 ? "Reception 50% off_" : null));
        Assert.Equal(200, (await world.AssignAsync(ids[1], (await world.SubscriberAsync("1000.00")).Subscription)).Status);
        await world.SendAsync(HttpMethod.Delete, $"/api/v1/dids/{ids[2]}");
        var at = $"/api/v1/dids?region={Uri.EscapeDataString(region.ToUpperInvariant())}";
        Assert.Equal(ids, await ListAsync(at));
        Assert.Equal([ids[1]], await ListAsync(at + "&status=assigned"));
        Assert.Equal([ids[2]], await ListAsync(at + "&status=retired"));
        Assert.Equal([ids[0], .. ids[3..]], await ListAsync(at + "&status=available&type=local"));
        Assert.Empty(await ListAsync(at + "&type=toll_free"));
        Assert.Equal([ids[3]], await ListAsync(at + "&search=" + Uri.EscapeDataString("50% off_")));
        Assert.Equal([ids[3]], await ListAsync(at + "&search=reception"));
        Assert.Equal([ids[5]], await ListAsync(at + "&search=" + Text(await world.NumberAsync(ids[5]), "number")[^9..]));

        var paged = new List<long>();
        for (string? next = null; ;)
        {
            var (_, page) = await world.GetAsync($"{at}&limit=3{(next is null ? "" : "&cursor=" + next)}");
            paged.AddRange(Ids(page));
            if (Kind(page, "next") == JsonValueKind.Null)
                break;
            next = Text(page, "next");
        }
        Assert.Equal(ids, paged);
        foreach (var (query, field) in new[] { ("status=gone", "status"), ("type=fax", "type"), ("cursor=x", "cursor"), ("limit=0", "limit"), ("limit=501", "limit"), ("search=%00", "search") })
            Assert.Equal((422, field), Fault(await world.GetAsync("/api/v1/dids?" + query)));
    }

    async Task<List<long>> ListAsync(string path)
    {
        var (status, body) = await world.GetAsync(path);
        Assert.True(status == 200, body.ToString());
        return Ids(body);
    }

    static List<long> Ids(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetInt64())];

    static JsonValueKind Kind(JsonElement element, string name) => element.TryGetProperty(name, out var member) ? member.ValueKind : JsonValueKind.Null;
}
