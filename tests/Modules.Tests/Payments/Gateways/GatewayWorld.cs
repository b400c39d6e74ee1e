using System.Collections.Concurrent;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Payments.Sandbox;
using Balatrix.Modules.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Tests.Payments.Gateways;

/// <summary>A sandbox, a place where its webhooks come, and gateways that speak to it.</summary>
public sealed class GatewayWorld : IAsyncLifetime
{
    static int references;

    WebApplication? receiver;

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public SandboxServer Sandbox { get; private set; } = null!;

    public StillClock Clock { get; } = new();

    /// <summary>What was posted, as it came.</summary>
    public ConcurrentQueue<(GatewayKind Kind, byte[] Body, Dictionary<string, string> Headers)> Webhooks { get; } = [];

    /// <summary>Waits long, as a busy machine needs.</summary>
    public PaymentGateways Patient { get; } = new(TimeProvider.System, new(Soon.Limit, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(30)));

    /// <summary>Gives up soon.</summary>
    public PaymentGateways Hasty { get; } = new(TimeProvider.System, new(TimeSpan.FromSeconds(4), TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(500)));

    readonly HttpClient browser = new() { Timeout = TimeSpan.FromMinutes(2) };

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        receiver = builder.Build();
        receiver.MapPost("/hooks/{gateway}", async (HttpContext context, string gateway) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Webhooks.Enqueue((gateway == "razorpay" ? GatewayKind.Razorpay : GatewayKind.Stripe, body.ToArray(), context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
        });
        await receiver.StartAsync();
        var options = new SandboxOptions("http://127.0.0.1:0", null, new Uri(receiver.Urls.First() + "/hooks")) { Pending = TimeSpan.FromMilliseconds(300), WebhookDelay = TimeSpan.FromMilliseconds(100), DuplicatePercent = 50 };
        Sandbox = await SandboxServer.StartAsync(options, TimeProvider.System, Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await Sandbox.DisposeAsync();
        await receiver!.DisposeAsync();
        Patient.Dispose();
        Hasty.Dispose();
        browser.Dispose();
    }

    public static string NewReference() => $"test-reference-{Interlocked.Increment(ref references)}";

    public static Money Rupees(long rupees) => new(rupees * Money.MicrosPerUnit, "INR");

    public static string ReadyMethod(GatewayKind kind, string code) => (kind == GatewayKind.Razorpay ? "token_sandbox_" : "pm_sandbox_") + code;

    public IPaymentGateway Open(GatewayKind kind, PaymentGateways? gateways = null) => (gateways ?? Patient).Open(SandboxOptions.Credentials(kind, Sandbox.Address));

    public async Task<string> CustomerAsync(GatewayKind kind)
    {
        var reference = NewReference();
        var answer = await Open(kind).CreateCustomerAsync(new(reference, "Asha Rao", $"{reference}@example.com", "+919876543210"), Stop);
        Assert.Equal(GatewayOutcome.Succeeded, answer.Outcome);
        return answer.Value!.Id;
    }

    public async Task<GatewayOrder> OrderAsync(GatewayKind kind, long rupees, string? customer = null)
    {
        var answer = await Open(kind).CreateOrderAsync(new(NewReference(), Rupees(rupees), "Invoice ₹", customer), Stop);
        Assert.True(answer.Outcome == GatewayOutcome.Succeeded, answer.ToString());
        return answer.Value!;
    }

    public static ChargeRequest Charge(GatewayOrder order, string customer, string method) => new(order.Id, NewReference(), order.Amount, customer, method, "Invoice", "asha@example.com", "+919876543210");

    /// <summary>Pays in the checkout; the answer is what the gateway's script gives the page.</summary>
    public async Task<JsonElement> PayAsync(string id, string instrument)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Sandbox.Address, $"checkout/{id}")) { Content = new FormUrlEncodedContent([new("instrument", instrument)]) };
        request.Headers.Accept.ParseAdd("application/json");
        using var response = await browser.SendAsync(request, Stop);
        Assert.True(response.IsSuccessStatusCode);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync(Stop)).RootElement;
    }

    public async Task ControlAsync(string path)
    {
        using var response = await browser.PostAsync(new Uri(Sandbox.Address, path), null, Stop);
        Assert.True(response.IsSuccessStatusCode);
    }

    public async Task<string> PageAsync(string path) => await browser.GetStringAsync(new Uri(Sandbox.Address, path), Stop);

    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> isDone)
    {
        T value = default!;
        await Soon.UntilAsync(async () => isDone(value = await ask()), () => $"still {value}");
        return value;
    }
}
