using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Tests.Subscriptions;
using Balatrix.Modules.Voice.Numbers;
using Microsoft.Extensions.DependencyInjection;
using static Balatrix.Modules.Tests.Voice.Numbers.NumberWorld;

namespace Balatrix.Modules.Tests.Voice.Numbers;

/// <summary>What time does to numbers, what happens at once, and what calls are told of them.</summary>
public sealed class NumbersOverTime(NumberWorld world) : IClassFixture<NumberWorld>
{
    NumberDirectory Directory => world.Services.GetRequiredService<NumberDirectory>();

    [Fact]
    public async Task A_quarantine_lasts_as_long_as_the_tenant_wants_and_ends_by_itself()
    {
        await world.SetClockAsync("2027-04-01");
        Assert.Equal((422, "numberQuarantineDays"), Fault(await world.SendAsync(HttpMethod.Put, "/api/v1/settings", new { numberQuarantineDays = 366 })));
        Assert.Equal(200, (await world.SendAsync(HttpMethod.Put, "/api/v1/settings", new { numberQuarantineDays = 10 })).Status);
        var id = await world.AddAsync();
        var (_, first) = await world.SubscriberAsync("5000.00");
        var (_, second) = await world.SubscriberAsync("5000.00");
        Assert.Equal(200, (await world.AssignAsync(id, first)).Status);
        var (_, released) = await world.PostAsync($"/api/v1/dids/{id}/release", null);
        Assert.Equal("2027-04-11", TestTenant.Day(released.GetProperty("until")));
        Assert.Equal((409, "number_quarantined"), Refusal(await world.AssignAsync(id, second)));

        await world.SetClockAsync("2027-04-10 23:59:59");
        Assert.Equal("quarantined", await world.StatusOfAsync(id));
        await world.SetClockAsync("2027-04-11");
        Assert.Equal("available", await world.StatusOfAsync(id));
        var (_, pool) = await world.GetAsync("/api/v1/dids?status=available&limit=500");
        Assert.Contains(id, pool.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetInt64()));
        Assert.Equal(200, (await world.AssignAsync(id, second)).Status);
        await world.SetClockAsync("2027-04-01");
    }

    [Fact]
    public async Task Who_had_a_number_may_have_it_back_in_quarantine()
    {
        var id = await world.AddAsync();
        var (_, subscription) = await world.SubscriberAsync("1000.00");
        await world.AssignAsync(id, subscription);
        await world.PostAsync($"/api/v1/dids/{id}/release", null);
        Assert.Equal("assigned", Text((await world.AssignAsync(id, subscription)).Body, "status"));
    }

    [Fact]
    public async Task What_was_set_for_a_reservation_that_lapsed_is_not_the_next_holders()
    {
        await world.SetClockAsync("2027-04-01 10:00:00");
        var id = await world.AddAsync();
        var (account, _) = await world.SubscriberAsync("1000.00");
        var (_, next) = await world.SubscriberAsync("1000.00");
        await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{id}", new { reserve = new { account, minutes = 15 }, label = "Reception of A", target = new { kind = "number", value = "+919812345678" } });
        await world.SetClockAsync("2027-04-01 10:15:00");
        var (status, assigned) = await world.AssignAsync(id, next);
        Assert.Equal((200, "", JsonValueKind.Null), (status, Text(assigned, "label"), assigned.GetProperty("target").ValueKind));
    }

    [Fact]
    public async Task A_reservation_ends_by_itself()
    {
        await world.SetClockAsync("2027-04-01 10:00:00");
        var id = await world.AddAsync();
        var (account, _) = await world.SubscriberAsync("1000.00");
        await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{id}", new { reserve = new { account, minutes = 15 } });
        await world.SetClockAsync("2027-04-01 10:14:59");
        Assert.Equal("reserved", await world.StatusOfAsync(id));
        await world.SetClockAsync("2027-04-01 10:15:00");
        Assert.Equal("available", await world.StatusOfAsync(id));
    }

    [Fact]
    public async Task A_subscription_that_ends_gives_its_numbers_back()
    {
        await world.SetClockAsync("2027-04-01");
        var (one, two) = (await world.AddAsync(), await world.AddAsync(world.NewNumber("+911800200")));
        var (_, subscription) = await world.SubscriberAsync("1000.00");
        await world.AssignAsync(one, subscription);
        await world.AssignAsync(two, subscription);
        await world.MoveAsync(subscription, "cancel", new { when = "period_end" });
        Assert.Equal("assigned", await world.StatusOfAsync(one));
        await world.AdvanceAsync("2027-05-01 00:00:01");
        Assert.Equal("ended", await world.StatusAsync(subscription));
        await world.UntilAsync(async () => await world.StatusOfAsync(one) == "quarantined" && await world.StatusOfAsync(two) == "quarantined");
        var number = Text(await world.NumberAsync(one), "number");
        Assert.Equal(["system:subscription-ended"], await world.RowsAsync($"select actor from audit.records where entity_id = '{number}' and action = 'did.released'", r => r.GetString(0)));
        await world.SetClockAsync("2027-04-01");
    }

    [Fact]
    public async Task Of_two_who_assign_one_number_at_once_one_gets_it()
    {
        for (var round = 0; round < 5; round++)
        {
            var id = await world.AddAsync();
            var subscriptions = new[] { (await world.SubscriberAsync("1000.00")).Subscription, (await world.SubscriberAsync("1000.00")).Subscription };
            var answers = await Task.WhenAll(subscriptions.Select(s => world.AssignAsync(id, s)));
            Assert.Equal([200, 409], answers.Select(a => a.Status).Order());
            Assert.Equal(subscriptions[Array.FindIndex(answers, a => a.Status == 200)], Text(await world.NumberAsync(id), "subscription"));
        }
    }

    [Fact]
    public async Task Assigning_many_at_once_never_passes_the_plans_limit()
    {
        // Professional allows three.
        var (_, subscription) = await world.SubscriberAsync("5000.00", "professional");
        var ids = new List<long>();
        for (var i = 0; i < 8; i++)
            ids.Add(await world.AddAsync());
        var answers = await Task.WhenAll(ids.Select(id => world.AssignAsync(id, subscription)));
        Assert.Equal(3, answers.Count(a => a.Status == 200));
        Assert.All(answers.Where(a => a.Status != 200), a => Assert.Equal((409, "limit_reached"), Refusal(a)));
    }

    [Fact]
    public async Task An_end_and_an_assignment_at_once_leave_no_number_with_an_ended_subscription()
    {
        for (var round = 0; round < 5; round++)
        {
            var id = await world.AddAsync();
            var (_, subscription) = await world.SubscriberAsync("1000.00");
            var assign = world.AssignAsync(id, subscription);
            await Task.WhenAll(assign, world.PostAsync($"/api/v1/subscriptions/{subscription}/cancel", new { when = "now" }));
            Assert.True((await assign).Status is 200 or 409, (await assign).Body.ToString());
            await world.UntilAsync(async () => await world.StatusOfAsync(id) is "available" or "quarantined");
        }
    }

    [Fact]
    public async Task Calls_are_told_whose_a_number_is_and_where_it_goes()
    {
        var (number, toll) = (world.NewNumber(), world.NewNumber("+911800200"));
        var (id, tollId) = (await world.AddAsync(number), await world.AddAsync(toll));
        Assert.Null(await Directory.FindAsync(1, number, CancellationToken.None));
        var (account, subscription) = await world.SubscriberAsync("1000.00");
        var accountId = long.Parse(account[4..], CultureInfo.InvariantCulture);
        await world.AssignAsync(id, subscription);
        // A change made here shows at once, also after it was asked for.
        Assert.Equal(new NumberTarget(accountId, number[1..], false, "dialplan", number[1..]), await Directory.FindAsync(1, number, CancellationToken.None));
        await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{id}", new { target = new { kind = "sip", value = "reception" } });
        Assert.Equal(new NumberTarget(accountId, number[1..], false, "sip", "reception"), await Directory.FindAsync(1, number[1..], CancellationToken.None));
        await world.AssignAsync(tollId, subscription);
        Assert.True((await Directory.FindAsync(1, toll, CancellationToken.None))!.IsTollFree);
        Assert.Null(await Directory.FindAsync(2, number, CancellationToken.None));
        foreach (var nonsense in new[] { "", "anonymous", "+", "1;2", new string('9', 40) })
            Assert.Null(await Directory.FindAsync(1, nonsense, CancellationToken.None));
        await world.PostAsync($"/api/v1/dids/{id}/release", null);
        Assert.Null(await Directory.FindAsync(1, number, CancellationToken.None));
    }

    [Fact]
    public async Task SIP_users_are_of_accounts_within_the_extensions_of_their_plans()
    {
        var (account, subscription) = await world.SubscriberAsync("1000.00");
        var other = await world.OpenBareAccountAsync("0.00");
        var prefix = $"u{world.NewNumber()[1..]}";
        var users = new List<long>();
        // Starter allows two.
        foreach (var name in new[] { "a", "b" })
        {
            var (status, body) = await world.PostAsync("/api/v1/sip-users", new { name = prefix + name, account, label = "Desk" });
            Assert.True(status == 201, body.ToString());
            users.Add(body.GetProperty("id").GetInt64());
        }
        Assert.Equal((409, "limit_reached"), Refusal(await world.PostAsync("/api/v1/sip-users", new { name = prefix + "c", account })));
        Assert.Equal((409, "name_taken"), Refusal(await world.PostAsync("/api/v1/sip-users", new { name = prefix + "a", account = other })));
        foreach (var (body, field) in new (object, string)[] { (new { name = "a b", account }, "name"), (new { account }, "name"), (new { name = "x", account = "ACC-99999999" }, "account"), (new { name = "x" }, "account") })
            Assert.Equal((422, field), Fault(await world.PostAsync("/api/v1/sip-users", body)));
        Assert.Equal(long.Parse(account[4..], CultureInfo.InvariantCulture), await Directory.AccountOfSipUserAsync(1, prefix + "a", CancellationToken.None));
        Assert.Null(await Directory.AccountOfSipUserAsync(2, prefix + "a", CancellationToken.None));
        Assert.Null(await Directory.AccountOfSipUserAsync(1, "nobody; drop table", CancellationToken.None));
        var (_, list) = await world.GetAsync($"/api/v1/sip-users?account={account}");
        Assert.Equal(users, list.GetProperty("items").EnumerateArray().Select(u => u.GetProperty("id").GetInt64()));

        // A number rings only its own account's users, and a user that a number goes to stays.
        var id = await world.AddAsync();
        await world.AssignAsync(id, subscription);
        Assert.Equal(201, (await world.PostAsync("/api/v1/sip-users", new { name = prefix + "o", account = other })).Status);
        Assert.Equal((422, "target.value"), Fault(await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{id}", new { target = new { kind = "sip", value = prefix + "o" } })));
        Assert.Equal(200, (await world.SendAsync(HttpMethod.Put, $"/api/v1/dids/{id}", new { target = new { kind = "sip", value = prefix + "a" } })).Status);
        Assert.Equal((409, "sip_user_in_use"), Refusal(await world.SendAsync(HttpMethod.Delete, $"/api/v1/sip-users/{users[0]}")));
        Assert.Equal(200, (await world.SendAsync(HttpMethod.Delete, $"/api/v1/sip-users/{users[1]}")).Status);
        Assert.Equal((404, "not_found"), Refusal(await world.SendAsync(HttpMethod.Delete, $"/api/v1/sip-users/{users[1]}")));
        Assert.Null(await Directory.AccountOfSipUserAsync(1, prefix + "b", CancellationToken.None));
    }
}
