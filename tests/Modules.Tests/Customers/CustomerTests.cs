using System.Text.Json;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Customers;

/// <summary>Customers over HTTP: KYC, search, and what suspending and closing do to their accounts.</summary>
public sealed class CustomerTests(TestApp app) : IClassFixture<TestApp>
{
    static readonly object Mumbai = new { line1 = "12 Marine Drive", city = "Mumbai", state = "27", postalCode = "400020", country = "IN" };

    static object Call(string account) => new { account, id = Guid.NewGuid().ToString(), called = "+447700900123", startTime = DateTimeOffset.UtcNow.AddMinutes(-1), durationSeconds = 5 };

    async Task<long> MakeAsync(object body)
    {
        var (status, made) = await app.PostAsync("/api/v1/customers", body);
        Assert.True(status == 201, made.ToString());
        return made.GetProperty("id").GetInt64();
    }

    async Task<string> AccountAsync(long customer, string topUp = "100.00")
    {
        var (status, made) = await app.PostAsync($"/api/v1/customers/{customer}/accounts", new { kind = "prepaid", plan = "starter" });
        Assert.True(status == 201, made.ToString());
        var id = made.GetProperty("id").GetString()!;
        if (topUp != "0.00")
            await app.PostAsync($"/api/v1/accounts/{id}/top-up", new { amount = topUp, reference = "test" }, Guid.NewGuid().ToString());
        return id;
    }

    [Fact]
    public async Task A_company_is_made_with_the_PAN_and_state_of_its_GSTIN()
    {
        var (status, made) = await app.PostAsync(
            "/api/v1/customers", new { name = "Google India", kind = "business", gstin = "27aagcg4576j1z6", phone = "+91 80 4567 8901", email = "accounts@google.example", billingAddress = Mumbai });
        Assert.Equal(201, status);
        Assert.Equal("27AAGCG4576J1Z6", made.GetProperty("gstin").GetString());
        Assert.Equal("AAGCG4576J", made.GetProperty("pan").GetString());
        Assert.Equal("27", made.GetProperty("stateCode").GetString());
        Assert.Equal("+918045678901", made.GetProperty("phone").GetString());
        Assert.Equal("pending", made.GetProperty("kycStatus").GetString());
    }

    [Theory]
    [InlineData("""{"name":""}""", "invalid_value", "name")]
    [InlineData("""{"name":"x","kind":"alien"}""", "invalid_value", "kind")]
    [InlineData("""{"name":"x","email":"nobody"}""", "invalid_value", "email")]
    [InlineData("""{"name":"x","phone":"12"}""", "invalid_value", "phone")]
    [InlineData("""{"name":"x","pan":"ABMXA3211G"}""", "invalid_value", "pan")]
    [InlineData("""{"name":"x","gstin":"27AAGCG4576J1Z7"}""", "invalid_value", "gstin")]
    [InlineData("""{"name":"x","gstin":"27AAGCG4576J1Z6","pan":"AAPPV8261K"}""", "gstin_pan_mismatch", "pan")]
    [InlineData("""{"name":"x","gstin":"27AAGCG4576J1Z6","billingAddress":{"line1":"a","city":"b","state":"29","postalCode":"560001"}}""", "gstin_state_mismatch", "billingAddress.state")]
    [InlineData("""{"name":"x","billingAddress":{"line1":"a","city":"b","state":"28","postalCode":"560001"}}""", "invalid_value", "billingAddress.state")]
    [InlineData("""{"name":"x","billingAddress":{"line1":"a","city":"b","state":"29","postalCode":"056001"}}""", "invalid_value", "billingAddress.postalCode")]
    [InlineData("""{"name":"x","documents":[{"type":"selfie","reference":"1"}]}""", "invalid_value", "documents")]
    [InlineData("""{"name":"x","contacts":[null]}""", "invalid_value", "contacts")]
    [InlineData("""{"name":"x","kycStatus":"perhaps"}""", "invalid_value", "kycStatus")]
    public async Task What_is_wrong_is_named(string body, string code, string field)
    {
        var (status, problem) = await app.PostAsync("/api/v1/customers", body);
        Assert.Equal((422, code, field), (status, problem.GetProperty("code").GetString(), problem.GetProperty("field").GetString()));
    }

