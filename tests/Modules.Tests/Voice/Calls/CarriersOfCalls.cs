using Balatrix.Modules.Customers;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Voice.EventSocket;
using Balatrix.Modules.Voice.Fraud;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>Carriers as calls meet them: limits count where calls really went, and what is sold for nothing is held to its worth.</summary>
public sealed class CarriersOfCalls(VoiceApp app) : IClassFixture<VoiceApp>
{
    [Fact]
    public async Task A_call_that_another_carrier_answered_counts_there()
    {
        var carriers = new[] { await CarrierAsync("First", 0.30m, 1), await CarrierAsync("Second", 0.40m, 1) };
        await using var lab = await VoiceLab.StartAsync(app);
        try
        {
            var account = await lab.AccountAsync("100.00");
            // The first carrier is busy and the second answers.
            var call = await lab.DialAsync(account, like: new StandInCall { Gateway = 1 });
            await call.RoutedAsync();
            Assert.Equal($"sofia/gateway/first/{VoiceLab.London}|sofia/gateway/second/{VoiceLab.London}", call["bill_dial"]);
            await Soon.UntilAsync(async () => await CarrierOfAsync(call) == "First", "It is counted for the first while it rings");
            await call.AnswerAsync();
            await Soon.UntilAsync(
                async () =>
                {
                    await lab.PassAsync(0.5);
                    return await CarrierOfAsync(call) == "Second";
                },
                "It is counted for the second");
            Assert.Equal("Second", Assert.Single(lab.Live.Snapshot(1, lab.Time.GetUtcNow()), c => c.Uuid == call.Uuid).Carrier);
            // One call at a time: the second has no room, the first has.
            await Soon.UntilAsync(async () => await ReasonAsync("Second") == "full" && await ReasonAsync("First") != "full", "The table says so");
            await call.HangupAsync();
            await lab.SettledAsync(account);
            await Soon.UntilAsync(async () => await ReasonAsync("Second") != "full", "It has room again");
        }
        finally
        {
            await RemoveAsync(carriers);
        }
    }

    [Fact]
    public async Task A_call_that_was_only_asked_about_takes_no_room_once_its_hold_is_gone()
    {
        var carriers = new[] { await CarrierAsync("Only", 0.30m, 1) };
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        try
        {
            var account = await lab.AccountAsync("1.20");
            var asked = new { uuid = Guid.NewGuid(), account, to = VoiceLab.London };
            Assert.Equal(200, (await app.PostAsync("/api/v1/calls/authorize", asked)).Status);
            await Soon.UntilAsync(async () => await ReasonAsync("Only") == "full", "It takes the only place");
            // Asked for again it has that place.
            Assert.Equal("Only", (await app.PostAsync("/api/v1/calls/authorize", asked)).Body.GetProperty("routes")[0].GetProperty("carrier").GetString());
            app.Time.Advance(TimeSpan.FromMinutes(20));
            await app.Services.GetRequiredService<Modules.Ledger.ReservationSweep>().SweepAsync(1, CancellationToken.None);
            await Soon.UntilAsync(async () => await ReasonAsync("Only") != "full", "The place is free");
        }
        finally
        {
            await RemoveAsync(carriers);
        }
    }

