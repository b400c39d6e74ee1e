using System.Text.Json;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.DependencyInjection;
using static Balatrix.Modules.Tests.Voice.Numbers.NumberWorld;

namespace Balatrix.Modules.Tests.Voice.Numbers;

/// <summary>Who sees which numbers and SIP users, and who may do what.</summary>
public sealed class NumbersOfOthers(NumberWorld world) : IClassFixture<NumberWorld>
{
    [Fact]
    public async Task Customers_see_what_is_theirs_and_change_nothing()
    {
        using var john = await world.LoginAsync("john.doe@example.com");
        using var jane = await world.LoginAsync("jane.smith@example.com");
        var (account, subscription) = await world.SubscriberOfAsync("John Doe");
        var (own, pool) = (await world.AddAsync(), await world.AddAsync());
        Assert.Equal(200, (await world.AssignAsync(own, subscription)).Status);
        Assert.Equal(200, (await AsAsync(john, HttpMethod.Get, $"/api/v1/dids/{own}")).Status);
        var (_, list) = await AsAsync(john, HttpMethod.Get, "/api/v1/dids");
        Assert.Equal([(own, account)], list.GetProperty("items").EnumerateArray().Select(i => (i.GetProperty("id").GetInt64(), Text(i, "account"))));
        Assert.Equal(0, Count((await AsAsync(jane, HttpMethod.Get, "/api/v1/dids")).Body));
        foreach (var (client, id) in new[] { (jane, own), (john, pool), (john, 99_999_999L) })
            Assert.Equal((404, "not_found"), Refusal(await AsAsync(client, HttpMethod.Get, $"/api/v1/dids/{id}")));
        foreach (var (method, path) in new[] { (HttpMethod.Put, ""), (HttpMethod.Post, "/assign"), (HttpMethod.Post, "/release"), (HttpMethod.Delete, "") })
            Assert.Equal((403, "insufficient_role"), Refusal(await AsAsync(john, method, $"/api/v1/dids/{own}{path}", new { subscription, label = "mine" })));
        await world.PostAsync($"/api/v1/dids/{own}/release", null);
        // In quarantine it is nobody's.
        Assert.Equal(404, (await AsAsync(john, HttpMethod.Get, $"/api/v1/dids/{own}")).Status);
        Assert.Equal(0, Count((await AsAsync(john, HttpMethod.Get, "/api/v1/dids")).Body));
    }

