using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Tests.Harness;
using Npgsql;

namespace Balatrix.Modules.Tests.Ledger;

/// <summary>What a caller waits for is not held up by what nobody waits for.</summary>
public sealed class UrgentCharging(TestApp app) : IClassFixture<TestApp>
{
    [Fact]
    public async Task A_reservation_that_is_waited_for_does_not_wait_behind_batches_of_other_accounts()
    {
        // One for each lane of what is usual, so that all are busy.
        var busy = new Dictionary<long, long>();
        while (busy.Count < new ChargingOptions().Lanes)
        {
            var id = await OpenAsync();
            busy[id % new ChargingOptions().Lanes] = id;
        }
        var caller = await OpenAsync();
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("select 1 from ledger.accounts where account_id = any($1) for update", connection, transaction) { Parameters = { new() { Value = busy.Values.ToArray() } } })
            await hold.ExecuteNonQueryAsync();
        var others = busy.Values.Select(id => app.Pipeline.SubmitAsync(1, id, Adjust(id), CancellationToken.None)).ToList();
        await Soon.UntilAsync(async () => await WaitingAsync() == busy.Count, "Every lane waits for its account");
        var reserved = await app.Pipeline.SubmitAsync(1, caller, Reserve(caller), CancellationToken.None, haste: Haste.Urgent).WaitAsync(Soon.Limit);
        Assert.True(reserved.Accepted);
        Assert.DoesNotContain(others, o => o.IsCompleted);
        await transaction.CommitAsync();
        Assert.All(await Task.WhenAll(others), o => Assert.True(o.Accepted));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Of_one_account_what_is_urgent_usual_and_patient_never_takes_more_than_there_is()
    {
        var account = await OpenAsync();
        Haste[] hastes = [Haste.Urgent, Haste.Usual, Haste.Patient];
        var answers = await Task.WhenAll(Enumerable.Range(0, 120).Select(n => app.Pipeline.SubmitAsync(1, account, Reserve(account), CancellationToken.None, haste: hastes[n % 3])));
        // 10.00 were there.
        var held = answers.Where(a => a.Accepted).Select(a => a.Reservation!.HeldMicros).ToList();
        Assert.InRange(held.Sum(), 10_000_000 - held[0] + 1, 10_000_000);
        Assert.All(answers.Where(a => !a.Accepted), a => Assert.Equal(Refusal.InsufficientBalance, a.Refusal));
        await app.AssertBooksProveAsync();
    }

    async Task<long> OpenAsync() => long.Parse((await app.OpenAccountAsync("10.00"))[4..]);

    static Post Adjust(long account) => new(EventKey.Of("test", $"urgent-{account}"), EntryKind.Adjustment, Book.Adjustment, -1_000_000, "INR", "test", null);

    static Reserve Reserve(long account)
    {
        var id = Guid.NewGuid();
        return new(id, new UsageEvent("sms", id.ToString(), Service.Sms, DateTimeOffset.UtcNow, "404-45", 1, "", "", null), null, AcceptLess: false, DateTimeOffset.UtcNow.AddMinutes(5));
    }

    async Task<long> WaitingAsync()
    {
        await using var command = app.Database.Owner.CreateCommand("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and application_name = 'balatrix-charging'");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