    [Fact]
    public async Task What_a_plan_sells_for_nothing_goes_out_within_its_worth()
    {
        var carriers = new[] { await CarrierAsync("Dear", 0.90m, null) };
        try
        {
            await using var lab = await VoiceLab.StartAsync(app, "prefix,description,rate,increment_seconds\n4420,London,0.00,1\n");
            var account = await lab.AccountAsync("10.00");
            var call = await lab.DialAsync(account);
            await call.RoutedAsync();
            await call.AnswerAsync();
            await lab.PassAsync(30);
            await call.HangupAsync();
            await lab.SettledAsync(account);
            Assert.Equal((10, 0), await lab.MoneyAsync(account));
            Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "/api/v1/settings", new { routing = new { freeMinuteWorth = "0.50" } })).Status);
            await Soon.UntilAsync(async () => await ReasonAsync("Dear", "0.00") == "below_margin", "The worth is known");
            await using var later = await VoiceLab.StartAsync(app, "prefix,description,rate,increment_seconds\n4420,London,0.00,1\n");
            var refused = await later.DialAsync(await later.AccountAsync("10.00"));
            Assert.Equal(("NORMAL_CIRCUIT_CONGESTION", 503), (await refused.EndedAsync(), refused.SipStatus));
            Assert.Equal(422, (await app.SendAsync(HttpMethod.Put, "/api/v1/settings", new { routing = new { freeMinuteWorth = "-1" } })).Status);
        }
        finally
        {
            Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "/api/v1/settings", new { routing = new { } })).Status);
            await RemoveAsync(carriers);
        }
    }

    [Fact]
    public async Task The_way_of_a_transferred_call_is_judged_and_found_like_that_of_a_new_one()
    {
        var carriers = new[] { await CarrierAsync("Way", 0.30m, null) };
        await using var lab = await VoiceLab.StartAsync(app);
        try
        {
            var (account, held) = (await lab.AccountAsync("100.00"), await lab.AccountAsync("100.00"));
            Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, $"/api/v1/fraud/rules/{held}", new { blocked = new[] { "+91" } })).Status);
            var call = await lab.TalkAsync(account);
            await lab.PassAsync(10);
            var sent = await call.BlindTransferAsync("919812345678");
            await Soon.UntilAsync(() => sent.Context == "billed", "It is let through");
            Assert.Equal(("sofia/gateway/way/919812345678", "Way"), (sent["bill_dial"], sent["bill_carrier"]));
            await sent.HangupAsync();
            var other = await lab.TalkAsync(held);
            var guard = lab.Process.Services.GetRequiredService<FraudGuard>();
            await Soon.UntilAsync(
                async () =>
                {
                    await lab.PassAsync(1);
                    return guard.Policies.ContainsKey((1, AccountDirectory.TryParseNumber(held, out var id) ? id : 0));
                },
                "The rule is known");
            var blocked = await other.BlindTransferAsync("919812345678");
            Assert.Equal("OUTGOING_CALL_BARRED", await blocked.EndedAsync());
            Assert.NotEqual("billed", blocked.Context);
            await lab.SettledAsync(held, 2);
            Assert.Equal(0, (await lab.MoneyAsync(held)).Held);
            await lab.SettledAsync(account, 3);
            await app.AssertBooksProveAsync();
        }
        finally
        {
            await RemoveAsync(carriers);
        }
    }

    async Task<int> CarrierAsync(string name, decimal rate, int? maxCalls)
    {
        var (status, made) = await app.PostAsync("/api/v1/carriers", new { name, gateway = name.ToLowerInvariant(), currency = "INR", maxCalls });
        Assert.True(status == 201, made.ToString());
        var id = made.GetProperty("id").GetInt32();
        var costs = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"prefix,rate,increment_seconds\n44,{rate},1\n91,{rate},1\n");
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Post, $"/api/v1/carriers/{id}/import", costs, "text/csv")).Status);
        return id;
    }

    async Task RemoveAsync(int[] carriers)
    {
        foreach (var id in carriers)
            Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, $"/api/v1/carriers/{id}")).Status);
    }

    async Task<string?> ReasonAsync(string carrier, string price = "1.20") =>
        (await app.GetAsync($"/api/v1/carriers/lookup?number=%2B{VoiceLab.London}&price={price}")).Body.GetProperty("candidates").EnumerateArray()
            .Single(c => c.GetProperty("carrier").GetString() == carrier).GetProperty("reason").GetString();

    async Task<string?> CarrierOfAsync(StandInChannel call)
    {
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        return (await Database.QueryAsync(connection, "select carrier from voice.live_calls where call_id = $1", [call.Uuid], r => r.GetString(0), CancellationToken.None)).SingleOrDefault();
    }
}