    [Fact]
    public async Task A_change_of_identity_undoes_its_verification_and_needs_the_version_it_saw()
    {
        var id = await MakeAsync(new { name = "Vrundavan", gstin = "27AAGCG4576J1Z6" });
        Assert.Equal("verified", (await app.SendAsync(HttpMethod.Put, $"/api/v1/customers/{id}", new { kycStatus = "verified" })).Body.GetProperty("kycStatus").GetString());
        var (status, changed) = await app.SendAsync(HttpMethod.Put, $"/api/v1/customers/{id}", new { gstin = "27AAGCG4576JBZW" }, change: r => r.Headers.TryAddWithoutValidation("If-Match", "\"2\""));
        Assert.Equal((200, "pending", 3), (status, changed.GetProperty("kycStatus").GetString(), changed.GetProperty("version").GetInt32()));
        var (stale, problem) = await app.SendAsync(HttpMethod.Put, $"/api/v1/customers/{id}", new { name = "Late" }, change: r => r.Headers.TryAddWithoutValidation("If-Match", "\"2\""));
        Assert.Equal((412, "version_changed"), (stale, problem.GetProperty("code").GetString()));
        Assert.Equal("Vrundavan", (await app.GetAsync($"/api/v1/customers/{id}")).Body.GetProperty("name").GetString());
    }

    [Fact]
    public async Task Suspending_refuses_calls_at_once_and_activating_starts_only_what_it_stopped()
    {
        var id = await MakeAsync(new { name = "Suspended" });
        var (running, stopped) = (await AccountAsync(id), await AccountAsync(id));
        await using (var stop = app.Database.Owner.CreateCommand($"update ledger.accounts set status = 2 where account_id = {stopped[4..]}"))
            await stop.ExecuteNonQueryAsync();
        Assert.Equal(201, (await ReserveAsync(running)).Status);
        Assert.Equal(422, (await app.PostAsync($"/api/v1/customers/{id}/suspend", new { reason = "" })).Status);
        Assert.Equal("suspended", (await app.PostAsync($"/api/v1/customers/{id}/suspend", new { reason = "fraud" })).Body.GetProperty("status").GetString());
        Assert.Equal("account_suspended", (await ReserveAsync(running)).Body.GetProperty("code").GetString());
        // What happened already is charged all the same.
        Assert.Equal(201, (await app.PostAsync("/api/v1/cdrs", Call(running))).Status);
        Assert.Equal(409, (await app.PostAsync($"/api/v1/customers/{id}/accounts", new { kind = "prepaid", plan = "starter" })).Status);

        Assert.Equal("active", (await app.PostAsync($"/api/v1/customers/{id}/activate", null)).Body.GetProperty("status").GetString());
        Assert.Equal(201, (await ReserveAsync(running)).Status);
        Assert.Equal("account_suspended", (await ReserveAsync(stopped)).Body.GetProperty("code").GetString());

        Task<(int Status, JsonElement Body)> ReserveAsync(string account) => app.PostAsync($"/api/v1/accounts/{account}/reservations", new { amount = "1.00" });
    }

