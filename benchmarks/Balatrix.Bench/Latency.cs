using System.Diagnostics;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Npgsql;

namespace Balatrix.Bench;

/// <summary>p99 of single charges and reservations at 500 a second, open loop, against one-row updates of the same database at the same pace.</summary>
static class Latency
{
    const int PerSecond = 500;

    public static async Task<BenchResult> RunAsync(BenchWorld world, int seconds)
    {
        await world.ExecuteAsync($"create table if not exists platform.latency_baseline (id int primary key, n bigint not null); insert into platform.latency_baseline select i, 0 from generate_series(0, 999) i on conflict do nothing; grant all on platform.latency_baseline to balatrix_app");
        var (values, baselines) = (new List<double>(), new List<double>());
        for (var round = 0; round < 4; round++)
        {
            var baseline = await OpenLoopAsync(seconds, i => UpdateAsync(world, i));
            var value = await OpenLoopAsync(seconds, i => ChargeOrReserveAsync(world, i));
            if (round == 0)
                continue;
            values.Add(value);
            baselines.Add(baseline);
        }
        var (ours, theirs) = (Ingest.Median(values), Ingest.Median(baselines));
        return new("latency", "p99 ms of a charge or reservation, 500/s", ours, "ms", theirs, ours / theirs, 4, ours / theirs <= 4);
    }

    static async Task<double> OpenLoopAsync(int seconds, Func<int, Task> request)
    {
        var total = seconds * PerSecond;
        var waits = new double[total];
        var running = new Task[total];
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < total; i++)
        {
            var due = TimeSpan.FromSeconds((double)i / PerSecond);
            while (clock.Elapsed < due)
                await Task.Delay(1);
            running[i] = TimeAsync(i);
        }
        await Task.WhenAll(running);
        return waits.Order().ElementAt(total * 99 / 100);

        async Task TimeAsync(int i)
        {
            var start = Stopwatch.GetTimestamp();
            await request(i);
            waits[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }

    static async Task UpdateAsync(BenchWorld world, int i)
    {
        await using var connection = await world.Database.Charging.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("update platform.latency_baseline set n = n + 1 where id = $1", connection);
        command.Parameters.Add(new() { Value = i % 1000 });
        await command.ExecuteNonQueryAsync();
    }

    static async Task ChargeOrReserveAsync(BenchWorld world, int i)
    {
        var usage = new UsageEvent("latency", Guid.NewGuid().ToString(), Service.VoiceOutbound, DateTimeOffset.UtcNow, "9812345678", 60_000, "", "9812345678", null);
        Operation operation = i % 2 == 0 ? new Charge(usage, HasHappened: false) : new Reserve(Guid.NewGuid(), usage, null, false, DateTimeOffset.UtcNow.AddMinutes(5));
        var decision = await world.Pipeline.SubmitAsync(BenchWorld.Tenant, BenchWorld.FirstAccount + (i * 7919 % world.Accounts), operation, CancellationToken.None);
        if (!decision.Accepted)
            throw new InvalidOperationException(decision.Refusal.ToString());
    }
}
