using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice.Analytics;

/// <summary>ASR, ACD, PDD and causes, by what they may be asked for.</summary>
public sealed class AnalyticsOverHttp(TestApp app) : IClassFixture<TestApp>
{
    /// <summary>A day of its own, at 10:00 in India.</summary>
    static readonly DateTimeOffset Morning = new(DateTimeOffset.UtcNow.AddDays(-9).UtcDateTime.Date.AddHours(4.5), TimeSpan.Zero);

    [Fact]
    public async Task Calls_are_summed_by_country_prefix_hour_cause_and_carrier_with_their_delays()
    {
        var account = await app.OpenAccountAsync("500.00", codes: ["analytics-1"]);
        await PostAsync(Leg(Morning, "442071838750", ringsAfterMs: 1000, talkSeconds: 60, carrier: "north"));
        await PostAsync(Leg(Morning.AddMinutes(1), "442071838751", ringsAfterMs: 3000, talkSeconds: 120, carrier: "north"));
        await PostAsync(Leg(Morning.AddMinutes(2), "442071838752", ringsAfterMs: 2000, talkSeconds: 0, carrier: "south", cause: "USER_BUSY"));
        await PostAsync(Leg(Morning.AddHours(1), "919812345678", ringsAfterMs: null, talkSeconds: 30, carrier: null));
        await PostAsync(Leg(Morning.AddHours(2), "12065550100", ringsAfterMs: null, talkSeconds: 0, carrier: null, cause: "NO_ANSWER"));

        var country = await SumsAsync(account, "by=country");
        Assert.Equal(["GB", "IN", "US"], country.Keys.Order());
        Assert.Equal((3, 2, "66.7", 90, 3, 2000, 3000), Figures(country["GB"]));
        Assert.Equal((1, 1, "100.0", 30, 0, null, null), Figures(country["IN"]));
        Assert.Equal((1, 0, "0.0", 0, 0, null, null), Figures(country["US"]));
        Assert.Equal((3, 2, "66.7", 90, 3, 2000, 3000), Figures((await SumsAsync(account, "by=prefix&digits=2"))["44"]));
        Assert.Equal(["1206", "4420", "9198"], (await SumsAsync(account, "by=prefix")).Keys.Order());
        Assert.Equal(3, Figures((await SumsAsync(account, "by=hour_of_day"))["10"]).Calls);
        Assert.Equal(1, Figures((await SumsAsync(account, "by=hour_of_day"))["12"]).Calls);
        Assert.Equal((1, 0, "0.0", 0, 1, 2000, 2000), Figures((await SumsAsync(account, "by=cause"))["USER_BUSY"]));
        Assert.Equal((2, 2, "100.0", 90, 2, 1000, 3000), Figures((await SumsAsync(account, "by=carrier"))["north"]));
        Assert.Equal((1, 0, "0.0", 0, 1, 2000, 2000), Figures((await SumsAsync(account, "by=carrier"))["south"]));
        Assert.Equal(5, Figures((await SumsAsync(account, "by=direction"))["outbound"]).Calls);
    }

    [Fact]
    public async Task Every_attempt_at_a_carrier_counts_for_it()
    {
        var day = Morning.AddDays(-20);
        var call = Guid.NewGuid().ToString();
        await PostAsync(Leg(day, "442071838750", 500, 0, "one", "NORMAL_TEMPORARY_FAILURE", originator: call));
        await PostAsync(Leg(day.AddSeconds(2), "442071838750", 900, 60, "two", originator: call));
        await PostAsync(Leg(day.AddSeconds(90), "442071838750", 700, 30, "two", originator: Guid.NewGuid().ToString()));
        var (status, body) = await app.GetAsync($"/api/v1/cdrs/analytics?by=route&from={Uri.EscapeDataString(day.ToString("O"))}&to={Uri.EscapeDataString(day.AddHours(1).ToString("O"))}");
        Assert.True(status == 200, body.ToString());
        var sums = body.GetProperty("items").EnumerateArray().ToDictionary(i => i.GetProperty("group").GetString()!);
        Assert.Equal((1, 0, "0.0", 0, 1, 500, 500), Figures(sums["one"]));
        Assert.Equal((2, 2, "100.0", 45, 2, 700, 900), Figures(sums["two"]));
    }

    [Theory]
    [InlineData("by=weekday", "by")]
    [InlineData("by=prefix&digits=0", "digits")]
    [InlineData("by=prefix&digits=8", "digits")]
    [InlineData("by=hour&digits=3", "digits")]
    [InlineData("by=route&digits=3", "digits")]
    [InlineData("by=route&account=ACC-10001", "account")]
    public async Task What_cannot_be_summed_is_refused_by_its_parameter(string query, string field)
    {
        var (status, body) = await app.GetAsync($"/api/v1/cdrs/analytics?{query}");
        Assert.Equal((422, field), (status, body.GetProperty("field").GetString()));
    }

    static string Leg(DateTimeOffset start, string to, int? ringsAfterMs, int talkSeconds, string? carrier, string cause = "NORMAL_CLEARING", string? originator = null)
    {
        var micros = (start - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var variables = new Dictionary<string, string>
        {
            ["uuid"] = Guid.NewGuid().ToString(),
            ["accountcode"] = "analytics-1",
            ["start_uepoch"] = Text(micros),
            ["progress_uepoch"] = Text(ringsAfterMs is { } ms ? micros + (ms * 1000L) : 0),
            ["progress_media_uepoch"] = "0",
            ["answer_uepoch"] = Text(talkSeconds > 0 ? micros + 5_000_000 : 0),
            ["end_uepoch"] = Text(micros + 5_000_000 + (talkSeconds * 1_000_000L)),
            ["billusec"] = Text(talkSeconds * 1_000_000L),
            ["hangup_cause"] = cause,
        };
        if (carrier is not null)
            variables[originator is null ? "bill_carrier" : "sip_gateway_name"] = carrier;
        if (originator is not null)
            variables["originator"] = originator;
        return JsonSerializer.Serialize(new { variables, callflow = new[] { new { caller_profile = new { caller_id_number = "918045678901", destination_number = to } } } });
    }

    static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    async Task PostAsync(string leg)
    {
        var (status, body) = await app.SendAsync(HttpMethod.Post, "/api/v1/webhooks/cdr", leg);
        Assert.True(status is 200 or 201, body.ToString());
    }

    async Task<Dictionary<string, JsonElement>> SumsAsync(string account, string query)
    {
        var (status, body) = await app.GetAsync($"/api/v1/cdrs/analytics?account={account}&{query}");
        Assert.True(status == 200, body.ToString());
        return body.GetProperty("items").EnumerateArray().ToDictionary(i => i.GetProperty("group").GetString()!);
    }

    static (int Calls, int Answered, string? Asr, int Acd, int PddKnown, int? Half, int? Most) Figures(JsonElement sums) => (
        sums.GetProperty("calls").GetInt32(), sums.GetProperty("answered").GetInt32(), sums.GetProperty("asrPercent").GetString(), sums.GetProperty("acdSeconds").GetInt32(),
        sums.GetProperty("pddKnown").GetInt32(), Number(sums, "pddMs50"), Number(sums, "pddMs95"));

    static int? Number(JsonElement sums, string name) => sums.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : null;
}
