using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>What callers hear when they are refused, or when their money runs out: only what the tenant says, and never paid for.</summary>
public sealed class Announcements(VoiceApp app) : IClassFixture<VoiceApp>
{
    [Fact]
    public async Task A_refused_caller_hears_the_file_of_his_refusal_unanswered_and_unpaid()
    {
        await using var lab = await HeardAsync(new { insufficient_balance = "ivr/no-money.wav", any = "ivr/not-possible.wav" });
        var (broke, account) = (await lab.AccountAsync("0.00"), await lab.AccountAsync("10.00"));
        var call = await lab.DialAsync(broke);
        await Soon.UntilAsync(() => call.Context == "refused", "He hears it");
        Assert.Equal(["ivr/no-money.wav"], call.Played);
        Assert.Null(call.HangupCause);
        await lab.PassAsync(5);
        Assert.Equal(("OUTGOING_CALL_BARRED", 402), (await call.EndedAsync(), call.SipStatus));
        Assert.Null(call.AnsweredAt);
        await lab.PostRecordAsync(call.Uuid);
        Assert.Equal((0, 0), await lab.MoneyAsync(broke));
        var other = await lab.DialAsync(account, "12125550100");
        await Soon.UntilAsync(() => other.Context == "refused", "He hears the other");
        Assert.Equal(["ivr/not-possible.wav"], other.Played);
        await lab.PassAsync(5);
        Assert.Equal(("UNALLOCATED_NUMBER", 404), (await other.EndedAsync(), other.SipStatus));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task An_announcement_that_does_not_end_is_ended()
    {
        await using var lab = await HeardAsync(new { any = "local_stream://moh" });
        var call = await lab.DialAsync(await lab.AccountAsync("0.00"));
        await Soon.UntilAsync(() => call.Context == "refused", "He hears it");
        Assert.Contains(lab.Switch.Commands, c => c.EndsWith($"sched_api +30 r-{call.Uuid} uuid_kill {call.Uuid} OUTGOING_CALL_BARRED", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_money_that_runs_out_is_announced_in_place_of_the_tone()
    {
        await using var lab = await HeardAsync(new { low_balance = "/sounds/low.wav" });
        var account = await lab.AccountAsync("1.60");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(70);
        await Soon.UntilAsync(() => call.Played.Count == 1, "The caller hears it");
        Assert.Equal(["/sounds/low.wav"], call.Played);
        await lab.PassAsync(15);
        await lab.SettledAsync(account);
        Assert.Equal((1.60m - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
    }

    [Fact]
    public async Task Doors_answer_with_it_too()
    {
        await using var lab = await HeardAsync(new { any = "ivr/not-possible.wav" });
        var account = await lab.AccountAsync("0.00");
        var (status, body) = await app.PostAsync("/api/v1/calls/authorize", new { uuid = Guid.NewGuid(), account, to = VoiceLab.London });
        Assert.Equal((402, "ivr/not-possible.wav"), (status, body.GetProperty("announcement").GetString()));
        var form = $"section=dialplan&Hunt-Context=public&Unique-ID={Guid.NewGuid()}&Caller-Destination-Number={VoiceLab.London}&variable_accountcode={account}";
        var (_, xml) = await app.SendAsync(HttpMethod.Post, "/api/v1/webhooks/xml-curl", form, "application/x-www-form-urlencoded");
        var steps = System.Xml.Linq.XDocument.Parse(xml.GetString()!).Descendants("action").Select(a => $"{a.Attribute("application")!.Value} {a.Attribute("data")!.Value}".Trim());
        Assert.Equal(["set last_bridge_proto_specific_hangup_cause=sip:402", "pre_answer", "playback ivr/not-possible.wav", "hangup OUTGOING_CALL_BARRED"], steps);
    }

    [Theory]
    [InlineData("""{"any":"a file.wav"}""")]
    [InlineData("""{"any":""}""")]
    [InlineData("""{"any":null}""")]
    [InlineData("""{"any":"-x"}""")]
    [InlineData("""{"Bad Code":"x.wav"}""")]
    [InlineData("""{"any":"x.wav\n"}""")]
    public async Task What_may_not_stand_in_a_command_is_refused(string announcements)
    {
        var (status, body) = await app.SendAsync(HttpMethod.Put, "/api/v1/settings", "{\"calls\":{\"announcements\":" + announcements + "}}");
        Assert.Equal((422, "calls"), (status, body.GetProperty("field").GetString()));
    }

    async Task<VoiceLab> HeardAsync(object announcements)
    {
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "/api/v1/settings", new { calls = new { announcements } })).Status);
        return await VoiceLab.StartAsync(app);
    }
}
