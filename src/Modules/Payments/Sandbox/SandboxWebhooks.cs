using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>Posts signed webhooks as gateways do: late, twice now and then, in any order, and again when they are not taken.</summary>
sealed class SandboxWebhooks(SandboxOptions options, TimeProvider time) : IAsyncDisposable
{
    const int MostTries = 8;

    readonly HttpClient client = new() { Timeout = TimeSpan.FromSeconds(5) };
    readonly CancellationTokenSource stopping = new();
    readonly ConcurrentDictionary<Task, bool> underWay = new();

    public void Send(GatewayKind kind, string eventId, JsonObject body)
    {
        if (options.Webhooks is null)
            return;
        var bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        Start(kind, eventId, bytes);
        if (RandomNumberGenerator.GetInt32(100) < options.DuplicatePercent)
            Start(kind, eventId, bytes);
    }

    /// <summary>Until none is under way.</summary>
    public async Task IdleAsync()
    {
        while (!underWay.IsEmpty)
            await Task.WhenAll(underWay.Keys);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await IdleAsync();
        client.Dispose();
        stopping.Dispose();
    }

    void Start(GatewayKind kind, string eventId, byte[] body)
    {
        var task = Task.Run(() => DeliverAsync(kind, eventId, body));
        underWay[task] = true;
        _ = task.ContinueWith(done => underWay.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    async Task DeliverAsync(GatewayKind kind, string eventId, byte[] body)
    {
        try
        {
            var most = (int)options.WebhookDelay.TotalMilliseconds;
            await Task.Delay(options.IsReordering && most > 0 ? RandomNumberGenerator.GetInt32(most + 1) : most, stopping.Token);
            for (var attempt = 0; attempt < MostTries && !await PostAsync(kind, eventId, body); attempt++)
                await Task.Delay(TimeSpan.FromMilliseconds(500 << attempt), stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The sandbox ends; a gateway would go on for a day.
        }
    }

    async Task<bool> PostAsync(GatewayKind kind, string eventId, byte[] body)
    {
        var target = $"{options.Webhooks!.AbsoluteUri.TrimEnd('/')}/{(kind == GatewayKind.Razorpay ? "razorpay" : "stripe")}";
        using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        if (kind == GatewayKind.Razorpay)
        {
            request.Headers.Add("x-razorpay-event-id", eventId);
            request.Headers.Add("X-Razorpay-Signature", RazorpaySignatures.Sign(body, SandboxOptions.WebhookSecret));
        }
        else
        {
            request.Headers.Add("Stripe-Signature", StripeSignatures.Header(body, SandboxOptions.WebhookSecret, time.GetUtcNow()));
        }
        try
        {
            using var response = await client.SendAsync(request, stopping.Token);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (TaskCanceledException) when (!stopping.IsCancellationRequested)
        {
            return false;
        }
    }
}
