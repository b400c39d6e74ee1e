using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Voice.EventSocket;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>A number that is forwarded to an outside one: its holder receives a call and makes one, and pays for both.</summary>
public sealed class ForwardedNumbers(VoiceApp app) : IClassFixture<VoiceApp>
{
    /// <summary>Sixty paisa a minute to be called, 1.20 to call London; Cuba and India cost 1.20 too.</summary>
    const string Deck = "prefix,description,rate,increment_seconds\n9180,Own numbers,0.60,1\n4420,London,1.20,1\n53,Cuba,1.20,1\n";

    static int numbers;

    [Fact]
    public async Task The_holder_pays_to_be_called_and_for_the_way_on_by_the_same_seconds()
    {
        await using var lab = await VoiceLab.StartAsync(app, Deck);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.DialAsync("", await NumberAsync(account, VoiceLab.London));
        Assert.Equal(VoiceLab.London, await call.RoutedAsync());
        // Two slices are held, and both guards stand before it goes on.
        Assert.Equal((100.00m, 1.80m), await lab.MoneyAsync(account));
        var commands = lab.Switch.Commands.Where(c => c.Contains(call.Uuid, StringComparison.Ordinal)).ToList();
        var transfer = Assert.Single(commands, c => c.Contains("uuid_transfer", StringComparison.Ordinal));
        Assert.True(commands.FindLastIndex(c => c.Contains("api_on_answer", StringComparison.Ordinal)) < commands.IndexOf(transfer));
        Assert.Equal(2, commands.Count(c => c.Contains("sched_api +60 ", StringComparison.Ordinal)));
        await call.AnswerAsync();
        await lab.PassAsync(100);
        Assert.Null(call.HangupCause);
        Assert.Equal(2, lab.Live.Snapshot(1, lab.Time.GetUtcNow()).Count(c => c.Uuid == call.Uuid && c.Account == account && c.State == "talking"));
        await call.HangupAsync();
        await lab.SettledAsync(account, 2);
        Assert.Equal((100 - (VoiceLab.PriceOf(call) * 1.5m), 0), await lab.MoneyAsync(account));
        Assert.Equal(200, (await lab.PostRecordAsync(call.Uuid)).Status);
        Assert.Equal(
            [(call.Uuid, VoiceLab.PriceOf(call) / 2), ($"{call.Uuid}/f1", VoiceLab.PriceOf(call))],
            (await lab.ChargesAsync(account)).Select(c => (c.Id, c.Amount)).OrderBy(c => c.Id));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_received_call_that_is_sent_on_outside_is_its_receivers_from_then_on()
    {
        await using var lab = await VoiceLab.StartAsync(app, Deck);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.DialAsync("", await NumberAsync(account, "reception", "sip"));
        await lab.AnswerAsync(call);
        await lab.PassAsync(20);
        await call.SendOnAsync(VoiceLab.London);
        await Soon.UntilAsync(() => call.Context == "billed" || call.HangupCause is not null, "It is decided");
        Assert.Equal((null, "outbound", account), (call.HangupCause, call["bill_direction"], call["bill_account"]));
        await lab.PassAsync(30);
        await call.HangupAsync();
        await lab.SettledAsync(account, 2);
        Assert.Equal((100 - (20 * 0.01m) - (30 * 0.02m), 0), await lab.MoneyAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_call_ends_when_its_holders_money_does_and_one_that_he_cannot_pay_on_is_refused()
    {
        await using var lab = await VoiceLab.StartAsync(app, Deck);
        // Three paisa a second: fifty seconds of both.
        var account = await lab.AccountAsync("1.50");
        var number = await NumberAsync(account, VoiceLab.London);
        var call = await lab.DialAsync("", number);
        await call.RoutedAsync();
        await call.AnswerAsync();
        await lab.PassAsync(70);
        Assert.Equal("ALLOTTED_TIMEOUT", call.HangupCause);
        await lab.SettledAsync(account, 2);
        var (left, _) = await lab.MoneyAsync(account);
        Assert.Equal(1.50m - (VoiceLab.PriceOf(call) * 1.5m), left);
        Assert.InRange(left, 0, 0.30m);
        // Enough to be called, and nothing for the way on.
        var poor = await lab.AccountAsync("0.60");
        var refused = await lab.DialAsync("", await NumberAsync(poor, VoiceLab.London));
        Assert.Equal(("OUTGOING_CALL_BARRED", 402), (await refused.EndedAsync(), refused.SipStatus));
        await lab.SettledAsync(poor, 0);
        Assert.Equal((0.60m, 0), await lab.MoneyAsync(poor));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task The_way_on_is_held_to_fraud_rules_prices_and_margins_like_any_call()
    {
        var carrier = await CarrierAsync("prefix,rate,increment_seconds\n44,0.80,1\n4420718,1.90,1\n");
        await using var lab = await VoiceLab.StartAsync(app, Deck);
        try
        {
            var account = await lab.AccountAsync("100.00");
            Assert.Equal((403, "OUTGOING_CALL_BARRED"), await RefusedAsync(lab, await NumberAsync(account, "5352123456")));
            Assert.Equal((404, "UNALLOCATED_NUMBER"), await RefusedAsync(lab, await NumberAsync(account, "33142345678")));
            // Sold under what it costs.
            Assert.Equal((503, "NORMAL_CIRCUIT_CONGESTION"), await RefusedAsync(lab, await NumberAsync(account, VoiceLab.London)));
            var inner = await NumberAsync(account, VoiceLab.London);
            Assert.Equal((483, "EXCHANGE_ROUTING_ERROR"), await RefusedAsync(lab, await NumberAsync(account, inner)));
            var call = await lab.DialAsync("", await NumberAsync(account, "442012345678"));
            await call.RoutedAsync();
            Assert.Equal("sofia/gateway/way-on/442012345678", call["bill_dial"]);
            await call.HangupAsync("ORIGINATOR_CANCEL");
            await Soon.UntilAsync(async () => (await lab.MoneyAsync(account)) == (100, 0), "All holds are given back");
        }
        finally
        {
            Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, $"/api/v1/carriers/{carrier}")).Status);
        }
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task After_a_crash_both_are_taken_up_and_the_record_settles_both()
    {
        await using var lab = await VoiceLab.StartAsync(app, Deck);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.DialAsync("", await NumberAsync(account, VoiceLab.London));
        await call.RoutedAsync();
        await call.AnswerAsync();
        await lab.PassAsync(10);
        await lab.EndProcessAsync();
        await lab.PassAsync(20);
        await lab.ControlAsync();
        await Soon.UntilAsync(() => lab.Live.Snapshot(1, lab.Time.GetUtcNow()).Count(c => c.Uuid == call.Uuid) == 2, "Both are known again");
        await lab.PassAsync(70);
        Assert.Null(call.HangupCause);
        lab.Switch.Misbehaviour.DropsEvent = (name, _) => name.StartsWith("CHANNEL_HANGUP", StringComparison.Ordinal);
        await call.HangupAsync();
        Assert.Equal(201, (await lab.PostRecordAsync(call.Uuid)).Status);
        Assert.Equal(100 - (VoiceLab.PriceOf(call) * 1.5m), (await lab.MoneyAsync(account)).Balance);
        Assert.Equal(2, (await lab.ChargesAsync(account)).Count);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_customer_who_calls_it_pays_for_his_call_and_the_holder_for_the_way_on()
    {
        await using var lab = await VoiceLab.StartAsync(app, Deck);
        var (caller, holder) = (await lab.AccountAsync("100.00"), await lab.AccountAsync("100.00"));
        var call = await lab.DialAsync(caller, await NumberAsync(holder, VoiceLab.London));
        await call.RoutedAsync();
        Assert.Equal((caller, holder), (call["accountcode"], call["bill_forwarded_by"]));
        await call.AnswerAsync();
        await lab.PassAsync(30);
        // Told by the record alone, which names both.
        lab.Switch.Misbehaviour.DropsEvent = (name, _) => name.StartsWith("CHANNEL_HANGUP", StringComparison.Ordinal);
        await call.HangupAsync();
        Assert.Equal(201, (await lab.PostRecordAsync(call.Uuid)).Status);
        Assert.Equal(100 - (VoiceLab.PriceOf(call) / 2), (await lab.MoneyAsync(caller)).Balance);
        Assert.Equal(100 - VoiceLab.PriceOf(call), (await lab.MoneyAsync(holder)).Balance);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_softswitch_that_asks_by_http_gets_both_prices_and_both_guards()
    {
        await using var lab = await VoiceLab.StartAsync(app, Deck, isControlled: false);
        var account = await lab.AccountAsync("18.00");
        var number = await NumberAsync(account, VoiceLab.London);
        var uuid = Guid.NewGuid().ToString();
        var (status, body) = await app.PostAsync("/api/v1/calls/authorize", new { uuid, to = number, from = "+911140001000", direction = "inbound" });
        Assert.True(status == 200, body.ToString());
        var way = body.GetProperty("forward");
        Assert.Equal(("0.60", "1.20", "London", account), (
            body.GetProperty("pricePerMinute").GetString(), way.GetProperty("pricePerMinute").GetString(), way.GetProperty("destination").GetString(), way.GetProperty("account").GetString()));
        // Ten minutes of both.
        Assert.Equal(600, body.GetProperty("grantedSeconds").GetInt32());
        Assert.Equal((18.00m, 18.00m), await lab.MoneyAsync(account));
        var (refused, problem) = await app.PostAsync("/api/v1/calls/authorize", new { uuid = Guid.NewGuid(), to = number, from = "+911140001000", direction = "inbound" });
        Assert.Equal((402, "insufficient_balance"), (refused, problem.GetProperty("code").GetString()));
    }

    async Task<string> NumberAsync(string account, string target, string kind = "number")
    {
        var digits = $"91804567{Interlocked.Increment(ref numbers):0000}";
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        await Database.ExecuteAsync(
            connection,
            """
            insert into voice.numbers (tenant_id, number, kind, status, account_id, subscription_id, target_kind, target, created_at, updated_at)
            values (1, $1, 1, 3, $2, 1, $4, $3, now(), now())
            """,
            [digits, long.Parse(account[4..], System.Globalization.CultureInfo.InvariantCulture), target, kind], CancellationToken.None);
        return digits;
    }

    async Task<int> CarrierAsync(string costs)
    {
        var (status, made) = await app.PostAsync("/api/v1/carriers", new { name = "Way on", gateway = "way-on", currency = "INR" });
        Assert.True(status == 201, made.ToString());
        var id = made.GetProperty("id").GetInt32();
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Post, $"/api/v1/carriers/{id}/import", costs, "text/csv")).Status);
        return id;
    }

    static async Task<(int SipStatus, string Cause)> RefusedAsync(VoiceLab lab, string number)
    {
        StandInChannel call = await lab.DialAsync("", number);
        var cause = await call.EndedAsync();
        return (call.SipStatus, cause);
    }
}
