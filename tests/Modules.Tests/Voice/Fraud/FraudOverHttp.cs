using Balatrix.Modules.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Voice.Fraud;

/// <summary>Rules and alerts by HTTP: what is shown, what is refused, and whose it is.</summary>
public sealed class FraudOverHttp(FraudTenant app) : IClassFixture<FraudTenant>
{
    public static TheoryData<string, string> BadRules => new()
    {
        { """{"blocked":["x"]}""", "blocked" },
        { """{"blocked":[null]}""", "blocked" },
        { """{"blocked":["+1"]}""", "blocked" },
        { """{"allowed":["+1234567890123456"]}""", "allowed" },
        { """{"riskyCountries":["ZZ"]}""", "riskyCountries" },
        { """{"riskyCountries":[null]}""", "riskyCountries" },
        { """{"limits":[{"calls":5,"per":"week"}]}""", "limits" },
        { """{"limits":[{"per":"hour"}]}""", "limits" },
        { """{"limits":[null]}""", "limits" },
        { """{"limits":[{"calls":-1,"per":"hour"}]}""", "limits" },
        { """{"limits":[{"calls":5,"per":"hour","action":"explode"}]}""", "limits" },
        { """{"limits":[{"spend":"1e9","per":"hour"}]}""", "limits" },
        { """{"limits":[{"destination":"group:a\u0000","calls":5,"per":"hour"}]}""", "limits" },
        { """{"suddenChange":{"percent":100}}""", "suddenChange" },
        { """{"suddenChange":{"leastHours":0}}""", "suddenChange" },
        { """{"suddenChange":{"leastSpend":"-1.00"}}""", "suddenChange" },
    };

    [Theory]
    [MemberData(nameof(BadRules))]
    public async Task Rules_that_make_no_sense_are_refused_by_their_field(string rules, string field)
    {
        var (status, body) = await app.SendAsync(HttpMethod.Put, "/api/v1/fraud/rules/ACC-10001", rules);
        Assert.Equal((422, field), (status, body.GetProperty("field").GetString()));
    }

