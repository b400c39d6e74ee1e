using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Payments.Sandbox;

namespace Balatrix.Modules.Tests.Payments.Gateways;

/// <summary>A sandbox with a file remembers.</summary>
public sealed class SandboxRestarts
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_pending_goes_on_after_a_restart_and_a_torn_line_is_forgotten()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("sandbox").FullName, "sandbox.ndjson");
        using var gateways = new PaymentGateways(TimeProvider.System, new(TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(1)));
        var order = await PendingAsync(gateways, file);
        await File.AppendAllTextAsync(file, "{\"id\":\"order_torn\",\"am", Stop);

        await using var again = await SandboxServer.StartAsync(new("http://127.0.0.1:0", file) { Pending = TimeSpan.FromMilliseconds(50) }, TimeProvider.System, Stop);
        var gateway = gateways.Open(SandboxOptions.Credentials(GatewayKind.Razorpay, again.Address));
        await GatewayWorld.UntilAsync(() => gateway.FindPaymentsAsync(order, Stop), p => p.Value is [{ Status: GatewayPaymentStatus.Captured }]);
        Assert.True((await gateway.FindOrderAsync("order_torn", Stop)).IsNotFound);
    }

    static async Task<string> PendingAsync(PaymentGateways gateways, string file)
    {
        await using var sandbox = await SandboxServer.StartAsync(new("http://127.0.0.1:0", file) { Pending = TimeSpan.FromHours(1) }, TimeProvider.System, Stop);
        var gateway = gateways.Open(SandboxOptions.Credentials(GatewayKind.Razorpay, sandbox.Address));
        var order = (await gateway.CreateOrderAsync(new(GatewayWorld.NewReference(), GatewayWorld.Rupees(10), "Bill"), Stop)).Value!;
        var answer = await gateway.ChargeAsync(GatewayWorld.Charge(order, "cust_1", "token_sandbox_pending_success"), Stop);
        Assert.Equal(GatewayOutcome.Pending, answer.Outcome);
        return order.Id;
    }
}
