using System.Net.Http.Headers;
using System.Text.Json;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Balatrix.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>Two servers on one database are told and asked the same at the same moment: it is done once. The crossing of a mark is in <see cref="AutoRechargeTests"/>.</summary>
public sealed class TwoNodesOfPayments(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    [Fact]
    public async Task Webhooks_that_reach_both_nodes_at_once_bring_the_money_once()
    {
        await using var database = new Database(world.ConnectionString);
        await using var other = await OtherAsync(database);
        using var first = Client(world.Client.BaseAddress!);
        using var second = Client(new Uri(other.Urls.First()));
        var account = await world.NewAccountAsync();
        for (var round = 0; round < 5; round++)
        {
            var (id, order) = await world.OrderAsync(account, "10.00");
            var paid = world.Razorpay.Pay(order);
            // One event twice to each node, another event of the same payment, and the customer's browser at both.
            var told = new[] { "captured", "captured", "authorized" }.Select(name => PaymentWorld.Told($"{name}-{order}", paid)).ToArray();
            var answers = await Task.WhenAll(new[] { first, second }.SelectMany(node => told.Select(t => TellAsync(node, t)).Append(VerifyAsync(node, id, paid))));
            Assert.All(answers, status => Assert.Equal(200, status));
        }
        await world.WorkAsync();
        await world.UntilAsync(async () => (await world.RowsAsync("select count(*) from payments.webhook_events where outcome = 'waiting'", r => r.GetInt64(0)))[0] == 0);
        Assert.Equal(("50.00", 5), (await world.BalanceAsync(account), await world.EntriesAtGatewaysAsync(account)));
        Assert.Equal(10, (await world.RowsAsync("select count(*) from payments.webhook_events", r => r.GetInt64(0)))[0]);
        await world.AssertBooksProveAsync();
        await other.StopAsync();
    }

    [Fact]
    public async Task A_charge_that_is_asked_of_both_nodes_at_once_is_made_once()
    {
        await using var database = new Database(world.ConnectionString);
        await using var other = await OtherAsync(database);
        using var first = Client(world.Client.BaseAddress!);
        using var second = Client(new Uri(other.Urls.First()));
        var account = await world.NewAccountAsync();
        await world.SaveMethodAsync(account);
        world.Stripe.Meanwhile = () => Task.Delay(50);
        for (var round = 0; round < 5; round++)
        {
            var key = world.NewKey();
            var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => ChargeAsync(n % 2 == 0 ? first : second, account, key)));
            Assert.All(answers, a => Assert.True(a.Status is 200 or 201, a.Body.ToString()));
            Assert.Single(answers, a => a.Status == 201);
            Assert.Single(answers.Select(a => a.Body.GetProperty("id").GetString()).Distinct());
        }
        world.Stripe.Meanwhile = () => Task.CompletedTask;
        await world.PassAsync(TimeSpan.FromMinutes(20));
        Assert.All(world.Stripe.Charges.Values, times => Assert.Equal(1, times));
        Assert.Equal((5, "50.00", 5), (world.Stripe.Charges.Count, await world.BalanceAsync(account), await world.EntriesAtGatewaysAsync(account)));
        await world.AssertBooksProveAsync();
        await other.StopAsync();
    }

    async Task<WebApplication> OtherAsync(Database database)
    {
        var other = BalatrixServer.Build(
            database, "http://127.0.0.1:0", TimeProvider.System, data: world.Data, beforeServices: s => s.AddSingleton<OpenGateway>(c => c.Gateway == GatewayKind.Razorpay ? world.Razorpay : world.Stripe));
        await other.StartAsync(PaymentWorld.Stop);
        return other;
    }

    HttpClient Client(Uri node)
    {
        var client = new HttpClient { BaseAddress = node, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", world.AdminKey);
        return client;
    }

    static async Task<int> TellAsync(HttpClient node, GatewayEvent told)
    {
        var (body, signature) = FakeGateway.Sign(told);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/webhooks/razorpay");
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Signature", signature);
        using var response = await node.SendAsync(request, PaymentWorld.Stop);
        return (int)response.StatusCode;
    }

    static async Task<int> VerifyAsync(HttpClient node, string id, GatewayPayment paid) =>
        (await SendAsync(node, $"/api/v1/payments/{id}/verify", new { gatewayPaymentId = paid.Id, signature = $"signed:{paid.OrderId}|{paid.Id}" }, null)).Status;

    static Task<(int Status, JsonElement Body)> ChargeAsync(HttpClient node, string account, string key) => SendAsync(node, "/api/v1/payments/process-onetime", new { account, amount = "10.00" }, key);

    static async Task<(int Status, JsonElement Body)> SendAsync(HttpClient node, string path, object body, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = ApiServer.Json(body) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        using var response = await node.SendAsync(request, PaymentWorld.Stop);
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync(PaymentWorld.Stop)));
    }
}
