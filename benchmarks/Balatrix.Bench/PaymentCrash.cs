using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Payments.Sandbox;
using Balatrix.Modules.Platform;

namespace Balatrix.Bench;

/// <summary>The long crash test of payments: clients charge a saved card and repeat what was not answered, while Balatrix is killed; the sandbox gateway lives on and says what was taken.</summary>
static class PaymentCrash
{
    const int Clients = 6;
    const string Account = "ACC-10001";

    /// <summary>Value is the kills that were survived with every payment taken and posted once and the books proven.</summary>
    public static async Task<BenchResult> RunAsync(int kills)
    {
        var folder = Path.Combine(Path.GetTempPath(), "balatrix-pay-" + Guid.NewGuid().ToString("N")[..8]);
        await using var server = new ServerProcess(folder, null);
        await server.RunAsync("seed", "--demo");
        await server.StartAsync();
        await using var sandbox = await SandboxServer.StartAsync(
            new("http://127.0.0.1:0", null, new Uri(server.Url + "/api/v1/webhooks")) { DuplicatePercent = 50 }, TimeProvider.System, CancellationToken.None);
        await SetUpAsync(server, folder, sandbox.Address);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(c => ClientAsync(server, folder, c, stop.Token)).ToArray();
        for (var n = 0; n < kills; n++)
        {
            await UntilOneMoreAsync(sandbox.Address);
            await Task.Delay(Random.Shared.Next(0, 300));
            await server.KillAsync();
            await server.StartAsync();
        }
        await stop.CancelAsync();
        var paid = (await Task.WhenAll(clients)).Sum() + 1;
        // The gateway is asked after a minute. A charge that was killed before it was sent stays open for a quarter of an hour, until it is believed lost.
        await Task.Delay(TimeSpan.FromSeconds(90));
        var (open, posted, taken) = (0, -1L, 0);
        for (var tries = 0; tries < 40 && posted != taken; tries++)
        {
            await Task.Delay(TimeSpan.FromSeconds(5));
            taken = await TakenAsync(sandbox.Address);
            (open, posted) = (await CountAsync(server, folder, "created", "requires_action", "pending", "unknown", "authorized", "failed"), await CountAsync(server, folder, "succeeded"));
        }
        await server.StopAsync();

        await using var postgres = await EmbeddedPostgres.StartAsync(folder, durable: true, _ => { }, CancellationToken.None);
        await using var database = new Database(postgres.ConnectionString);
        await using var command = database.Owner.CreateCommand("select count(*) from payments.captures");
        var received = (long)(await command.ExecuteScalarAsync())!;
        var report = await new LedgerVerification(database).VerifyAsync(null, CancellationToken.None);
        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {paid} payments made, {taken} taken by the gateway, {posted} succeeded and {received} posted, {open} that did not reach it, books {(report.Proven ? "proven" : string.Join("; ", report.Proofs.Where(p => !p.Proven)))}"));
        var survived = taken == posted && posted == received && paid == posted + open && open <= kills * Clients && report.Proven ? kills : 0;
        return new("payment-crash", $"{kills} kills in mid-payment survived, every payment once", survived, "kills", kills, survived / (double)kills, 1, survived == kills);
    }

    internal static async Task SetUpAsync(ServerProcess server, string folder, Uri sandbox)
    {
        using var http = await ClientOfAsync(server, folder);
        var access = new
        {
            keyId = SandboxOptions.KeyId,
            keySecret = SandboxOptions.KeySecret,
            webhookSecret = SandboxOptions.WebhookSecret,
            address = new Uri(sandbox, "stripe/v1/").ToString(),
            @default = true,
        };
        (await http.PutAsJsonAsync("/api/v1/payments/gateways/stripe", access)).EnsureSuccessStatusCode();
        // The customer pays once in the checkout and lets the card be kept.
        var (_, body) = await SendAsync(http, "/api/v1/payments", new { account = Account, amount = "10.00", gateway = "stripe", saveMethod = true }, "first");
        using var browser = new HttpClient { BaseAddress = sandbox };
        browser.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        (await browser.PostAsync($"checkout/{body.GetProperty("checkout").GetProperty("orderId").GetString()}", new FormUrlEncodedContent([new("instrument", "4242 4242 4242 4242")]))).EnsureSuccessStatusCode();
        for (var tries = 0; JsonElement.Parse(await http.GetStringAsync($"/api/v1/payment-methods?account={Account}")).GetProperty("items").GetArrayLength() == 0; tries++)
        {
            if (tries > 200)
                throw new TimeoutException("The card was not kept.");
            await Task.Delay(100);
        }
    }

    /// <summary>Waits until the gateway has taken one more payment, so that a kill is in the middle of others also where starting takes long.</summary>
    static async Task UntilOneMoreAsync(Uri sandbox)
    {
        var before = await TakenAsync(sandbox);
        for (var tries = 0; await TakenAsync(sandbox) == before; tries++)
        {
            if (tries > 12_000)
                throw new TimeoutException("Nobody pays.");
            await Task.Delay(10);
        }
    }

    /// <summary>Pays until it is told to stop; each payment is repeated until it is answered.</summary>
    static async Task<int> ClientAsync(ServerProcess server, string folder, int client, CancellationToken stop)
    {
        using var http = await ClientOfAsync(server, folder);
        var paid = 0;
        while (!stop.IsCancellationRequested)
        {
            while (!await PayAsync(http, $"crash-{client}-{paid}"))
                await Task.Delay(50, CancellationToken.None);
            paid++;
        }
        return paid;
    }

    static async Task<bool> PayAsync(HttpClient http, string key)
    {
        try
        {
            var (status, body) = await SendAsync(http, "/api/v1/payments/process-onetime", new { account = Account, amount = "10.00" }, key);
            return status is 200 or 201 || (status == 500 ? throw new InvalidOperationException(body.ToString()) : false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return false;
        }
    }

    static async Task<int> CountAsync(ServerProcess server, string folder, params string[] statuses)
    {
        using var http = await ClientOfAsync(server, folder);
        var count = 0;
        foreach (var status in statuses)
        {
            for (var (before, more) = ("", true); more;)
            {
                var page = JsonElement.Parse(await http.GetStringAsync($"/api/v1/payments?limit=500&status={status}{before}"));
                count += page.GetProperty("items").GetArrayLength();
                more = page.GetProperty("next").GetString() is { } next && (before = $"&before={next}").Length > 0;
            }
        }
        return count;
    }

    internal static async Task<int> TakenAsync(Uri sandbox)
    {
        using var http = new HttpClient { BaseAddress = sandbox };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", SandboxOptions.KeySecret);
        var (taken, after) = (0, "");
        while (true)
        {
            var page = JsonElement.Parse(await http.GetStringAsync($"stripe/v1/payment_intents?limit=100{after}"));
            var items = page.GetProperty("data").EnumerateArray().ToList();
            taken += items.Count(i => i.GetProperty("status").GetString() == "succeeded");
            if (!page.GetProperty("has_more").GetBoolean())
                return taken;
            after = $"&starting_after={items[^1].GetProperty("id").GetString()}";
        }
    }

    internal static async Task<(int Status, JsonElement Body)> SendAsync(HttpClient http, string path, object body, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await http.SendAsync(request);
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    internal static async Task<HttpClient> ClientOfAsync(ServerProcess server, string folder)
    {
        var http = new HttpClient { BaseAddress = new Uri(server.Url), Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await File.ReadAllTextAsync(Path.Combine(folder, "admin.key")));
        return http;
    }
}
