using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Ledger;

public sealed class TwoNodes(TestApp app) : IClassFixture<TestApp>
{
    [Fact]
    public async Task Two_nodes_that_get_the_same_events_charge_each_once()
    {
        await using var database = new Database(app.ConnectionString);
        await using var other = BalatrixServer.Build(database, "http://127.0.0.1:0", TimeProvider.System);
        await other.StartAsync();
        var second = other.Services.GetRequiredService<ChargingPipeline>();
        var at = DateTimeOffset.UtcNow.AddMinutes(-30);
        var events = Enumerable.Range(0, 3000).Select(n => new AccountOperation(
            10001 + (n % 3),
            new Charge(new UsageEvent("cdr", $"nodes-{n}", Service.VoiceOutbound, at.AddMilliseconds(n), "447700900123", 7000 + n, "", "447700900123", null), HasHappened: true))).ToArray();
        var batches = events.Chunk(100).ToArray();
        var answers = await Task.WhenAll(batches.SelectMany(b => new[]
        {
            app.Pipeline.SubmitAsync(1, b, CancellationToken.None),
            second.SubmitAsync(1, b.Reverse().ToArray(), CancellationToken.None),
        }));
        var all = answers.SelectMany(a => a).ToArray();
        Assert.All(all, d => Assert.True(d.Accepted, d.Refusal.ToString()));
        Assert.Equal(3000, all.Count(d => !d.IsRepeat));
        await app.AssertBooksProveAsync();
        await other.StopAsync();
    }

    [Fact]
    public async Task Parallel_reservations_never_hold_more_than_there_is()
    {
        var account = await app.OpenAccountAsync("10.00");
        Assert.True(long.TryParse(account[4..], out var id));
        var holds = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => app.Pipeline.SubmitAsync(
            1, id, new Reserve(Guid.NewGuid(), new UsageEvent("r", $"{account}-{n}", Service.Event, DateTimeOffset.UtcNow, "-", 0, "", "", null), 1_000_000, false, DateTimeOffset.UtcNow.AddMinutes(1)), CancellationToken.None)));
        Assert.Equal(10, holds.Count(h => h.Accepted));
        Assert.All(holds.Where(h => !h.Accepted), h => Assert.Equal(Refusal.InsufficientBalance, h.Refusal));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Tampering_is_found_and_named()
    {
        var account = await app.OpenAccountAsync("25.00");
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => Database.ExecuteAsync(connection, $"update ledger.journal_entries set amount_micros = 1 where account_id = {account[4..]}", [], CancellationToken.None));
        await Database.ExecuteAsync(connection, $"update ledger.accounts set balance_micros = balance_micros + 1 where account_id = {account[4..]}", [], CancellationToken.None);
        var report = await new LedgerVerification(app.Database).VerifyAsync(null, CancellationToken.None);
        Assert.False(report.Proven);
        Assert.Contains(report.Proofs, p => p.FirstWrong?.Contains(account[4..], StringComparison.Ordinal) == true);
        await Database.ExecuteAsync(connection, $"update ledger.accounts set balance_micros = balance_micros - 1 where account_id = {account[4..]}", [], CancellationToken.None);
    }
}
