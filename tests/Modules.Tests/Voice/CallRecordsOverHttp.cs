using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice;

public sealed class CallRecordsOverHttp(TestApp app) : IClassFixture<TestApp>
{
    static object Call(string account, string id, decimal seconds, string called = "+919812345678") =>
        new { account, id, called, calling = "+918045678901", startTime = DateTimeOffset.UtcNow.AddMinutes(-10), durationSeconds = seconds };

    [Fact]
    public async Task A_call_is_charged_and_explained()
    {
        var account = await app.OpenAccountAsync("100.00");
        var (status, body) = await app.PostAsync("/api/v1/cdrs", Call(account, "explain-1", 61.2m, "+12065550100"));
        Assert.Equal(201, status);
        Assert.Equal("1.738", body.GetProperty("amount").GetString());
        Assert.Equal(66, body.GetProperty("billedQuantity").GetInt64());
        var (found, view) = await app.GetAsync($"/api/v1/cdrs/{body.GetProperty("usageId").GetString()}");
        Assert.Equal(200, found);
        var steps = view.GetProperty("cdr").GetProperty("trace").EnumerateArray().Select(s => s.GetProperty("step").GetString()!).ToArray();
        Assert.Equal(["rate", "whole_seconds", "increments", "rounding", "balance"], steps);
        Assert.Equal("98.262", await app.BalanceAsync(account));
    }

