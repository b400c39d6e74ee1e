using System.Text.Json;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>A call was charged by estimate and its rate was wrong besides: both are made good, in whichever order.</summary>
public sealed class RatesMendedAfterEstimates(VoiceApp app) : IClassFixture<VoiceApp>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_customer_pays_the_mended_rate_of_the_seconds_that_the_record_tells(bool isCorrectedFirst)
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.EndUnheardAsync(account);
        await lab.MissedAsync(call);
        await lab.PassAsync(130);
        await lab.SettledAsync(account);
        Assert.NotEqual(100 - VoiceLab.PriceOf(call), (await lab.MoneyAsync(account)).Balance);

        if (isCorrectedFirst)
            await CorrectAsync();
        await lab.ImportAsync(lab.Plan, "prefix,description,rate,increment_seconds\n4420,London,0.60,1\n");
        await Soon.UntilAsync(async () => (await RerateAsync(preview: true)).GetProperty("changed").GetInt32() == 1, "The mended rate is read");
        Assert.Equal(1, (await RerateAsync(preview: false)).GetProperty("posted").GetInt32());
        if (!isCorrectedFirst)
            await CorrectAsync();
        Assert.Equal((100 - (VoiceLab.PriceOf(call) / 2), 0), await lab.MoneyAsync(account));
        Assert.Equal(0, (await RerateAsync(preview: true)).GetProperty("changed").GetInt32());
        await app.AssertBooksProveAsync();

        async Task CorrectAsync() => Assert.Equal(200, (await lab.PostRecordAsync(call.Uuid)).Status);

        async Task<JsonElement> RerateAsync(bool preview)
        {
            var (from, to) = (lab.Time.GetUtcNow().AddDays(-1), lab.Time.GetUtcNow().AddDays(1));
            var (status, report) = await app.PostAsync("/api/v1/cdrs/rerate", new { from, to, account, preview, runId = account, reason = "mended" });
            Assert.True(status == 200, report.ToString());
            return report;
        }
    }
}
