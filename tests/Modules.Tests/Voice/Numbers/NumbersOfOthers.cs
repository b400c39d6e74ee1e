using System.Text.Json;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Identity.Users;
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
