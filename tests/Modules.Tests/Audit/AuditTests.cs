using System.Text.Json;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Audit;

/// <summary>Changes are on record, in a chain that shows tampering.</summary>
public sealed class AuditTests(TestApp app) : IClassFixture<TestApp>
{
    async Task<JsonElement[]> LogAsync(string query) => [.. (await app.GetAsync("/api/v1/audit-logs?" + query)).Body.GetProperty("items").EnumerateArray()];

    async Task<AuditProof> ProofAsync() => (await new AuditVerification(app.Database).VerifyAsync(1, CancellationToken.None)).Single();

    async Task OwnerAsync(string sql)
    {
        await using var command = app.Database.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task A_change_is_recorded_with_who_where_before_and_after_and_a_refused_one_is_not()
    {
        var (_, made) = await app.PostAsync("/api/v1/customers", new { name = "Audited" });
        var id = made.GetProperty("id").GetInt64();
        await app.SendAsync(HttpMethod.Put, $"/api/v1/customers/{id}", new { name = "Renamed" });
        await app.SendAsync(HttpMethod.Put, $"/api/v1/customers/{id}", new { gstin = "wrong" });
        var records = await LogAsync($"entity=customer&entityId={id}");
        Assert.Equal(["customer.updated", "customer.created"], records.Select(r => r.GetProperty("action").GetString()));
        Assert.Equal(("Audited", "Renamed"), (records[0].GetProperty("before").GetProperty("name").GetString(), records[0].GetProperty("after").GetProperty("name").GetString()));
        Assert.Equal("key:tests", records[0].GetProperty("actor").GetString());
        Assert.Equal("127.0.0.1", records[0].GetProperty("address").GetString());
        Assert.False(string.IsNullOrEmpty(records[0].GetProperty("requestId").GetString()));
    }

    [Fact]
    public async Task Money_moved_by_hand_is_recorded_once_with_its_entry()
    {
        // Postpaid, since another test gives the tenant a GST registration, which taxes what fills a wallet.
        var account = await app.OpenAccountAsync("10.00", kind: "postpaid");
        for (var n = 0; n < 2; n++)
            await app.PostAsync($"/api/v1/accounts/{account}/adjust", new { amount = "-3.00", reason = "mistake" }, "audit-once-" + account);
        await app.PostAsync($"/api/v1/accounts/{account}/adjust", new { amount = "-300.00", reason = "too much" }, "audit-refused-" + account);
        var records = await LogAsync($"entity=account&entityId={account}&action=account.adjustment");
        Assert.Equal("7.00", Assert.Single(records).GetProperty("after").GetProperty("balance").GetString());
    }

    [Fact]
    public async Task Pages_and_filters_narrow_the_log()
    {
        var id = 0L;
        for (var n = 0; n < 3; n++)
            id = (await app.PostAsync("/api/v1/customers", new { name = "Paged" })).Body.GetProperty("id").GetInt64();
        var (_, page) = await app.GetAsync("/api/v1/audit-logs?action=customer.created&limit=2");
        Assert.Equal(2, page.GetProperty("items").GetArrayLength());
        var next = await LogAsync($"action=customer.created&limit=2&cursor={page.GetProperty("next").GetInt64()}");
        Assert.NotEqual(id.ToString(System.Globalization.CultureInfo.InvariantCulture), next[0].GetProperty("entityId").GetString());
        Assert.Empty(await LogAsync("actor=user:nobody"));
        Assert.Empty(await LogAsync("to=2020-01-01T00:00:00Z"));
        Assert.Equal(422, (await app.GetAsync("/api/v1/audit-logs?limit=0")).Status);
    }

    [Fact]
    public async Task Many_changes_at_once_make_one_chain_and_tampering_names_the_first_wrong_record()
    {
        await Task.WhenAll(Enumerable.Range(0, 30).Select(n => app.PostAsync("/api/v1/customers", new { name = "At once " + n })));
        var whole = await ProofAsync();
        Assert.True(whole.Fault is null && whole.Records >= 30, whole.Fault);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => OwnerAsync("delete from audit.records where sequence_no = 5"));

        await OwnerAsync("alter table audit.records disable trigger append_only");
        await OwnerAsync("update audit.records set actor = actor || '.else' where tenant_id = 1 and sequence_no = 7");
        Assert.Equal("record 7 is not what was written", (await ProofAsync()).Fault);
        await OwnerAsync("update audit.records set actor = replace(actor, '.else', '') where tenant_id = 1 and sequence_no = 7");
        Assert.Null((await ProofAsync()).Fault);
        await OwnerAsync("begin; create table public.kept as select * from audit.records where sequence_no = 9; delete from audit.records where sequence_no = 9; commit");
        Assert.StartsWith("record 9 is missing", (await ProofAsync()).Fault, StringComparison.Ordinal);
        await OwnerAsync("insert into audit.records select * from public.kept; drop table public.kept; alter table audit.records enable trigger append_only");
        Assert.Null((await ProofAsync()).Fault);
    }

    [Fact]
    public void Secrets_are_masked_however_deep_they_lie() => Assert.Equal(
        """{"name":"x","apiKey":"***","deep":[{"clientSecret":"***","passwordHash":"***"}]}""",
        AuditLog.Masked(new { name = "x", apiKey = "bx_1", deep = new[] { new { clientSecret = "s", passwordHash = "h" } } }));

    [Fact]
    public async Task Settings_are_checked_kept_and_recorded()
    {
        var (_, before) = await app.GetAsync("/api/v1/settings");
        Assert.Equal("exclusive", before.GetProperty("settings").GetProperty("taxMode").GetString());
        var gst = new { legalName = "Balatrix", gstin = "27AAGCG4576J1Z6", addressLines = new[] { "Mumbai" }, state = "27" };
        var (status, after) = await app.SendAsync(HttpMethod.Put, "/api/v1/settings", new { gst, invoiceSeries = "BX", zone = "Asia/Tashkent" });
        Assert.True(status == 200, after.ToString());
        Assert.Equal("Asia/Tashkent", after.GetProperty("settings").GetProperty("zone").GetString());
        Assert.True(after.GetProperty("settings").GetProperty("roundOff").GetBoolean());
        foreach (var (body, field) in new (object, string)[]
            { (new { zone = "Mars/Olympus" }, "zone"), (new { invoiceSeries = "0BX" }, "invoiceSeries"), (new { taxMode = "maybe" }, "taxMode"), (new { gst = new { gst.legalName, gst.gstin, gst.addressLines, state = "29" } }, "gst.state"), (new { branding = new { color = "blue" } }, "branding") })
        {
            var (code, problem) = await app.SendAsync(HttpMethod.Put, "/api/v1/settings", body);
            Assert.Equal((422, field), (code, problem.GetProperty("field").GetString()));
        }
        Assert.Single(await LogAsync("action=settings.updated"));
        await app.SendAsync(HttpMethod.Put, "/api/v1/settings", new { zone = "Asia/Kolkata" });
    }
}