    [Fact]
    public async Task Nobody_gets_the_name_at_which_a_number_of_another_rings()
    {
        var name = "desk-" + Guid.NewGuid().ToString("N")[..8];
        var (account, subscription) = await world.SubscriberAsync("1000.00");
        var (other, _) = await world.SubscriberAsync("1000.00");
        var id = await world.AddAsync();
        Assert.Equal(200, (await world.AssignAsync(id, subscription)).Status);
        Assert.Equal(200, (await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{id}", new { target = new { kind = "sip", value = name } })).Status);
        Assert.Equal((409, "name_taken"), Refusal(await world.PostAsync("/api/v1/sip-users", new { name, account = other })));
        Assert.Equal(201, (await world.PostAsync("/api/v1/sip-users", new { name, account })).Status);
    }

    [Fact]
    public async Task A_label_is_not_searched_for_among_the_digits()
    {
        var label = "Line 2 " + Guid.NewGuid().ToString("N")[..6];
        var id = await world.AddAsync(label: label);
        await world.AddAsync();
        var (_, found) = await world.GetAsync("/api/v1/dids?search=" + Uri.EscapeDataString(label));
        Assert.Equal([id], found.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetInt64()));
    }

    [Fact]
    public async Task Customers_see_of_calls_neither_carriers_nor_switches()
    {
        using var john = await world.LoginAsync("john.doe@example.com");
        var (account, _) = await world.SubscriberOfAsync("John Doe");
        var (uuid, at) = (Guid.NewGuid().ToString(), (await world.Services.GetRequiredService<TenantClock>().NowAsync(1, CancellationToken.None)).AddMinutes(-5).ToUnixTimeMilliseconds() * 1000);
        Assert.InRange((await world.PostAsync("/api/v1/webhooks/cdr", Record(uuid, null))).Status, 200, 201);
        Assert.Equal(200, (await world.PostAsync("/api/v1/webhooks/cdr", Record(Guid.NewGuid().ToString(), uuid))).Status);
        var (_, list) = await AsAsync(john, HttpMethod.Get, $"/api/v1/cdrs?account={account}");
        var item = Assert.Single(list.GetProperty("items").EnumerateArray());
        var (_, one) = await AsAsync(john, HttpMethod.Get, $"/api/v1/cdrs/{Text(item, "id")}");
        foreach (var text in new[] { list.ToString(), one.ToString() })
            Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.Equal("NORMAL_CLEARING", Text(item.GetProperty("detail"), "hangupCause"));
        Assert.Single(one.GetProperty("legs").EnumerateArray());
        Assert.Contains("secret-carrier", (await world.GetAsync($"/api/v1/cdrs/{Text(item, "id")}")).Body.ToString(), StringComparison.Ordinal);

        string Record(string id, string? aLeg) => JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["core-uuid"] = "secret-core",
            ["switchname"] = "secret-switch",
            ["variables"] = new Dictionary<string, string>
            {
                ["uuid"] = id,
                ["accountcode"] = account,
                ["direction"] = aLeg is null ? "inbound" : "outbound",
                ["originating_leg_uuid"] = aLeg ?? "",
                ["hangup_cause"] = "NORMAL_CLEARING",
                ["sip_gateway_name"] = "secret-carrier",
                ["sip_network_ip"] = "secret-ip",
                ["start_uepoch"] = $"{at}",
                ["answer_uepoch"] = $"{at}",
                ["end_uepoch"] = $"{at + 7_000_000}",
                ["billusec"] = "7000000",
                ["duration"] = "7",
                ["billsec"] = "7",
            },
            ["callflow"] = new object[] { new { caller_profile = new { uuid = id, destination_number = "447700900123", caller_id_number = "1000" } } },
        });
    }

    [Fact]
    public async Task Support_assigns_and_releases_and_admins_add_and_retire()
    {
        const string Email = "numbers-support@example.test";
        Assert.True(await world.Services.GetRequiredService<UserSeeds>().EnsureAsync(
            1, new(Email, "Support", UserRole.Support, "Demo@123"), false, (_, _) => Task.FromResult<long?>(null), CancellationToken.None));
        using var support = await world.LoginAsync(Email);
        Assert.Equal((403, "insufficient_role"), Refusal(await AsAsync(support, HttpMethod.Post, "/api/v1/dids", new { number = world.NewNumber() })));
        var id = await world.AddAsync();
        Assert.Equal((403, "insufficient_role"), Refusal(await AsAsync(support, HttpMethod.Delete, $"/api/v1/dids/{id}")));
        var (_, subscription) = await world.SubscriberAsync("1000.00");
        Assert.Equal(200, (await AsAsync(support, HttpMethod.Post, $"/api/v1/dids/{id}/assign", new { subscription })).Status);
        Assert.Equal(200, (await AsAsync(support, HttpMethod.Put, $"/api/v1/dids/{id}", new { label = "by support" })).Status);
        Assert.Equal(200, (await AsAsync(support, HttpMethod.Post, $"/api/v1/dids/{id}/release")).Status);
    }

    [Fact]
    public async Task Another_tenant_has_numbers_of_its_own()
    {
        using var foreign = await ForeignAsync();
        var number = world.NewNumber();
        var id = await world.AddAsync(number);
        foreach (var (method, path) in new[] { (HttpMethod.Get, ""), (HttpMethod.Put, ""), (HttpMethod.Delete, ""), (HttpMethod.Post, "/release") })
            Assert.Equal(404, (await AsAsync(foreign, method, $"/api/v1/dids/{id}{path}", method == HttpMethod.Put ? new { label = "x" } : null)).Status);
        Assert.Equal(0, Count((await AsAsync(foreign, HttpMethod.Get, "/api/v1/dids?search=" + number[1..])).Body));
        var (_, subscription) = await world.SubscriberAsync("1000.00");
        var (status, made) = await AsAsync(foreign, HttpMethod.Post, "/api/v1/dids", new { number });
        Assert.True(status == 201, made.ToString());
        Assert.Equal((422, "subscription"), Fault(await AsAsync(foreign, HttpMethod.Post, $"/api/v1/dids/{made.GetProperty("id")}/assign", new { subscription })));
        Assert.Equal((422, "account"), Fault(await AsAsync(foreign, HttpMethod.Post, "/api/v1/sip-users", new { name = "spy", account = "ACC-10001" })));
    }

    [Fact]
    public async Task Customers_see_their_own_SIP_users()
    {
        using var jane = await world.LoginAsync("jane.smith@example.com");
        using var foreign = await ForeignAsync();
        var name = $"jane{world.NewNumber()[1..]}";
        var (account, _) = await world.SubscriberOfAsync("Smith Consulting");
        var (status, made) = await world.PostAsync("/api/v1/sip-users", new { name, account });
        Assert.True(status == 201, made.ToString());
        Assert.Equal(201, (await world.PostAsync("/api/v1/sip-users", new { name = name + "x", account = await world.OpenBareAccountAsync("0.00") })).Status);
        var (_, seen) = await AsAsync(jane, HttpMethod.Get, "/api/v1/sip-users");
        Assert.Equal([name], seen.GetProperty("items").EnumerateArray().Select(u => Text(u, "name")));
        Assert.Equal((403, "insufficient_role"), Refusal(await AsAsync(jane, HttpMethod.Post, "/api/v1/sip-users", new { name = "mine", account })));
        Assert.Equal(0, Count((await AsAsync(foreign, HttpMethod.Get, "/api/v1/sip-users")).Body));
        Assert.Equal((404, "not_found"), Refusal(await AsAsync(foreign, HttpMethod.Delete, $"/api/v1/sip-users/{made.GetProperty("id")}")));
    }

    async Task<HttpClient> ForeignAsync()
    {
        await world.RowsAsync("insert into platform.tenants (tenant_id, slug, name) values (78, 'numbers', 'Numbers') on conflict do nothing returning 1", _ => 0);
        return world.NewClient((await world.Services.GetRequiredService<ApiKeys>().CreateAsync(78, "foreign", [Scope.All], [], null, CancellationToken.None)).Key);
    }

    static int Count(JsonElement page) => page.GetProperty("items").GetArrayLength();
}
