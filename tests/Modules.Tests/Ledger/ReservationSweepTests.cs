using System.Globalization;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Ledger;

/// <summary>Expired reservations are given back in the time of their tenant, also when that is a test clock's.</summary>
public sealed class ReservationSweepTests(TestApp app) : IClassFixture<TestApp>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_hold_ends_when_the_tenants_clock_passes_its_expiry_and_not_before(int days)
    {
        var account = await app.OpenAccountAsync("10.00");
        var start = DateTimeOffset.UtcNow.AddDays(days);
        try
        {
            await SetClockAsync(start);
            var (status, body) = await app.PostAsync($"/api/v1/accounts/{account}/reservations", new { amount = "4.00", eventId = $"swept-{days}", expiresInSeconds = 60 }, Guid.NewGuid().ToString());
            Assert.True(status == 201, body.ToString());

            // By real time it expired long ago, or will tomorrow; for the tenant it has a minute.
            await SweepAsync();
            Assert.Equal("4.00", await HeldAsync(account));
            await SetClockAsync(start.AddSeconds(59));
            await SweepAsync();
            Assert.Equal("4.00", await HeldAsync(account));

            await SetClockAsync(start.AddSeconds(61));
            await SweepAsync();
            Assert.Equal("0.00", await HeldAsync(account));
            Assert.Equal("10.00", await app.BalanceAsync(account));
        }
        finally
        {
            await SetClockAsync(null);
        }
        await app.AssertBooksProveAsync();
    }

    async Task SetClockAsync(DateTimeOffset? now)
    {
        await app.Database.InTenantAsync(1, (connection, ct) => Database.ExecuteAsync(connection, "update platform.tenants set test_now = $1 where tenant_id = 1", [now], ct), Stop);
        app.Services.GetRequiredService<TenantClock>().Forget(1);
    }

    /// <summary>Runs the job as its schedule would.</summary>
    async Task SweepAsync()
    {
        var (status, body) = await app.PostAsync("/api/v1/jobs/schedules/reservation-sweep/run", null);
        Assert.Equal(202, status);
        var job = body.GetProperty("jobId").GetInt64().ToString(CultureInfo.InvariantCulture);
        await Soon.UntilAsync(async () => (await app.GetAsync($"/api/v1/jobs/{job}")).Body.GetProperty("job").GetProperty("status").GetString() == "done", "the sweep has ended");
    }

    async Task<string> HeldAsync(string account) => (await app.GetAsync($"/api/v1/accounts/{account}/balance")).Body.GetProperty("held").GetString()!;
}
