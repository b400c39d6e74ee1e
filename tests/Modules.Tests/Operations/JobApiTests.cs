using System.Globalization;
using System.Net;
using System.Text.Json;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Usage;

namespace Balatrix.Modules.Tests.Operations;

/// <summary>Jobs and schedules as an admin sees them over HTTP.</summary>
public sealed class JobApiTests(ApiServer server) : IClassFixture<ApiServer>
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Queues_jobs_and_pages_are_listed_of_the_own_tenant_only()
    {
        var mine = new List<long>();
        for (var n = 0; n < 3; n++)
            mine.Add(await EnqueueAsync(1, "payment-retry", "of-the-future"));
        var foreign = await EnqueueAsync(2, "payment-retry", "of-the-future");

        var first = await GetAsync("/api/v1/jobs?queue=payment-retry&limit=2");
        Assert.Equal([mine[2], mine[1]], first.GetProperty("items").EnumerateArray().Select(j => j.GetProperty("id").GetInt64()));
        var second = await GetAsync($"/api/v1/jobs?queue=payment-retry&limit=2&cursor={first.GetProperty("next").GetString()}");
        Assert.Equal([mine[0]], second.GetProperty("items").EnumerateArray().Select(j => j.GetProperty("id").GetInt64()));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
        Assert.Equal(JobQueues.Lanes.Keys, first.GetProperty("queues").EnumerateArray().Select(q => q.GetProperty("queue").GetString()));
        var queue = first.GetProperty("queues").EnumerateArray().Single(q => q.GetProperty("queue").GetString() == "payment-retry");
        Assert.Equal((3, 0, 0), (queue.GetProperty("waiting").GetInt32(), queue.GetProperty("running").GetInt32(), queue.GetProperty("dead").GetInt32()));

        await ApiServer.ProblemAsync(await server.Admin.GetAsync($"/api/v1/jobs/{foreign}", Stop), 404, "not_found");
        await ApiServer.ProblemAsync(await server.Foreign.GetAsync($"/api/v1/jobs/{mine[0]}", Stop), 404, "not_found");
        await ApiServer.ProblemAsync(await server.Foreign.PostAsync($"/api/v1/jobs/{mine[0]}/retry", null, Stop), 404, "not_found");
        await ApiServer.ProblemAsync(await server.Admin.PostAsync($"/api/v1/jobs/{mine[0]}/retry", null, Stop), 409, "job_not_dead");
        Assert.Equal("waiting", (await GetAsync($"/api/v1/jobs/{mine[0]}")).GetProperty("job").GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("queue=nothing", "queue")]
    [InlineData("status=tired", "status")]
    [InlineData("cursor=-1", "cursor")]
    [InlineData("cursor=9999999999999999999", "cursor")]
    [InlineData("kind=%00", "kind")]
    public async Task A_bad_filter_is_told(string query, string field) =>
        Assert.Equal(field, (await ApiServer.ProblemAsync(await server.Admin.GetAsync($"/api/v1/jobs?{query}", Stop), 422, "invalid_value")).GetProperty("field").GetString());

    [Fact]
    public async Task A_dead_letter_is_seen_and_retried_and_that_is_on_record()
    {
        var id = await EnqueueAsync(1, RetryUnrated.Queue, RetryUnrated.Kind, "[]");
        await OwnerAsync($"update platform.jobs set status = 'dead', attempts = 14, last_error = 'Broken.', finished_at = now() where job_id = {id} and status = 'queued'");
        var dead = await UntilAsync(id, "dead");
        Assert.Equal(14, dead.GetProperty("attempts").GetInt32());
        Assert.Contains((await GetAsync("/api/v1/jobs?status=dead")).GetProperty("items").EnumerateArray(), j => j.GetProperty("id").GetInt64() == id);

        await OwnerAsync($$"""update platform.jobs set payload = '{}' where job_id = {{id}}""");
        using var retried = await server.Admin.PostAsync($"/api/v1/jobs/{id}/retry", null, Stop);
        Assert.Equal(HttpStatusCode.OK, retried.StatusCode);
        await UntilAsync(id, "done");
        Assert.Equal(["job.retried"], await OwnerAsync($"select action from audit.records where tenant_id = 1 and entity = 'job' and entity_id = '{id}'", r => r.GetString(0)));
    }

    [Fact]
    public async Task Schedules_show_their_next_run_on_the_tenants_clocks_and_run_by_hand()
    {
        var schedules = (await GetAsync("/api/v1/jobs/schedules")).GetProperty("items").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString()!);
        foreach (var known in new[] { "cdr-retry", "reservation-sweep", "ledger-verification" })
            Assert.Contains(known, schedules.Keys);
        var verification = schedules["ledger-verification"];
        Assert.Equal("Asia/Kolkata", verification.GetProperty("zone").GetString());
        Assert.Equal(new TimeSpan(23, 30, 0), verification.GetProperty("nextRunAt").GetDateTimeOffset().UtcDateTime.TimeOfDay);

        using var run = await server.Admin.PostAsync("/api/v1/jobs/schedules/ledger-verification/run", null, Stop);
        Assert.Equal(HttpStatusCode.Accepted, run.StatusCode);
        var job = (await ApiServer.BodyAsync(run)).GetProperty("jobId").GetInt64();
        Assert.Equal($"/api/v1/jobs/{job}", run.Headers.Location!.ToString());
        await UntilAsync(job, "done");
        var after = (await GetAsync("/api/v1/jobs/schedules")).GetProperty("items").EnumerateArray().Single(s => s.GetProperty("name").GetString() == "ledger-verification");
        Assert.Equal(job, after.GetProperty("lastJobId").GetInt64());
        Assert.Equal(["schedule.run"], await OwnerAsync("select action from audit.records where tenant_id = 1 and entity_id = 'ledger-verification'", r => r.GetString(0)));
        await ApiServer.ProblemAsync(await server.Admin.PostAsync("/api/v1/jobs/schedules/nothing/run", null, Stop), 404, "not_found");
    }

    [Fact]
    public async Task Books_that_are_wrong_make_a_dead_letter_that_says_where()
    {
        var client = await server.ClientAsync(2, Scope.All);
        using var opened = await client.PostAsync("/api/v1/accounts", ApiServer.Json(new { name = "Tampered", kind = "prepaid" }), Stop);
        var account = (await ApiServer.BodyAsync(opened)).GetProperty("id").GetString()!;
        await OwnerAsync($"update ledger.accounts set balance_micros = 1 where account_id = {account[4..]}");
        using var run = await client.PostAsync("/api/v1/jobs/schedules/ledger-verification/run", null, Stop);
        var job = (await ApiServer.BodyAsync(run)).GetProperty("jobId").GetInt64();
        var dead = await UntilAsync(job, "dead", client);
        Assert.Contains(account[4..], dead.GetProperty("lastError").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, dead.GetProperty("attempts").GetInt32());
        await OwnerAsync($"update ledger.accounts set balance_micros = 0 where account_id = {account[4..]}");
        using var again = await client.PostAsync($"/api/v1/jobs/{job}/retry", null, Stop);
        await UntilAsync(job, "done", client);
    }

    [Theory]
    [InlineData("GET", "/api/v1/jobs")]
    [InlineData("GET", "/api/v1/jobs/1")]
    [InlineData("POST", "/api/v1/jobs/1/retry")]
    [InlineData("GET", "/api/v1/jobs/schedules")]
    [InlineData("POST", "/api/v1/jobs/schedules/cdr-retry/run")]
    public async Task Only_keys_with_every_scope_may_see_jobs(string method, string path)
    {
        using var narrow = await server.ClientAsync(1, [.. Scope.Known.Where(s => s != Scope.All)]);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        Assert.Equal(HttpStatusCode.Forbidden, (await narrow.SendAsync(request, Stop)).StatusCode);
    }

    Task<long> EnqueueAsync(int tenantId, string queue, string kind, string payload = "{}") => server.Database.InTenantAsync(
        tenantId, async (connection, ct) => (await JobQueue.EnqueueAsync(connection, tenantId, new(queue, kind, payload), ct))!.Value, Stop);

    async Task<JsonElement> GetAsync(string path, HttpClient? client = null)
    {
        using var response = await (client ?? server.Admin).GetAsync(path, Stop);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Stop));
        return await ApiServer.BodyAsync(response);
    }

    async Task<JsonElement> UntilAsync(long job, string status, HttpClient? client = null)
    {
        JsonElement shown = default;
        await Soon.UntilAsync(
            async () => (shown = (await GetAsync($"/api/v1/jobs/{job.ToString(CultureInfo.InvariantCulture)}", client)).GetProperty("job")).GetProperty("status").GetString() == status,
            () => $"{status}: {shown}");
        return shown;
    }

    async Task OwnerAsync(string sql) => await OwnerAsync(sql, _ => 0);

    async Task<List<T>> OwnerAsync<T>(string sql, Func<Npgsql.NpgsqlDataReader, T> read)
    {
        await using var connection = await server.Database.Owner.OpenConnectionAsync(Stop);
        return await Database.QueryAsync(connection, sql, [], read, Stop);
    }
}