    [Fact]
    public async Task Closing_is_refused_while_money_remains()
    {
        var id = await MakeAsync(new { name = "Leaving" });
        var account = await AccountAsync(id, "25.00");
        var (status, problem) = await app.SendAsync(HttpMethod.Delete, $"/api/v1/customers/{id}");
        Assert.Equal((409, "money_remains"), (status, problem.GetProperty("code").GetString()));
        await app.PostAsync($"/api/v1/accounts/{account}/adjust", new { amount = "-25.00", reason = "paid out" }, "out-" + id);
        Assert.Equal("closed", (await app.SendAsync(HttpMethod.Delete, $"/api/v1/customers/{id}")).Body.GetProperty("status").GetString());
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, $"/api/v1/customers/{id}")).Status);
        Assert.Equal("account_closed", (await app.PostAsync($"/api/v1/accounts/{account}/top-up", new { amount = "1.00", reference = "late" }, "late-" + id)).Body.GetProperty("code").GetString());
        Assert.Equal(409, (await app.PostAsync($"/api/v1/customers/{id}/activate", null)).Status);
        Assert.Equal(409, (await app.SendAsync(HttpMethod.Put, $"/api/v1/customers/{id}", new { name = "Back" })).Status);
    }

    [Fact]
    public async Task Search_finds_by_any_identifier_and_takes_wildcards_for_what_they_are()
    {
        var id = await MakeAsync(new { name = "Zwölf Übersee 100% GmbH", email = "billing@zwoelf.example", phone = "+919845012345", gstin = "38AAALS7119L1ZH" });
        var account = await AccountAsync(id, "0.00");
        foreach (var q in new[] { "ÜBERSEE", "zwoelf.ex", "9845012345", "AAALS7119L", "38aaals", account, account[4..], "100%" })
        {
            var (status, found) = await app.GetAsync($"/api/v1/customers/search?q={Uri.EscapeDataString(q)}");
            Assert.Equal(200, status);
            Assert.Contains(id, found.GetProperty("items").EnumerateArray().Select(c => c.GetProperty("id").GetInt64()));
        }
        Assert.Equal(0, (await app.GetAsync("/api/v1/customers/search?q=%25%25%25")).Body.GetProperty("items").GetArrayLength());
        Assert.Equal(422, (await app.GetAsync("/api/v1/customers/search?q=ab")).Status);
    }

    [Fact]
    public async Task Pages_go_through_all_in_order_by_either_sort()
    {
        for (var n = 0; n < 5; n++)
            await MakeAsync(new { name = n % 2 == 0 ? "Same" : "Name " + n, kind = "enterprise" });
        foreach (var sort in new[] { "newest", "name" })
        {
            var (all, pages) = (new List<(string, long)>(), new List<(string, long)>());
            var (_, whole) = await app.GetAsync($"/api/v1/customers?sort={sort}&kind=enterprise&limit=500");
            all.AddRange(Rows(whole));
            for (string? cursor = ""; cursor is not null;)
            {
                var (_, page) = await app.GetAsync($"/api/v1/customers?sort={sort}&kind=enterprise&limit=2{(cursor.Length == 0 ? "" : "&cursor=" + cursor)}");
                pages.AddRange(Rows(page));
                cursor = page.GetProperty("next").GetString();
            }
            Assert.True(all.Count >= 5);
            Assert.Equal(all, pages);
        }
        Assert.Equal(422, (await app.GetAsync("/api/v1/customers?cursor=nonsense")).Status);
        Assert.Equal(422, (await app.GetAsync("/api/v1/customers?status=gone")).Status);

        static IEnumerable<(string, long)> Rows(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(c => (c.GetProperty("name").GetString()!, c.GetProperty("id").GetInt64()));
    }

    [Fact]
    public async Task Statistics_are_the_books()
    {
        var id = await MakeAsync(new { name = "Counted" });
        var account = await AccountAsync(id);
        for (var n = 0; n < 3; n++)
            await app.PostAsync("/api/v1/cdrs", Call(account));
        var (status, report) = await app.GetAsync($"/api/v1/customers/{id}/statistics");
        Assert.Equal(200, status);
        var use = report.GetProperty("usage").EnumerateArray().Single();
        Assert.Equal((3, "voice.outbound"), (use.GetProperty("count").GetInt32(), use.GetProperty("service").GetString()));
        Assert.Equal("100.00", report.GetProperty("money")[0].GetProperty("paidIn").GetString());
        var balance = report.GetProperty("balances")[0].GetProperty("balance").GetString()!;
        Assert.Equal(await app.BalanceAsync(account), balance);
        Assert.Equal(100m, decimal.Parse(balance, System.Globalization.CultureInfo.InvariantCulture) + decimal.Parse(use.GetProperty("spend").GetString()!, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(422, (await app.GetAsync($"/api/v1/customers/{id}/statistics?months=25")).Status);
        Assert.Equal(404, (await app.GetAsync("/api/v1/customers/999999999/statistics")).Status);
    }
}
