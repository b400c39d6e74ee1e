using System.Text.Json;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>A mandate of Razorpay from its setting-up to its debit, through the sandbox and the tenant's test clock.</summary>
public sealed class SandboxMandates(SandboxEndToEnd.World world) : IClassFixture<SandboxEndToEnd.World>
{
    [Theory]
    [InlineData("upi_success")]
    [InlineData("upi_pending")]
    [InlineData("failed_then_captured")]
    [InlineData("error_charged")]
    public async Task A_mandate_is_authorised_noticed_and_debited_once(string instrument)
    {
        var account = await world.NewAccountAsync();
        var (made, mandate) = await world.PostAsync(
            "/api/v1/payments/create-subscription", new { account, kind = "upi", maxAmount = "5000.00", frequency = "as_presented", gateway = "razorpay" }, Guid.NewGuid().ToString());
        Assert.True(made == 201, mandate.ToString());
        await world.PayAsync(new Uri(mandate.GetProperty("checkout").GetProperty("url").GetString()!), instrument);
        await UntilAsync($"/api/v1/payment-methods?account={account}", body => body.GetProperty("items") is var items && items.GetArrayLength() == 1 && items[0].GetProperty("status").GetString() == "active");
        // The rupee of the authorisation comes by a webhook of its own.
        await Soon.UntilAsync(async () => await world.AtGatewaysAsync(account) > 0, "the rupee is there");
        var before = await world.AtGatewaysAsync(account);
        Assert.Equal(1_000_000, before);

        var (status, payment) = await world.PostAsync("/api/v1/payments/process-onetime", new { account, amount = "349.00" }, Guid.NewGuid().ToString());
        Assert.True(status is 200 or 201 or 202, payment.ToString());
        await world.Sandbox.IdleAsync();
        Assert.Equal(before, await world.AtGatewaysAsync(account));

        var now = (await world.RowsAsync("select coalesce(test_now, now()) from platform.tenants where tenant_id = 1", r => r.GetFieldValue<DateTimeOffset>(0)))[0];
        var (advanced, answer) = await world.PostAsync("/api/v1/test-clock/advance", new { to = now.AddHours(37), start = true });
        Assert.True(advanced == 200, answer.ToString());
        await world.UntilPaidAsync(payment.GetProperty("id").GetString()!);
        await world.Sandbox.IdleAsync();
        Assert.Equal(before + 349_000_000, await world.AtGatewaysAsync(account));
        await world.AssertBooksProveAsync();
    }

    async Task UntilAsync(string path, Func<JsonElement, bool> isSo)
    {
        JsonElement body = default;
        await Soon.UntilAsync(async () => isSo(body = (await world.GetAsync(path)).Body), () => body.ToString());
    }
}
