using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Payments.Sandbox;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Platform.Jobs;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>A Balatrix in a process of its own is killed again and again while clients pay through a sandbox gateway, which lives on and has the truth of what was charged.</summary>
public sealed class PaymentCrashTests(TestCluster cluster) : IAsyncLifetime
{
    const int Kills = 3;
    const int Clients = 4;
    const int PaymentsEach = 5;
    const int All = (Clients * PaymentsEach) + 1;

    /// <summary>A client repeats a payment through all the kills, and each start takes what it takes.</summary>
    static readonly TimeSpan Patience = 5 * Soon.Limit;

    readonly string data = Path.Combine(Path.GetTempPath(), "balatrix-pay-" + Guid.NewGuid().ToString("N")[..8]);
    readonly int port = BalatrixProcess.FreePort();
    string connectionString = "";
    Database database = null!;
    SandboxServer sandbox = null!;
    Process? server;
    string key = "";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        connectionString = await cluster.CloneAsync();
        database = new Database(connectionString);
        using var seed = Run("seed", "--demo");
        await seed.WaitForExitAsync(Stop);
        Assert.Equal(0, seed.ExitCode);
        await ServeAsync();
        key = await File.ReadAllTextAsync(Path.Combine(data, "admin.key"), Stop);
        sandbox = await SandboxServer.StartAsync(
            new("http://127.0.0.1:0", null, new Uri($"http://127.0.0.1:{port}/api/v1/webhooks")) { Pending = TimeSpan.FromMilliseconds(300), DuplicatePercent = 50 }, TimeProvider.System, Stop);
        using var http = Client();
        using var set = await http.PutAsJsonAsync(
            "/api/v1/payments/gateways/stripe",
            new { keyId = SandboxOptions.KeyId, keySecret = SandboxOptions.KeySecret, webhookSecret = SandboxOptions.WebhookSecret, address = new Uri(sandbox.Address, "stripe/v1/").ToString(), @default = true }, Stop);
        Assert.True(set.IsSuccessStatusCode, await set.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task Killing_Balatrix_in_mid_payment_neither_loses_nor_doubles_a_payment()
    {
        await SaveMethodAsync();
        var before = await BalanceAsync();
        var random = new Random(20261121);
        var clients = Enumerable.Range(0, Clients).Select(ClientAsync).ToArray();
        for (var n = 0; n < Kills; n++)
        {
            await Task.Delay(random.Next(200, 900), Stop);
            server!.Kill();
            await server.WaitForExitAsync(Stop);
            server.Dispose();
            await ServeAsync();
        }
        await Task.WhenAll(clients);
        // What was killed between the charge and its commit is known by asking; nobody waits for the pauses here.
        await JobWorld.UntilAsync(
            async () =>
            {
                // A charge that was killed before it was sent is believed lost after a quarter of an hour.
                await ExecuteAsync("update payments.attempts set charged_at = charged_at - interval '1 hour' where stage < 5 and charged_at > now() - interval '30 minutes'");
                await ExecuteAsync("update platform.jobs set run_at = now() where kind = 'resolve-payment' and status = 'queued' and run_at > now()");
                return await CountAsync("payments.payments where status in (1, 2, 3, 4, 5)") == 0;
            },
            "no payment open");
        var taken = await TakenAsync();
        Assert.InRange(taken, All - (Kills * Clients), All);
        Assert.Equal(taken, await CountAsync("payments.payments where status = 6"));
        Assert.Equal(taken, await CountAsync("payments.captures"));
        Assert.Equal(taken * 10_000_000L, await CountedAsync("select coalesce(sum(amount_micros), 0)::bigint from payments.captures"));
        // What the gateway did not take is known not to have reached it.
        Assert.Equal(All - taken, await CountAsync("payments.payments where status = 7 and decline_code = 'not_received'"));
        Assert.True(await BalanceAsync() > before);
        var report = await new LedgerVerification(database).VerifyAsync(null, Stop);
        Assert.True(report.Proven, string.Join("; ", report.Proofs.Where(p => !p.Proven)));
    }

    /// <summary>The customer pays once in the checkout and lets the card be kept.</summary>
    async Task SaveMethodAsync()
    {
        using var http = Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/payments") { Content = JsonContent.Create(new { account = "ACC-10001", amount = "10.00", gateway = "stripe", saveMethod = true }) };
        request.Headers.Add("Idempotency-Key", "first");
        using var ordered = await http.SendAsync(request, Stop);
        var body = await ordered.Content.ReadAsStringAsync(Stop);
        Assert.True(ordered.IsSuccessStatusCode, body);
        using var browser = new HttpClient { BaseAddress = sandbox.Address };
        browser.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        var order = JsonElement.Parse(body).GetProperty("checkout").GetProperty("orderId").GetString();
        using var paid = await browser.PostAsync($"checkout/{order}", new FormUrlEncodedContent([new("instrument", "4242 4242 4242 4242")]), Stop);
        Assert.True(paid.IsSuccessStatusCode, await paid.Content.ReadAsStringAsync(Stop));
        await JobWorld.UntilAsync(async () => await CountAsync("payments.methods where account_id = 10001 and is_default") == 1, "the card kept");
    }

    async Task ClientAsync(int client)
    {
        using var http = Client();
        for (var n = 0; n < PaymentsEach; n++)
        {
            var key = $"crash-{client}-{n}";
            await Soon.UntilAsync(() => AnsweredAsync(http, key), () => $"{key} is answered", Patience);
        }
    }

    static async Task<bool> AnsweredAsync(HttpClient http, string key)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/payments/process-onetime") { Content = JsonContent.Create(new { account = "ACC-10001", amount = "10.00" }) };
            request.Headers.Add("Idempotency-Key", key);
            using var response = await http.SendAsync(request);
            Assert.NotEqual(HttpStatusCode.InternalServerError, response.StatusCode);
            return response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return false;
        }
    }

    async Task<int> TakenAsync()
    {
        using var http = new HttpClient { BaseAddress = sandbox.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", SandboxOptions.KeySecret);
        var (taken, after) = (0, "");
        while (true)
        {
            var page = JsonElement.Parse(await http.GetStringAsync($"stripe/v1/payment_intents?limit=100{after}", Stop));
            var items = page.GetProperty("data").EnumerateArray().ToList();
            taken += items.Count(i => i.GetProperty("status").GetString() == "succeeded");
            if (!page.GetProperty("has_more").GetBoolean())
                return taken;
            after = $"&starting_after={items[^1].GetProperty("id").GetString()}";
        }
    }

    HttpClient Client()
    {
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Soon.Limit };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http;
    }

    async Task<long> BalanceAsync() => await CountedAsync("select balance_micros from ledger.accounts where account_id = 10001");

    async Task<long> CountAsync(string what) => await CountedAsync("select count(*) from " + what);

    async Task<long> CountedAsync(string sql)
    {
        await using var command = database.Owner.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Stop))!;
    }

    async Task ExecuteAsync(string sql)
    {
        await using var command = database.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Stop);
    }

    async Task ServeAsync()
    {
        server = Run("serve", "--urls", $"http://127.0.0.1:{port}");
        await BalatrixProcess.ReadyAsync(port);
    }

    Process Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "balatrix.dll"), .. arguments, "--data", data])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["ConnectionStrings__Balatrix"] = connectionString;
        start.Environment.Remove("Balatrix__PaymentSandbox");
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        if (server is { HasExited: false })
        {
            using var term = Process.Start("kill", ["-TERM", server.Id.ToString(CultureInfo.InvariantCulture)]);
            await server.WaitForExitAsync();
        }
        server?.Dispose();
        if (sandbox is not null)
            await sandbox.DisposeAsync();
        await database.DisposeAsync();
        if (Directory.Exists(data))
            Directory.Delete(data, recursive: true);
    }
}
