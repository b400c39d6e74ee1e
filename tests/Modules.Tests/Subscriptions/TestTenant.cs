using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Subscriptions;

/// <summary>The seeded application with its tenant on a test clock. Times are of Asia/Kolkata, written as there: "2027-04-01" or "2027-04-01 09:30:00".</summary>
public class TestTenant(TestCluster cluster) : TestApp(cluster), IAsyncLifetime
{
    public static readonly TimeSpan Kolkata = TimeSpan.FromMinutes(330);

    /// <summary>Plans come from the seed; this one has a trial, 2 days of grace and ends 5 days later.</summary>
    public const string Strict = """
        {"code":"strict","name":"Strict","currency":"INR","terms":{"prices":{"monthly":"310.00"},"renewal":{"trialDays":7,"remindDaysBefore":2,"graceDays":2,"endAfterDays":5},
         "allowances":[{"name":"100 minutes","service":"voice.outbound","destinationGroup":"","quantity":6000,"rollover":false}],"decks":{"voice.outbound":["starter-voice"]}}}
        """;

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        await SetClockAsync("2027-04-01");
        Assert.Equal(201, (await PostAsync("/api/v1/plans", Strict)).Status);
        Assert.Equal(200, (await PostAsync("/api/v1/plans/strict/publish", null)).Status);
    }

    public static DateTimeOffset At(string text) => new(DateTime.Parse(text, CultureInfo.InvariantCulture), Kolkata);

    public static string Day(JsonElement instant) => instant.GetDateTimeOffset().ToOffset(Kolkata).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture).Replace(" 00:00:00", "", StringComparison.Ordinal);

    public async Task SetClockAsync(string at)
    {
        await using var command = Database.Owner.CreateCommand("update platform.tenants set test_now = $1 where tenant_id = 1");
        command.Parameters.Add(new() { Value = At(at).UtcDateTime });
        await command.ExecuteNonQueryAsync();
        Services.GetRequiredService<TenantClock>().Forget(1);
    }

    /// <summary>Lets time pass until an instant.</summary>
    public async Task AdvanceAsync(string to)
    {
        var (status, body) = await PostAsync("/api/v1/test-clock/advance", new { to = At(to) });
        Assert.True(status == 200, body.ToString());
    }

    public async Task<JsonElement> SubscribeAsync(string account, string plan, string cycle = "monthly", bool trial = false, bool autoRenew = true)
    {
        var (status, body) = await PostAsync("/api/v1/subscriptions", new { account, plan, cycle, trial, autoRenew });
        Assert.True(status == 201, body.ToString());
        return body.GetProperty("subscription");
    }

    /// <summary>An account with money and a subscription.</summary>
    public async Task<(string Account, string Subscription)> SubscriberAsync(string balance, string plan = "starter", string cycle = "monthly")
    {
        var account = await OpenBareAccountAsync(balance);
        return (account, (await SubscribeAsync(account, plan, cycle)).GetProperty("id").GetString()!);
    }

    public async Task<string> OpenBareAccountAsync(string balance, string kind = "prepaid", string creditLimit = "0.00")
    {
        var (status, body) = await PostAsync("/api/v1/accounts", new { name = "Subscriber", kind, creditLimit });
        Assert.True(status == 201, body.ToString());
        var id = body.GetProperty("id").GetString()!;
        if (balance != "0.00")
            await TopUpAsync(id, balance);
        return id;
    }

    public async Task TopUpAsync(string account, string amount)
    {
        var (status, body) = await PostAsync($"/api/v1/accounts/{account}/top-up", new { amount, reference = "test" }, Guid.NewGuid().ToString());
        Assert.True(status == 201, body.ToString());
    }

    public async Task<JsonElement> SubscriptionAsync(string id)
    {
        var (status, body) = await GetAsync($"/api/v1/subscriptions/{id}");
        Assert.True(status == 200, body.ToString());
        return body;
    }

    public async Task<string> StatusAsync(string id) => (await SubscriptionAsync(id)).GetProperty("status").GetString()!;

    /// <summary>Makes a move that must succeed.</summary>
    public async Task<JsonElement> MoveAsync(string id, string move, object? body = null)
    {
        var (status, answer) = await PostAsync($"/api/v1/subscriptions/{id}/{move}", body);
        Assert.True(status == 200, answer.ToString());
        return answer;
    }

    /// <summary>Makes a move that must be refused.</summary>
    public async Task<JsonElement> RefusedAsync(string id, string move, object? body, int expectedStatus, string code)
    {
        var (status, answer) = await PostAsync($"/api/v1/subscriptions/{id}/{move}", body);
        Assert.True(status == expectedStatus, answer.ToString());
        Assert.Equal(code, answer.GetProperty("code").GetString());
        return answer;
    }

    public async Task<List<T>> RowsAsync<T>(string sql, Func<Npgsql.NpgsqlDataReader, T> read)
    {
        await using var command = Database.Owner.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>Waits until what jobs bring about is so.</summary>
    public Task UntilAsync(Func<Task<bool>> isSo) => Soon.UntilAsync(isSo, "it comes about");

    /// <summary>Amounts of an account's subscription entries: negative is charged.</summary>
    public Task<List<string>> EntriesAsync(string account) => RowsAsync(
        $"select case when debit_book in (1, 2) then -amount_micros else amount_micros end from ledger.journal_entries where account_id = {account[4..]} and kind = 8 order by entry_no",
        r => Core.Money.Format(r.GetInt64(0)));

    /// <summary>Holds for every subscription at any time: segments follow each other, and lines are what was posted.</summary>
    public async Task AssertSoundAsync()
    {
        Assert.Empty(await RowsAsync(
            """
            select subscription_id || ' at ' || from_at from (
                select subscription_id, from_at, to_at, lead(from_at) over life as next_from, row_number() over (partition by subscription_id order by from_at desc) as from_last
                  from subscriptions.segments window life as (partition by subscription_id order by from_at)) g
             where from_last > 1 and to_at is distinct from next_from
            """, r => r.GetString(0)));
        Assert.Empty(await RowsAsync(
            """
            select l.subscription_id || ' v' || l.version from (
                select subscription_id, version, account_id, event_key, sum(amount_micros) as net from subscriptions.lines group by 1, 2, 3, 4) l
              left join ledger.journal_entries e on e.account_id = l.account_id and e.event_key = l.event_key
             where case when l.net = 0 then l.event_key is not null
                        else e.amount_micros is distinct from abs(l.net) or (e.debit_book in (1, 2)) <> (l.net > 0) end
            """, r => r.GetString(0)));
        Assert.Equal(0, (await RowsAsync("select count(*) from ledger.journal_entries e where kind = 8 and not exists (select from subscriptions.lines l where l.event_key = e.event_key)", r => r.GetInt64(0)))[0]);
        await AssertBooksProveAsync();
    }
}
