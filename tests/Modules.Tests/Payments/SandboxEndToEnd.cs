using System.Text.Json;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Sandbox;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Subscriptions;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>The application as it is, paid through a sandbox that posts its webhooks to it: late, every other one twice, in any order.</summary>
public sealed class SandboxEndToEnd(SandboxEndToEnd.World world) : IClassFixture<SandboxEndToEnd.World>
{
    [Theory]
    [InlineData("razorpay")]
    [InlineData("stripe")]
    public async Task A_top_up_that_is_paid_in_the_checkout_is_on_the_balance_once(string gateway)
    {
        var account = await world.NewAccountAsync();
        var (id, url) = await world.OrderAsync(account, "500.00", gateway);
        await world.PayAsync(url, "4000 0000 0000 9995");
        await world.PayAsync(url, "4242 4242 4242 4242");
        await world.UntilPaidAsync(id);
        await world.Sandbox.IdleAsync();
        Assert.Equal(500_000_000, await world.AtGatewaysAsync(account));
        Assert.Equal("500.00", await world.BalanceAsync(account));
        await world.AssertBooksProveAsync();
    }

    [Theory]
    [InlineData("stripe", "pending_success")]
    [InlineData("stripe", "error_charged")]
    [InlineData("stripe", "failed_then_captured")]
    public async Task A_charge_whose_outcome_comes_by_webhook_is_on_the_balance_once(string gateway, string instrument)
    {
        var account = await world.NewAccountAsync();
        var token = "pm_sandbox_" + instrument;
        var (saved, method) = await world.PostAsync("/api/v1/payment-methods", new { account, token, gateway });
        Assert.True(saved == 201, method.ToString());
        var (status, body) = await world.PostAsync(
            "/api/v1/payments/process-onetime", new { account, amount = "349.00", paymentMethod = method.GetProperty("id").GetString() }, Guid.NewGuid().ToString());
        Assert.True(status is 200 or 201 or 202, body.ToString());
        await world.UntilPaidAsync(body.GetProperty("id").GetString()!);
        await world.Sandbox.IdleAsync();
        Assert.Equal(349_000_000, await world.AtGatewaysAsync(account));
        await world.AssertBooksProveAsync();
    }

    /// <summary>The application and its sandbox.</summary>
    public sealed class World(TestCluster cluster) : TestTenant(cluster), IAsyncLifetime
    {
        readonly HttpClient browser = new();

        public SandboxServer Sandbox { get; private set; } = null!;

        static CancellationToken Stop => TestContext.Current.CancellationToken;

        async ValueTask IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            var options = new SandboxOptions("http://127.0.0.1:0", null, new Uri(Client.BaseAddress!, "api/v1/webhooks")) { Pending = TimeSpan.FromSeconds(1), DuplicatePercent = 50 };
            Sandbox = await SandboxServer.StartAsync(options, TimeProvider.System, Stop);
            foreach (var kind in Enum.GetValues<GatewayKind>())
            {
                var credentials = SandboxOptions.Credentials(kind, Sandbox.Address);
                var (status, body) = await SendAsync(
                    HttpMethod.Put, $"/api/v1/payments/gateways/{kind.ToString().ToLowerInvariant()}",
                    new { keyId = credentials.KeyId, keySecret = credentials.KeySecret, webhookSecret = SandboxOptions.WebhookSecret, address = credentials.Address, checkoutPage = credentials.CheckoutPage, @default = kind == GatewayKind.Razorpay });
                Assert.True(status == 200, body.ToString());
            }
        }

        async ValueTask IAsyncDisposable.DisposeAsync()
        {
            await Sandbox.DisposeAsync();
            browser.Dispose();
            await DisposeAsync();
        }

        public async Task<string> NewAccountAsync()
        {
            var account = await OpenBareAccountAsync("0.00");
            await RowsAsync(
                $"""
                with made as (insert into customers.customers (tenant_id, name, kind, email, phone, created_at) values (1, 'Asha Rao', 'individual', '{account}@example.com', '+919812345678', now()) returning customer_id)
                update customers.account_profiles set customer_id = (select customer_id from made) where account_id = {account[4..]} returning 1
                """, r => r.GetInt32(0));
            return account;
        }

        public async Task<(string Id, Uri Checkout)> OrderAsync(string account, string amount, string gateway)
        {
            var (status, body) = await PostAsync("/api/v1/payments", new { account, amount, gateway }, Guid.NewGuid().ToString());
            Assert.True(status == 201, body.ToString());
            return (body.GetProperty("id").GetString()!, new Uri(body.GetProperty("checkout").GetProperty("url").GetString()!));
        }

        public async Task PayAsync(Uri checkout, string instrument)
        {
            using var form = new FormUrlEncodedContent([new("instrument", instrument)]);
            using var response = await browser.PostAsync(checkout, form, Stop);
            Assert.True(response.IsSuccessStatusCode);
        }

        public async Task UntilPaidAsync(string id)
        {
            JsonElement body = default;
            await Soon.UntilAsync(
                async () => (body = (await GetAsync($"/api/v1/payments/{id}")).Body).GetProperty("status").GetString() is "succeeded" or "paid" or "captured", () => $"{body} is paid");
        }

        public async Task<long> AtGatewaysAsync(string account) => (await RowsAsync(
            $"select coalesce(sum(case when debit_book in (21, 22) then amount_micros else -amount_micros end), 0)::bigint from ledger.journal_entries where account_id = {account[4..]} and (debit_book in (21, 22) or credit_book in (21, 22))",
            r => r.GetInt64(0)))[0];
    }
}
