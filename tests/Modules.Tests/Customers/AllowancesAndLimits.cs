using Balatrix.Modules.Customers;
using Balatrix.Modules.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Customers;

public sealed class AllowancesAndLimits(TestApp app) : IClassFixture<TestApp>
{
    [Fact]
    public async Task Renewing_grants_nothing_twice()
    {
        await app.OpenAccountAsync("0.00");
        await app.Services.GetRequiredService<AllowanceRenewal>().RenewAsync(CancellationToken.None);
        Assert.Equal(0, await app.Services.GetRequiredService<AllowanceRenewal>().RenewAsync(CancellationToken.None));
    }

    [Fact]
    public async Task An_account_is_held_to_its_addresses_and_requests()
    {
        var account = await app.OpenAccountAsync("10.00");
        object Message(int n) => new { account, id = $"gate-{n}", to = "+919812345678", mcc = "404", mnc = "45", segments = 1 };
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/limits", new { allowedIps = new[] { "10.0.0.0/8" } })).Status);
        var (status, problem) = await app.PostAsync("/api/v1/charges", Message(1));
        Assert.Equal((403, "address_not_allowed"), (status, problem.GetProperty("code").GetString()));
        await app.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/limits", new { requestsPerSecond = 2 });
        var statuses = new List<int>();
        for (var n = 10; n < 16; n++)
            statuses.Add((await app.PostAsync("/api/v1/charges", Message(n))).Status);
        Assert.Contains(429, statuses);
        Assert.Contains(201, statuses);
    }

    [Fact]
    public async Task A_daily_cap_refuses_before_use()
    {
        var account = await app.OpenAccountAsync("10.00");
        await app.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/limits", new { dailySpendCap = "0.20" });
        object Message(string id) => new { account, id, to = "+919812345678", mcc = "404", mnc = "45", segments = 1 };
        Assert.Equal(201, (await app.PostAsync("/api/v1/charges", Message("cap-1"))).Status);
        var (status, problem) = await app.PostAsync("/api/v1/charges", Message("cap-2"));
        Assert.Equal((402, "daily_cap_reached"), (status, problem.GetProperty("code").GetString()));
    }
}