    [Fact]
    public async Task Allowance_pays_first_and_the_rest_is_charged()
    {
        var account = await app.OpenAccountAsync("100.00");
        var (_, first) = await app.PostAsync("/api/v1/cdrs", Call(account, "allow-1", 29_940));
        Assert.Equal("0.00", first.GetProperty("amount").GetString());
        var (_, second) = await app.PostAsync("/api/v1/cdrs", Call(account, "allow-2", 150));
        Assert.Equal(180, second.GetProperty("billedQuantity").GetInt64());
        Assert.Equal(60, second.GetProperty("coveredQuantity").GetInt64());
        Assert.Equal("3.98", second.GetProperty("amount").GetString());
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task The_same_call_again_is_answered_with_the_first_outcome_and_other_content_is_a_conflict()
    {
        var account = await app.OpenAccountAsync("100.00");
        var call = Call(account, "again", 60, "+447700900123");
        var (first, charged) = await app.PostAsync("/api/v1/cdrs", call);
        var (second, repeated) = await app.PostAsync("/api/v1/cdrs", call);
        Assert.Equal((201, 200), (first, second));
        Assert.True(repeated.GetProperty("duplicate").GetBoolean());
        Assert.Equal(charged.GetProperty("amount").GetString(), repeated.GetProperty("amount").GetString());
        Assert.Equal(charged.GetProperty("usageId").GetString(), repeated.GetProperty("usageId").GetString());
        var (conflict, problem) = await app.PostAsync("/api/v1/cdrs", Call(account, "again", 61, "+447700900123"));
        Assert.Equal(409, conflict);
        Assert.Equal("event_id_conflict", problem.GetProperty("code").GetString());
    }

    [Fact]
    public async Task The_same_id_in_another_month_is_a_conflict()
    {
        var account = await app.OpenAccountAsync("100.00");
        var earlier = new { account, id = "months", called = "+447700900123", startTime = DateTimeOffset.UtcNow.AddDays(-70), durationSeconds = 60 };
        Assert.Equal(201, (await app.PostAsync("/api/v1/cdrs", earlier)).Status);
        Assert.Equal(409, (await app.PostAsync("/api/v1/cdrs", Call(account, "months", 60, "+447700900123"))).Status);
        Assert.Equal(200, (await app.PostAsync("/api/v1/cdrs", earlier)).Status);
    }

    [Fact]
    public async Task Fifty_at_once_are_charged_once()
    {
        var account = await app.OpenAccountAsync("100.00");
        var call = Call(account, "parallel", 60, "+447700900123");
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => app.PostAsync("/api/v1/cdrs", call)));
        Assert.Single(answers, a => a.Status == 201);
        Assert.Equal(49, answers.Count(a => a.Status == 200));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_batch_answers_each_element_by_itself()
    {
        var account = await app.OpenAccountAsync("100.00");
        var good = Call(account, "batch-1", 60, "+447700900123");
        var (status, body) = await app.PostAsync("/api/v1/cdrs/batch", new object[] { good, good, new { account, id = "batch-2" }, Call(account, "batch-3", -1), Call("ACC-999999", "batch-4", 5) });
        Assert.Equal(200, status);
        Assert.Equal([201, 200, 422, 422, 202], body.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task A_call_that_the_balance_cannot_pay_is_charged_as_far_as_it_goes()
    {
        var account = await app.OpenAccountAsync("1.00");
        var (_, body) = await app.PostAsync("/api/v1/cdrs", Call(account, "short", 120, "+447700900123"));
        Assert.Equal("1.00", body.GetProperty("amount").GetString());
        Assert.Equal("10.00", body.GetProperty("shortfall").GetString());
        Assert.Equal("0.00", await app.BalanceAsync(account));
    }

    [Fact]
    public async Task A_call_without_a_rate_waits_and_is_charged_after_the_fix()
    {
        var account = await app.OpenAccountAsync("100.00");
        var (status, body) = await app.PostAsync("/api/v1/cdrs", Call(account, "norate", 60, "+99990000000"));
        Assert.Equal(202, status);
        Assert.Equal("no_rate", body.GetProperty("code").GetString());
        var (_, list) = await app.GetAsync("/api/v1/cdrs?status=unrated");
        var kept = list.GetProperty("items").EnumerateArray().First(i => i.GetProperty("account").GetString() == account);
        var (_, decks) = await app.GetAsync("/api/v1/rate-decks");
        var deck = decks.GetProperty("items").EnumerateArray().Single(d => d.GetProperty("name").GetString() == "starter-voice").GetProperty("id").GetInt32();
        var (imported, diff) = await app.SendAsync(
            HttpMethod.Post, $"/api/v1/rate-decks/{deck}/import?effectiveFrom=2020-01-01T00:00:00Z", "prefix,description,rate\n91,India,1.99\n911800,India toll-free,0\n9999,Nowhere,3.00\n", "text/csv");
        Assert.True(imported == 200, diff.ToString());
        // Prices are read again a moment later.
        await Soon.UntilAsync(
            async () => (await app.PostAsync($"/api/v1/cdrs/unrated-{kept.GetProperty("id").GetInt64()}/retry", null)).Body.GetProperty("charged").GetBoolean(), "it is charged");
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task What_waits_is_kept_as_it_was_told_last()
    {
        var account = await app.OpenAccountAsync("100.00");
        foreach (var seconds in new[] { 600, 60 })
            Assert.Equal(202, (await app.PostAsync("/api/v1/cdrs", Call(account, "mended", seconds, "+99970000001"))).Status);
        var kept = Assert.Single((await app.GetAsync($"/api/v1/cdrs?status=unrated&account={account}")).Body.GetProperty("items").EnumerateArray());
        Assert.Equal((2, 60_000), (kept.GetProperty("attempts").GetInt32(), kept.GetProperty("event").GetProperty("quantity").GetInt64()));
    }

    [Fact]
    public async Task What_waits_is_listed_by_account_number_time_and_page()
    {
        var (one, other) = (await app.OpenAccountAsync("100.00"), $"nobody-{Guid.NewGuid():N}");
        foreach (var (account, id, to) in new[] { (one, "wait-1", "+99980000001"), (one, "wait-2", "+99980000002"), (one, "wait-3", "+99980000002"), (other, "wait-4", "+447700900123") })
            Assert.Equal(202, (await app.PostAsync("/api/v1/cdrs", Call(account, id, 60, to))).Status);
        Assert.Equal(["wait-3", "wait-2", "wait-1"], await ListAsync($"account={one}"));
        Assert.Equal(["wait-4"], await ListAsync($"account={other}"));
        Assert.Equal(["wait-3", "wait-2"], await ListAsync($"account={one}&number=%2B99980000002"));
        Assert.Empty(await ListAsync($"account={one}&to=2020-01-01"));
        Assert.Empty(await ListAsync($"account={one}&from=2999-01-01"));
        var (_, page) = await app.GetAsync($"/api/v1/cdrs?status=unrated&account={one}&limit=2");
        Assert.Equal(["wait-1"], await ListAsync($"account={one}&limit=2&cursor={page.GetProperty("next").GetString()}"));
        foreach (var wrong in new[] { "limit=0", "limit=501", "cursor=x" })
            Assert.Equal(422, (await app.GetAsync($"/api/v1/cdrs?status=unrated&{wrong}")).Status);

        async Task<List<string>> ListAsync(string query)
        {
            var (status, list) = await app.GetAsync($"/api/v1/cdrs?status=unrated&{query}");
            Assert.True(status == 200, list.ToString());
            return [.. list.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("event").GetProperty("id").GetString()!)];
        }
    }

    [Theory]
    [InlineData("%2B918045678901")]
    [InlineData("918045678901")]
    [InlineData("%2B447700900199")]
    [InlineData("447700900199")]
    public async Task Calls_are_found_by_the_number_of_either_side(string number)
    {
        var account = await app.OpenAccountAsync("100.00");
        await app.PostAsync("/api/v1/cdrs", Call(account, "sides", 60, "+447700900199"));
        Assert.Equal(1, (await app.GetAsync($"/api/v1/cdrs?account={account}&number={number}")).Body.GetProperty("items").GetArrayLength());
        Assert.Equal(1, (await app.GetAsync($"/api/v1/cdrs/statistics?account={account}&number={number}")).Body.GetProperty("items")[0].GetProperty("calls").GetInt32());
        Assert.Equal(3, (await app.GetAsync($"/api/v1/cdrs/export?account={account}&number={number}")).Body.GetString()!.Split('\n').Length);
    }

    [Fact]
    public async Task Analytics_have_all_their_groups()
    {
        var account = await app.OpenAccountAsync("1000.00");
        var calls = Enumerable.Range(1, 60).Select(n => new { account, id = $"hour-{n}", called = "+447700900123", startTime = DateTimeOffset.UtcNow.AddHours(-n), durationSeconds = 6 });
        Assert.Equal(200, (await app.PostAsync("/api/v1/cdrs/batch", calls)).Status);
        Assert.Equal(60, (await app.GetAsync($"/api/v1/cdrs/analytics?account={account}&by=hour")).Body.GetProperty("items").GetArrayLength());
        Assert.Equal((400, "cursor"), ((await app.GetAsync("/api/v1/cdrs/analytics?cursor=x")) is var (status, problem) ? status : 0, problem.GetProperty("field").GetString()));
        Assert.Equal(422, (await app.GetAsync("/api/v1/cdrs/top-destinations?limit=0")).Status);
    }

    [Fact]
    public async Task The_list_of_all_accounts_goes_back_over_gaps_to_its_first_call()
    {
        var account = await app.OpenAccountAsync("1000.00");
        var hours = new[] { 0, 0, 0, 1, 5, 6, 30, 31, 100, 500, 700 };
        var at = DateTimeOffset.UtcNow.AddMinutes(-30);
        var calls = hours.Select((h, n) => new { account, id = $"gap-{n}", called = "+447700900123", startTime = at.AddHours(-h), durationSeconds = 6 });
        Assert.Equal(200, (await app.PostAsync("/api/v1/cdrs/batch", calls)).Status);
        List<(DateTimeOffset At, string Account, string Id)> seen = [];
        for (string? cursor = null; ;)
        {
            var (_, page) = await app.GetAsync($"/api/v1/cdrs?limit=2{(cursor is null ? "" : "&cursor=" + cursor)}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(i => (i.GetProperty("occurredAt").GetDateTimeOffset(), i.GetProperty("account").GetString()!, i.GetProperty("eventId").GetString()!)));
            if ((cursor = page.GetProperty("next").GetString()) is null)
                break;
        }
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal(seen.Select(s => s.At), seen.Select(s => s.At).OrderDescending());
        Assert.Equal(hours.Length, seen.Count(s => s.Account == account));
        Assert.Equal((await app.GetAsync("/api/v1/cdrs/statistics")).Body.GetProperty("items").EnumerateArray().Sum(i => i.GetProperty("calls").GetInt32()), seen.Count);
    }

    [Fact]
    public async Task Lists_pages_and_sums_agree()
    {
        var account = await app.OpenAccountAsync("1000.00");
        for (var i = 0; i < 7; i++)
            await app.PostAsync("/api/v1/cdrs", Call(account, $"list-{i}", 60 * i, "+447700900123"));
        var seen = new List<string>();
        for (string? cursor = null; ;)
        {
            var (_, page) = await app.GetAsync($"/api/v1/cdrs?account={account}&limit=3{(cursor is null ? "" : "&cursor=" + cursor)}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("eventId").GetString()!));
            if ((cursor = page.GetProperty("next").GetString()) is null)
                break;
        }
        Assert.Equal(7, seen.Distinct().Count());
        var (_, sums) = await app.GetAsync($"/api/v1/cdrs/statistics?account={account}");
        Assert.Equal(7, sums.GetProperty("items")[0].GetProperty("calls").GetInt64());
        Assert.Equal(6, sums.GetProperty("items")[0].GetProperty("answered").GetInt64());
        Assert.Equal(200, (await app.GetAsync($"/api/v1/cdrs/analytics?account={account}&by=cause")).Status);
        Assert.Equal(200, (await app.GetAsync($"/api/v1/cdrs/top-destinations?account={account}&by=cost")).Status);
        var (_, csv) = await app.GetAsync($"/api/v1/cdrs/export?account={account}");
        Assert.Equal(9, csv.GetString()!.Split('\n').Length);
    }
}