    [Fact]
    public async Task Rules_of_a_tenant_hold_for_its_accounts_but_for_what_these_have_of_their_own()
    {
        var (_, usual) = await app.GetAsync("/api/v1/fraud/rules");
        Assert.Equal((true, true, 0), (usual.GetProperty("rules").GetProperty("blockPremium").GetBoolean(), usual.GetProperty("rules").GetProperty("holdFirstCalls").GetBoolean(), usual.GetProperty("version").GetInt32()));
        var account = await app.OpenAccountAsync("10.00");
        await app.SetRulesAsync(account, new { blocked = new[] { "+4420" } });
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "/api/v1/fraud/rules", new { blockPremium = false, blocked = new[] { "+33" } })).Status);
        var (_, own) = await app.GetAsync($"/api/v1/fraud/rules/{account}");
        Assert.Equal(("+4420", false, 1), (own.GetProperty("rules").GetProperty("blocked")[0].GetString(), own.GetProperty("rules").GetProperty("blockPremium").GetBoolean(), own.GetProperty("version").GetInt32()));
        await FraudTenant.SoonAsync(async () => !(await app.CheckAsync(account, "442071838750")).Allowed && (await app.CheckAsync(account, "33142345678")).Allowed && (await app.CheckAsync(account, "449011234567")).Allowed);
        var (stale, problem) = await app.SendAsync(HttpMethod.Put, "/api/v1/fraud/rules", new { }, change: r => r.Headers.TryAddWithoutValidation("If-Match", "\"0\""));
        Assert.Equal((412, "version_changed"), (stale, problem.GetProperty("code").GetString()));
        await app.SetRulesAsync(account, new { });
        await FraudTenant.SoonAsync(async () => (await app.CheckAsync(account, "442071838750")).Allowed && !(await app.CheckAsync(account, "33142345678")).Allowed);
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "/api/v1/fraud/rules", new { })).Status);
        await FraudTenant.SoonAsync(async () => !(await app.CheckAsync(account, "449011234567")).Allowed);
        Assert.Equal(2, await app.CountAsync($"select count(*) from audit.records where action = 'fraud.rules-set' and entity_id = '{account}'"));
    }

    [Fact]
    public async Task A_call_that_is_asked_for_twice_counts_once()
    {
        var account = await app.OpenAccountAsync("10.00");
        await app.SetRulesAsync(account, new { limits = new[] { new { calls = 1, per = "hour", action = "suspend" } } });
        var call = new { uuid = Guid.NewGuid(), account, to = "+919812345678" };
        var (_, first) = await app.PostAsync("/api/v1/calls/authorize", call);
        var (status, again) = await app.PostAsync("/api/v1/calls/authorize", call);
        Assert.Equal((200, first.GetProperty("reservationId").GetGuid()), (status, again.TryGetProperty("reservationId", out var id) ? id.GetGuid() : Guid.Empty));
        await FraudTenant.SoonAsync(async () => !(await app.CheckAsync(account, "919812345678")).Allowed);
        Assert.Equal(200, (await app.PostAsync("/api/v1/calls/authorize", call)).Status);
        Assert.Equal(403, (await app.PostAsync("/api/v1/calls/authorize", call with { uuid = Guid.NewGuid() })).Status);
    }

    [Fact]
    public async Task An_alert_is_closed_once_and_only_by_its_own_tenant()
    {
        var account = await app.OpenAccountAsync("10.00");
        await app.CheckAsync(account, "881612345678");
        var id = (await app.AlertSoonAsync(account)).GetProperty("id").GetInt64();
        await using (var tenant = app.Database.Owner.CreateCommand("insert into platform.tenants (tenant_id, slug, name) values (88, 'fraud-other', 'Other') on conflict do nothing"))
            await tenant.ExecuteNonQueryAsync();
        using var foreign = app.NewClient((await app.Services.GetRequiredService<ApiKeys>().CreateAsync(88, "foreign", [Scope.All], [], null, CancellationToken.None)).Key);
        await ApiServer.ProblemAsync(await foreign.GetAsync($"/api/v1/fraud/alerts/{id}"), 404, "not_found");
        await ApiServer.ProblemAsync(await foreign.PostAsync($"/api/v1/fraud/alerts/{id}/allow", ApiServer.Json(new { })), 404, "not_found");
        await ApiServer.ProblemAsync(await foreign.GetAsync($"/api/v1/fraud/rules/{account}"), 404, "not_found");
        Assert.DoesNotContain(account, await foreign.GetStringAsync("/api/v1/fraud/alerts"), StringComparison.Ordinal);
        using var reader = app.NewClient((await app.Services.GetRequiredService<ApiKeys>().CreateAsync(1, "reader", [Scope.FraudRead], [], null, CancellationToken.None)).Key);
        await ApiServer.ProblemAsync(await reader.PostAsync($"/api/v1/fraud/alerts/{id}/resolve", ApiServer.Json(new { })), 403, "insufficient_scope");

        Assert.Equal((422, "hours"), await FieldAsync($"/api/v1/fraud/alerts/{id}/resolve", new { hours = 5 }));
        Assert.Equal((422, "hours"), await FieldAsync($"/api/v1/fraud/alerts/{id}/allow", new { hours = 0 }));
        Assert.Equal((422, "note"), await FieldAsync($"/api/v1/fraud/alerts/{id}/resolve", new { note = "a\0b" }));
        var (status, closed) = await app.PostAsync($"/api/v1/fraud/alerts/{id}/resolve", new { note = "Told the customer" });
        Assert.Equal((200, "resolved", "Told the customer"), (status, closed.GetProperty("status").GetString(), closed.GetProperty("note").GetString()));
        var (again, problem) = await app.PostAsync($"/api/v1/fraud/alerts/{id}/allow", new { });
        Assert.Equal((409, "alert_closed"), (again, problem.GetProperty("code").GetString()));
        // The rule holds on, and a new alert says so.
        Assert.False((await app.CheckAsync(account, "881612345678")).Allowed);
        Assert.NotEqual(id, (await app.AlertSoonAsync(account)).GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task What_an_account_may_do_is_listed_and_taken_back()
    {
        var account = await app.OpenAccountAsync("10.00");
        await app.CheckAsync(account, "5352123456");
        var alert = await app.AlertSoonAsync(account);
        Assert.Equal(200, (await app.PostAsync($"/api/v1/fraud/alerts/{alert.GetProperty("id")}/allow", new { note = "An office" })).Status);
        Assert.True((await app.CheckAsync(account, "5352123456")).Allowed);
        var (_, page) = await app.GetAsync($"/api/v1/fraud/permits?account={account}&rule=first_call");
        var permit = Assert.Single(page.GetProperty("items").EnumerateArray());
        Assert.Equal((account, "first_call", "CU", System.Text.Json.JsonValueKind.Null), (
            permit.GetProperty("account").GetString(), permit.GetProperty("rule").GetString(), permit.GetProperty("subject").GetString(), permit.GetProperty("until").ValueKind));

        Assert.Equal((422, "rule"), await FieldAsync($"/api/v1/fraud/permits/{account}/revoke", new { rule = "odd", subject = "CU" }));
        Assert.Equal((422, "subject"), await FieldAsync($"/api/v1/fraud/permits/{account}/revoke", new { rule = "first_call" }));
        Assert.Equal(404, (await app.PostAsync($"/api/v1/fraud/permits/{account}/revoke", new { rule = "first_call", subject = "LV" })).Status);
        Assert.Equal(404, (await app.PostAsync("/api/v1/fraud/permits/ACC-99999999/revoke", new { rule = "first_call", subject = "CU" })).Status);
        var (status, revoked) = await app.PostAsync($"/api/v1/fraud/permits/{account}/revoke", new { rule = "first_call", subject = "CU", note = "Closed" });
        Assert.True(status == 200, revoked.ToString());
        Assert.Equal(404, (await app.PostAsync($"/api/v1/fraud/permits/{account}/revoke", new { rule = "first_call", subject = "CU" })).Status);
        // Here at once, and what other nodes tell each other does not give it back; nor does the end of a call that was let go on before.
        Assert.False((await app.CheckAsync(account, "5352123456")).Allowed);
        app.Guard.Ended(1, FraudTenant.Call(account, "5352123456"), TimeSpan.FromSeconds(60), 1_000_000);
        await FraudTenant.SoonAsync(async () => await app.CountAsync($"select count(*) from voice.fraud_use where account_id = {FraudTenant.Id(account)}") > 0);
        Assert.False((await app.CheckAsync(account, "5352123456")).Allowed);
        Assert.Empty((await app.GetAsync($"/api/v1/fraud/permits?account={account}")).Body.GetProperty("items").EnumerateArray());
        foreach (var (query, field) in new[] { ("rule=odd", "rule"), ("limit=0", "limit"), ("cursor=x", "cursor") })
            Assert.Equal((422, field), ((await app.GetAsync($"/api/v1/fraud/permits?{query}")) is var (code, body) ? code : 0, body.GetProperty("field").GetString()));
    }

    [Fact]
    public async Task Alerts_are_listed_in_pages_by_what_they_are()
    {
        var account = await app.OpenAccountAsync("10.00");
        foreach (var number in new[] { "870773111632", "881612345678", "5352123456" })
            await app.CheckAsync(account, number);
        await FraudTenant.SoonAsync(async () => (await app.GetAsync($"/api/v1/fraud/alerts?account={account}")).Body.GetProperty("items").GetArrayLength() == 3);
        var (_, first) = await app.GetAsync($"/api/v1/fraud/alerts?account={account}&rule=blocked_destination&limit=1");
        var (_, second) = await app.GetAsync($"/api/v1/fraud/alerts?account={account}&rule=blocked_destination&limit=1&cursor={first.GetProperty("next").GetString()}");
        Assert.NotEqual(first.GetProperty("items")[0].GetProperty("subject").GetString(), second.GetProperty("items")[0].GetProperty("subject").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, second.GetProperty("next").ValueKind);
        foreach (var (query, field) in new[] { ("status=odd", "status"), ("rule=odd", "rule"), ("limit=0", "limit"), ("cursor=x", "cursor") })
        {
            var (status, body) = await app.GetAsync($"/api/v1/fraud/alerts?{query}");
            Assert.Equal((422, field), (status, body.GetProperty("field").GetString()));
        }
        Assert.Equal(404, (await app.GetAsync("/api/v1/fraud/alerts?account=nobody")).Status);
        Assert.Equal(404, (await app.GetAsync("/api/v1/fraud/alerts/1")).Status);
        Assert.Equal(404, (await app.GetAsync("/api/v1/fraud/rules/ACC-99999999")).Status);
    }

    [Fact]
    public async Task A_suspended_customers_account_starts_with_the_customer_and_not_before()
    {
        var (_, customer) = await app.PostAsync("/api/v1/customers", new { name = "Held" });
        var (_, opened) = await app.PostAsync($"/api/v1/customers/{customer.GetProperty("id")}/accounts", new { kind = "prepaid", plan = "starter" });
        var account = opened.GetProperty("id").GetString()!;
        await app.SetRulesAsync(account, new { limits = new[] { new { calls = 0, per = "hour", action = "suspend" } } });
        await FraudTenant.SoonAsync(() => Task.FromResult(app.Guard.Policies.ContainsKey((1, FraudTenant.Id(account)))));
        Assert.False((await app.CheckAsync(account, "919812345678")).Allowed);
        await FraudTenant.SoonAsync(async () => await StatusAsync(account) == "suspended");
        Assert.Equal(200, (await app.PostAsync($"/api/v1/customers/{customer.GetProperty("id")}/suspend", new { reason = "x" })).Status);
        var alert = await app.AlertSoonAsync(account);
        Assert.Equal(200, (await app.PostAsync($"/api/v1/fraud/alerts/{alert.GetProperty("id")}/allow", new { reactivate = true })).Status);
        Assert.Equal("suspended", await StatusAsync(account));
        Assert.Equal(200, (await app.PostAsync($"/api/v1/customers/{customer.GetProperty("id")}/activate", null)).Status);
        Assert.Equal("active", await StatusAsync(account));
    }

    async Task<string?> StatusAsync(string account) => (await app.GetAsync($"/api/v1/accounts/{account}")).Body.GetProperty("status").GetString();

    async Task<(int, string?)> FieldAsync(string path, object body)
    {
        var (status, answer) = await app.PostAsync(path, body);
        return (status, answer.TryGetProperty("field", out var field) ? field.GetString() : null);
    }
}
