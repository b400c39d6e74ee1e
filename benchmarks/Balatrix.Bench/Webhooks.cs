using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Balatrix.Modules.Identity.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Bench;

/// <summary>Signed payment.captured webhooks at 200 a second over HTTP, while the jobs that post their money run beside; each order is paid once and told of twice.</summary>
static class Webhooks
{
    const int PerSecond = 200;
    const double Goal = 20;
    const string Secret = "bench_webhook_secret";

    const string Event =
        """
        {"entity":"event","account_id":"acc_bench","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":{"id":"pay_bench#","entity":"payment","amount":10000,"currency":"INR",
         "status":"captured","order_id":"order_bench#","method":"upi","amount_refunded":0,"captured":true,"vpa":"bench@okbank","fee":200,"tax":31,"notes":[],"created_at":1795253400}}},"created_at":1795253400}
        """;

    public static async Task<BenchResult> RunAsync(BenchWorld world, int seconds)
    {
        // So long compiles what the jobs do.
        var warm = 10 * PerSecond;
        var total = seconds * PerSecond;
        await SetUpAsync(world, total + warm);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new Uri(world.Url) };
        await OpenLoopAsync(http, total, warm);
        var waits = await OpenLoopAsync(http, 0, total);
        var value = waits.Order().ElementAt(waits.Length * 99 / 100);
        await UntilAllPostedAsync(world, (total + warm) / 2);
        return new("webhooks", $"p99 ms of a webhook's answer, {PerSecond}/s, beside {Goal}", value, "ms", Goal, value / Goal, 1, value <= Goal);
    }

    static async Task<double[]> OpenLoopAsync(HttpClient http, int first, int count)
    {
        var waits = new double[count];
        var running = new Task[count];
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < count; i++)
        {
            var due = TimeSpan.FromSeconds((double)i / PerSecond);
            while (clock.Elapsed < due)
                await Task.Delay(1);
            running[i] = TellAsync(i);
        }
        await Task.WhenAll(running);
        return waits;

        async Task TellAsync(int i)
        {
            var n = first + i;
            // Each payment is told of by two events, as payment.captured and order.paid are.
            var body = Encoding.UTF8.GetBytes(Event.Replace("#", (n / 2).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/webhooks/razorpay") { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.Add("X-Razorpay-Signature", Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), body)));
            request.Headers.Add("x-razorpay-event-id", $"evt_bench{n}");
            var start = Stopwatch.GetTimestamp();
            using var response = await http.SendAsync(request);
            waits[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (!response.IsSuccessStatusCode)
                throw new InvalidOperationException($"A webhook was answered with {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }
    }

    static async Task SetUpAsync(BenchWorld world, int events)
    {
        var master = world.Services.GetRequiredService<MasterKey>();
        var (secret, webhook) = (Convert.ToHexString(master.Seal("payment-gateway", "bench"u8)), Convert.ToHexString(master.Seal("payment-gateway", Encoding.UTF8.GetBytes(Secret))));
        await world.ExecuteAsync(
            $"""
            insert into customers.account_profiles (tenant_id, account_id, name, created_at, updated_at)
            select {BenchWorld.Tenant}, {BenchWorld.FirstAccount} + i, 'Bench', now(), now() from generate_series(0, {world.Accounts - 1}) i on conflict do nothing;
            insert into payments.gateway_settings (tenant_id, gateway, key_id, key_secret, webhook_secret, updated_at)
            values ({BenchWorld.Tenant}, 1, 'bench', decode('{secret}', 'hex'), decode('{webhook}', 'hex'), now())
            on conflict (tenant_id, gateway) do update set webhook_secret = excluded.webhook_secret;
            with made as (
                insert into payments.payments (tenant_id, account_id, gateway, currency, amount_micros, purpose, description, status, idempotency_key, request_hash, created_at, updated_at)
                select {BenchWorld.Tenant}, {BenchWorld.FirstAccount} + i % {world.Accounts}, 1, 'INR', 100000000, 2, 'bench', 2, 'bench' || i, '', now(), now() from generate_series(0, {events / 2}) i
                returning payment_id, idempotency_key)
            insert into payments.attempts (tenant_id, payment_id, attempt_no, gateway, reference, stage, order_id, started_at, updated_at)
            select {BenchWorld.Tenant}, payment_id, 1, 1, 'PAY-' || payment_id || '-1', 3, 'order_' || idempotency_key, now(), now() from made;
            analyze payments.payments; analyze payments.attempts;
            """);
    }

    static async Task UntilAllPostedAsync(BenchWorld world, int expected)
    {
        await using var check = world.Database.Owner.CreateCommand("select count(*), coalesce(sum(amount_micros), 0)::bigint from payments.captures where gateway_payment_id like 'pay_bench%'");
        for (var tries = 0; tries < 600; tries++)
        {
            await using var reader = await check.ExecuteReaderAsync();
            await reader.ReadAsync();
            if (reader.GetInt64(0) > expected || reader.GetInt64(1) != reader.GetInt64(0) * 100_000_000)
                throw new InvalidOperationException($"{reader.GetInt64(0)} payments were posted, {expected} were paid.");
            if (reader.GetInt64(0) == expected)
                return;
            await Task.Delay(500);
        }
        throw new TimeoutException("Not all payments that webhooks told of were posted.");
    }
}
