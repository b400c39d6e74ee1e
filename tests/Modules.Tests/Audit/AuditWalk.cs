using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Payments;
using Balatrix.Modules.Voice.Fraud;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Audit;

/// <summary>
/// Goes through the addresses of the API's document that change something: each leaves an audit record, or stands below with the reason why not.
/// A group of addresses (its tag) that is walked at all is walked whole, so a new address needs a step here or a reason.
/// </summary>
public sealed partial class AuditWalk(AuditWalk.App app) : IClassFixture<AuditWalk.App>
{
    /// <summary>The application with gateways that do as they are told.</summary>
    public sealed class App(TestCluster cluster) : TestApp(cluster)
    {
        public FakeGateway Razorpay { get; } = new(GatewayKind.Razorpay);

        public FakeGateway Stripe { get; } = new(GatewayKind.Stripe);

        protected override void Replace(IServiceCollection services) => services.AddSingleton<OpenGateway>(c => c.Gateway == GatewayKind.Razorpay ? Razorpay : Stripe);
    }

    const string Events = "kept as the gateway's event; what it brings is recorded as payment.*";

    const string Ledger = "the usage record, entry or reservation is its record";
    const string Tokens = "needs what was mailed or an authenticator; recorded as user.*, which the tests of those show";

    static readonly Dictionary<string, string> Exceptions = new()
    {
        ["POST /api/v1/cdrs"] = Ledger,
        ["POST /api/v1/cdrs/batch"] = Ledger,
        ["POST /api/v1/cdrs/{}/retry"] = Ledger,
        ["POST /api/v1/webhooks/cdr"] = Ledger,
        ["POST /api/v1/webhooks/razorpay"] = Events,
        ["POST /api/v1/webhooks/stripe"] = Events,
        ["POST /api/v1/events"] = Ledger,
        ["POST /api/v1/events/batch"] = Ledger,
        ["POST /api/v1/subscriptions/{}/usage"] = Ledger,
        ["POST /api/v1/plans/simulate"] = "changes nothing",
        ["POST /api/v1/auth/refresh"] = "rotates a session's token; the session has its own record",
        ["POST /api/v1/auth/verify-email"] = Tokens,
        ["POST /api/v1/auth/reset-password"] = Tokens,
        ["POST /api/v1/auth/mfa/setup"] = "holds for nothing before it is verified",
        ["POST /api/v1/auth/mfa/verify"] = Tokens,
        ["POST /api/v1/auth/mfa/disable"] = Tokens,
        ["POST /api/v1/jobs/{}/retry"] = "needs a job that was given up; the tests of jobs show its record",
    };

    readonly HashSet<string> walked = [];

    [Fact]
    public async Task Every_change_is_on_record()
    {
        await CatalogAsync();
        var account = await CustomersAsync();
        await SubscriptionsAsync(account);
        await NumbersAsync(account);
        await RoutingAsync();
        await FraudAsync();
        await InvoicesAsync();
        await PaymentsAsync();
        await LoginsAsync();
        await Does("PUT", "/api/v1/settings", new { invoiceSeries = "AW" });
        await Does("POST", "/api/v1/cdrs/rerate", new { from = DateTimeOffset.UtcNow.AddDays(-1), to = DateTimeOffset.UtcNow, preview = false, runId = "walk", reason = "walk" });
        await Does("POST", "/api/v1/jobs/schedules/session-cleanup/run", null);
        // Last, since it moves the clock that all else is done by.
        await Does("POST", "/api/v1/test-clock/advance", new { seconds = 60, start = true });

        using var nobody = app.NewClient(null);
        var operations = JsonElement.Parse(await nobody.GetStringAsync("/openapi/v1.json")).GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Where(o => o.Name is "post" or "put" or "delete" or "patch").Select(o => (Name: $"{o.Name.ToUpperInvariant()} {Shape().Replace(p.Name, "{}")}", Tag: Tag(o.Value))))
            .ToList();
        var tags = operations.Where(o => walked.Contains(o.Name)).Select(o => o.Tag).ToHashSet();
        Assert.Empty(operations.Where(o => tags.Contains(o.Tag) && !walked.Contains(o.Name) && !Exceptions.ContainsKey(o.Name)).Select(o => $"{o.Name} is neither walked nor excepted"));
        Assert.Empty(Exceptions.Keys.Except(operations.Select(o => o.Name)));
    }

    async Task CatalogAsync()
    {
        var deck = (await Does("POST", "/api/v1/rate-decks", new { name = "walk", kind = "voice", currency = "INR" })).GetProperty("id");
        await Does("POST", $"/api/v1/rate-decks/{deck}/import", "prefix,rate\n91,1.00\n", "text/csv");
        var terms = new { prices = new { monthly = "10.00" }, decks = new Dictionary<string, string[]> { ["voice.outbound"] = ["walk"] } };
        await Does("POST", "/api/v1/plans", new { code = "walk", name = "Walk", currency = "INR", terms });
        await Does("PUT", "/api/v1/plans/walk", new { name = "Walked", terms });
        await Does("POST", "/api/v1/plans/walk/publish", null);
        await Does("DELETE", "/api/v1/plans/walk", null);
        await Does("POST", "/api/v1/addons", new { code = "walk", name = "Walk", currency = "INR", terms = new { prices = new { monthly = "1.00" } } });
        await Does("PUT", "/api/v1/addons/walk", new { name = "Walked", terms = new { prices = new { monthly = "2.00" } } });
        await Does("DELETE", "/api/v1/addons/walk", null);
        var prices = new { prices = new[] { new { service = "event", channel = "sms_otp", rate = "0.10" } } };
        var tariff = (await Does("POST", "/api/v1/tariffs", new { account = "ACC-10003", name = "Walk", terms = prices })).GetProperty("id");
        await Does("PUT", $"/api/v1/tariffs/{tariff}", new { name = "Walked", terms = prices });
        await Does("DELETE", $"/api/v1/tariffs/{tariff}", null);
    }

    async Task<string> CustomersAsync()
    {
        var customer = (await Does("POST", "/api/v1/customers", new { name = "Walk" })).GetProperty("id");
        await Does("PUT", $"/api/v1/customers/{customer}", new { name = "Walked" });
        var account = (await Does("POST", $"/api/v1/customers/{customer}/accounts", new { kind = "prepaid" })).GetProperty("id").GetString()!;
        await Does("POST", "/api/v1/accounts", new { name = "Walk", kind = "prepaid" });
        await Does("POST", $"/api/v1/accounts/{account}/top-up", new { amount = "5000.00", reference = "walk" });
        await Does("POST", $"/api/v1/accounts/{account}/adjust", new { amount = "-1.00", reason = "walk" });
        await Does("POST", $"/api/v1/accounts/{account}/transfer", new { to = "ACC-10001", amount = "1.00", reference = "walk" });
        await Does("PUT", $"/api/v1/accounts/{account}/limits", new { concurrentCalls = 2 });
        await Does("PUT", $"/api/v1/accounts/{account}/auto-recharge", new { enabled = true, threshold = "10.00", amount = "100.00" });
        await using (var barred = app.Database.Owner.CreateCommand($"update ledger.accounts set bar = 2 where account_id = {account[4..]}"))
            await barred.ExecuteNonQueryAsync();
        await Does("POST", $"/api/v1/accounts/{account}/lift-bar", new { reason = "walk" });
        await Does("POST", $"/api/v1/customers/{customer}/suspend", new { reason = "walk" });
        await Does("POST", $"/api/v1/customers/{customer}/activate", null);
        var other = (await Does("POST", "/api/v1/customers", new { name = "Leaving" })).GetProperty("id");
        await Does("DELETE", $"/api/v1/customers/{other}", null);
        return account;
    }

    async Task SubscriptionsAsync(string account)
    {
        var id = (await Does("POST", "/api/v1/subscriptions", new { account, plan = "starter" })).GetProperty("subscription").GetProperty("id").GetString();
        await Does("PUT", $"/api/v1/subscriptions/{id}", new { autoRenew = false });
        await Does("POST", $"/api/v1/subscriptions/{id}/change-plan", new { plan = "professional" });
        await Does("POST", $"/api/v1/subscriptions/{id}/renew", null);
        await Does("POST", $"/api/v1/subscriptions/{id}/suspend", null);
        await Does("POST", $"/api/v1/subscriptions/{id}/activate", null);
        await Does("DELETE", $"/api/v1/subscriptions/{id}", null);
        await Does("POST", $"/api/v1/subscriptions/{id}/cancel", new { when = "now" });
    }

    async Task NumbersAsync(string account)
    {
        var subscription = (await Does("POST", "/api/v1/subscriptions", new { account, plan = "starter" })).GetProperty("subscription").GetProperty("id").GetString();
        var id = (await Does("POST", "/api/v1/dids", new { number = "+912269009999" })).GetProperty("id");
        await Does("PUT", $"/api/v1/dids/{id}", new { label = "walk" });
        await Does("POST", $"/api/v1/dids/{id}/assign", new { subscription });
        await Does("POST", $"/api/v1/dids/{id}/release", null);
        await Does("DELETE", $"/api/v1/dids/{id}", null);
        await Does("POST", "/api/v1/dids/import", "number\n+912269009998\n", "text/csv");
        var user = (await Does("POST", "/api/v1/sip-users", new { name = "walk", account })).GetProperty("id");
        await Does("DELETE", $"/api/v1/sip-users/{user}", null);
    }

    async Task RoutingAsync()
    {
        var id = (await Does("POST", "/api/v1/carriers", new { name = "Walk", gateway = "walk" })).GetProperty("id");
        await Does("PUT", $"/api/v1/carriers/{id}", new { priority = 5 });
        await Does("POST", $"/api/v1/carriers/{id}/import", "prefix,rate\n91,0.50\n", "text/csv");
        await Does("DELETE", $"/api/v1/carriers/{id}", null);
    }

    async Task FraudAsync()
    {
        var rules = new { blocked = new[] { "+2529" } };
        await Does("PUT", "/api/v1/fraud/rules", rules);
        await Does("PUT", "/api/v1/fraud/rules/ACC-10002", rules);
        await Does("POST", $"/api/v1/fraud/alerts/{await AlertAsync("881612345678")}/resolve", new { note = "walk" });
        await Does("POST", $"/api/v1/fraud/alerts/{await AlertAsync("5352123456")}/allow", new { note = "walk" });
        await Does("POST", "/api/v1/fraud/permits/ACC-10002/revoke", new { rule = "first_call", subject = "CU", note = "walk" });
    }

    /// <summary>A call that the rules find, and the alert that follows within a second or two.</summary>
    async Task<long> AlertAsync(string called)
    {
        await app.Services.GetRequiredService<FraudGuard>().CheckAsync(1, new FraudCall(10002, called, "", 0, DateTimeOffset.UtcNow), CancellationToken.None);
        for (var tries = 0; tries < 600; tries++)
        {
            foreach (var alert in JsonElement.Parse(await app.Client.GetStringAsync("/api/v1/fraud/alerts?status=open&account=ACC-10002")).GetProperty("items").EnumerateArray())
                if (alert.GetProperty("called").GetString() == called)
                    return alert.GetProperty("id").GetInt64();
            await Task.Delay(50);
        }
        throw new TimeoutException("No alert was raised in 30 s.");
    }

    async Task InvoicesAsync()
    {
        var first = await InvoiceAsync();
        await Does("POST", $"/api/v1/invoices/{first}/reminder", null);
        await Does("POST", $"/api/v1/invoices/{first}/credit-note", new { reason = "walk", lines = new[] { new { line = 2, amount = "1.00" } } });
        await Does("POST", $"/api/v1/invoices/{first}/mark-paid", new { amount = "5.00", reference = "walk" });
        await Does("POST", $"/api/v1/invoices/{first}/write-off", new { reason = "walk" });
        await Does("POST", $"/api/v1/invoices/{await InvoiceAsync()}/void", new { reason = "walk" });
        await Does("POST", "/api/v1/accounts/ACC-10003/adjust", new { amount = "-30.00", reason = "walk" });
        var subscription = JsonElement.Parse(await app.Client.GetStringAsync("/api/v1/subscriptions?account=ACC-10003")).GetProperty("items")[0].GetProperty("id").GetString();
        await Does("POST", $"/api/v1/invoices/generate/subscription/{subscription}", new { });
        await Does("POST", "/api/v1/invoices/process-billing-cycle", new { });
    }

    /// <summary>Uses something on the postpaid account of the demo and invoices it.</summary>
    async Task<string> InvoiceAsync()
    {
        using var used = await app.Client.PostAsync(
            "/api/v1/events",
            new StringContent(
                JsonSerializer.Serialize(new { specversion = "1.0", id = Guid.NewGuid(), source = "walk", type = "balatrix.auth.sms_otp", subject = "ACC-10003", time = DateTimeOffset.UtcNow.AddSeconds(-1), data = new { quantity = 100 } }),
                Encoding.UTF8, "application/cloudevents+json"));
        Assert.True(used.IsSuccessStatusCode, await used.Content.ReadAsStringAsync());
        return (await Does("POST", "/api/v1/invoices/generate/postpaid/ACC-10003", new { to = DateTimeOffset.UtcNow.ToOffset(TimeSpan.FromHours(5.5)).AddDays(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) }))
            .GetProperty("documents")[0].GetProperty("summary").GetProperty("number").GetString()!;
    }

    async Task PaymentsAsync()
    {
        foreach (var gateway in new[] { "razorpay", "stripe" })
            await Does("PUT", $"/api/v1/payments/gateways/{gateway}", new { keyId = "key_walk", keySecret = "very-secret", webhookSecret = FakeGateway.Secret, @default = gateway == "stripe" });
        const string Account = "ACC-10001";
        var made = await Does("POST", "/api/v1/payments", new { account = Account, amount = "50.00", gateway = "razorpay" });
        var (payment, paid) = (made.GetProperty("id").GetString(), app.Razorpay.Pay(made.GetProperty("checkout").GetProperty("orderId").GetString()!));
        await Does("POST", $"/api/v1/payments/{payment}/verify", new { gatewayPaymentId = paid.Id, signature = $"signed:{paid.OrderId}|{paid.Id}" });
        await Does("POST", $"/api/v1/payments/{payment}/refund", new { amount = "10.00", reason = "walk" });
        await using (var line = app.Database.Owner.CreateCommand(
            """
            insert into payments.settlements (tenant_id, gateway, item_id, day, kind, currency, gross_micros, fee_micros, fee_tax_micros, net_micros, occurred_at, difference, read_at)
            values (1, 1, 'adj_1', '2026-11-01', 'adjustment', 'INR', -1000000, 0, 0, -1000000, now(), 'not_posted', now())
            """))
            await line.ExecuteNonQueryAsync();
        await Does("POST", "/api/v1/payments/settlements/razorpay/adj_1/post", new { @as = "fee", note = "walk" });
        await Does("POST", "/api/v1/payments/create-subscription", new { account = Account, kind = "upi", maxAmount = "500.00", gateway = "razorpay" });
        var customer = await CustomerAtStripeAsync();
        app.Stripe.Methods["pm_walk"] = new("pm_walk", customer, MethodKind.Card, MethodStatus.Active, "Visa 4242", 12, 2090, null, null, null);
        var method = (await Does("POST", "/api/v1/payment-methods", new { account = Account, token = "pm_walk", gateway = "stripe" })).GetProperty("id").GetString();
        await Does("POST", $"/api/v1/payment-methods/{method}/default", null);
        app.Stripe.Faults["charge"] = () => new("insufficient_funds", "Declined.", DeclineKind.Soft);
        var declined = (await Does("POST", "/api/v1/payments/process-onetime", new { account = Account, amount = "50.00" })).GetProperty("id").GetString();
        app.Stripe.Faults.Clear();
        await Does("POST", $"/api/v1/payments/{declined}/retry", null);
        await Does("DELETE", $"/api/v1/payment-methods/{method}", null);
    }

    /// <summary>Who the account is to the gateway: known once something was asked for it.</summary>
    async Task<string> CustomerAtStripeAsync()
    {
        await Does("POST", "/api/v1/payments", new { account = "ACC-10001", amount = "50.00", gateway = "stripe", saveMethod = true });
        await using var command = app.Database.Owner.CreateCommand("select gateway_customer_id from payments.gateway_customers where account_id = 10001 and gateway = 2");
        return (string)(await command.ExecuteScalarAsync())!;
    }

    async Task LoginsAsync()
    {
        await Does("POST", "/api/v1/auth/register", new { email = "walk@example.test", password = "correct horse battery 7", name = "Walk" });
        await Does("POST", "/api/v1/auth/forgot-password", new { email = "jane.smith@example.com" });
        var key = (await Does("POST", "/api/v1/auth/api-keys", new { name = "walk", scopes = new[] { "ledger:read" } })).GetProperty("id");
        await Does("DELETE", $"/api/v1/auth/api-keys/{key}", null);
        var first = await LoginAsync("Demo@123");
        using var jane = app.NewClient(first);
        var session = JsonElement.Parse(await jane.GetStringAsync("/api/v1/auth/sessions")).GetProperty("items")[0].GetProperty("id");
        await Does("POST", "/api/v1/auth/change-password", new { currentPassword = "Demo@123", newPassword = "correct horse battery 8" }, token: first);
        await Does("POST", "/api/v1/auth/logout", null, token: await LoginAsync("correct horse battery 8"));
        await Does("DELETE", $"/api/v1/auth/sessions/{session}", null, token: first);
    }

    async Task<string> LoginAsync(string password) =>
        (await Does("POST", "/api/v1/auth/login", new { email = "jane.smith@example.com", password })).GetProperty("accessToken").GetString()!;

    /// <summary>Does something that must succeed and leave a record, and gives its answer.</summary>
    async Task<JsonElement> Does(string method, string path, object? body, string contentType = "application/json", string? token = null)
    {
        var before = await RecordsAsync();
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);
        if (body is not null)
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body, JsonSerializerOptions.Web), Encoding.UTF8, contentType);
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await app.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {text}");
        Assert.True(await RecordsAsync() > before, $"{method} {path} left no audit record.");
        walked.Add($"{method} {Template(path)}");
        return text.Length == 0 ? default : JsonElement.Parse(text);
    }

    async Task<long> RecordsAsync()
    {
        await using var command = app.Database.Owner.CreateCommand("select count(*) from audit.records where actor not like 'system:%'");
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>The address with its ids taken out: what has a digit or names something of the walk.</summary>
    static string Template(string path) => string.Join('/', path.Split('/').Select((part, i) => i > 3 && (part is "walk" or "session-cleanup" or "razorpay" or "stripe" || part.Any(char.IsAsciiDigit)) ? "{}" : part));

    static string? Tag(JsonElement operation) => operation.TryGetProperty("tags", out var tags) ? tags[0].GetString() : null;

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Shape();
}
