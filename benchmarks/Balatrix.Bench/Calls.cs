using System.Diagnostics;
using System.Globalization;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.Calls;
using Balatrix.Modules.Voice.EventSocket;
using Balatrix.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Bench;

/// <summary>
/// Calls over the Event Socket. The switch and its callers are a process of their own on the same cores, which times each decision: from CHANNEL_PARK being written to the command that lets
/// the call through, or ends it, being read. So this process's managed heap is Balatrix's alone, and what a live call takes of it is its growth from none to all calls, full collections before both.
/// </summary>
static class Calls
{
    const int PerSecond = 200;
    const double Goal = 15;
    const double GoalBytes = 4096;
    const double GoalSeconds = 10;

    const int SliceSeconds = 60;

    const int Rounds = 3;

    /// <summary>Rounds are repeated until so many were quiet, and counted by how quiet they were, whatever they measured.</summary>
    const int MostRounds = 12;

    /// <summary>Percent of the machine's time that its host takes in a quiet round.</summary>
    const double Quiet = 1;

    /// <summary>Each of them makes a call before anything is measured, so that nothing an account takes counts as a call's.</summary>
    const int Accounts = 2_000;

    /// <summary>An account without money.</summary>
    public const long Penniless = 900_000;

    public static async Task<BenchResult[]> RunAsync(BenchWorld world, int live, int seconds)
    {
        await SetUpAsync(world);
        await using var fs = await SwitchProcess.StartAsync("bench-calls");
        await using var database = new Database(world.ConnectionString);
        await using var app = BalatrixServer.Build(
            database, "http://127.0.0.1:0", TimeProvider.System, new ChargingOptions(), beforeServices: services => services.Configure<FreeSwitchOptions>(o => o.Nodes.Add(fs.Node)));
        await app.StartAsync();
        await WarmAsync(fs);
        await fs.TellAsync($"load {Accounts} {PerSecond} {Accounts}");
        await UntilAsync(app, 0);
        // An ended call is let go when it would have been looked at next, half a slice after its answer.
        await Task.Delay(TimeSpan.FromSeconds(33));
        var before = Heap();
        // As many begin in a second as are extended in one when they have come over the time of a slice.
        await HoldAsync(fs, live, Math.Max(1, live / SliceSeconds));
        var known = await UntilAsync(app, live);
        // What they told while they came up is to be taken first: it is in memory until then.
        await Task.Delay(2_000);
        var bytes = (double)(Heap() - before) / known;
        await fs.TellAsync($"load {PerSecond} {PerSecond} {Accounts}");
        var measured = new List<(double Taken, double[] Figures)>();
        while (measured.Count < MostRounds && measured.Count(r => r.Taken <= Quiet) < Rounds)
        {
            var (host, pauses, collections) = (new HostShare(), GC.GetTotalPauseDuration(), GC.CollectionCount(0));
            var figures = await fs.TellAsync($"load {seconds * PerSecond} {PerSecond} {Accounts}");
            measured.Add((host.Percent(), figures));
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  p50 {figures[5]:0.0}, p90 {figures[6]:0.0}, p99 {figures[0]:0.0} ms, of refusals {figures[1]:0.0} ms; {figures[2]} without a decision; {figures[3]} slices meanwhile; {figures[4]} calls live; {GC.CollectionCount(0) - collections} collections of garbage paused it {(GC.GetTotalPauseDuration() - pauses).TotalMilliseconds:0} ms; the host took {measured[^1].Taken:0.0} % of the machine"));
        }
        await app.StopAsync();
        var quietest = measured.OrderBy(r => r.Taken).Take(Rounds).ToList();
        var (rounds, most) = (quietest.ConvertAll(r => r.Figures), quietest[^1].Taken);
        var (p99, refused, undecided) = (Ingest.Median([.. rounds.Select(r => r[0])]), Ingest.Median([.. rounds.Select(r => r[1])]), measured.Sum(r => r.Figures[2]));
        Console.Error.WriteLine($"  {bytes:0} bytes of heap a live call");
        return
        [
            new("calls", string.Create(CultureInfo.InvariantCulture, $"p99 ms to decide a call (refusals {refused:0.0}), {PerSecond}/s with {live} live and extended, {measured.Count} rounds, the quietest {Rounds} with at most {most:0.0} % taken by the host, beside {Goal}"), p99, "ms", Goal, p99 / Goal, 1, p99 <= Goal && undecided == 0),
            new("call-memory", $"bytes of managed heap a live call, {live} live, beside {GoalBytes}", bytes, "B", GoalBytes, bytes / GoalBytes, 1, bytes <= GoalBytes),
        ];
    }

    /// <summary>Balatrix is killed (-9) and started; the time is from the start of its process to the guard of the last live call being armed anew.</summary>
    public static async Task<BenchResult> ReadoptAsync(BenchWorld world, int live)
    {
        await SetUpAsync(world);
        await using var fs = await SwitchProcess.StartAsync("bench-readopt");
        await using var server = new ServerProcess(Directory.CreateTempSubdirectory("balatrix-readopt-").FullName, world.ConnectionString)
        {
            Settings =
            {
                ["Balatrix__FreeSwitch__Nodes__0__Name"] = fs.Node.Name,
                ["Balatrix__FreeSwitch__Nodes__0__Host"] = fs.Node.Host,
                ["Balatrix__FreeSwitch__Nodes__0__Port"] = fs.Node.Port.ToString(CultureInfo.InvariantCulture),
                ["Balatrix__FreeSwitch__Nodes__0__Password"] = fs.Node.Password,
                ["Balatrix__FreeSwitch__Nodes__0__Tenant"] = fs.Node.Tenant,
            },
        };
        await server.StartAsync();
        await WarmAsync(fs);
        await HoldAsync(fs, live, PerSecond * 3 / 2);
        // What was seen of them is kept every two seconds.
        await Task.Delay(3_000);
        var times = new List<double>();
        for (var round = 0; round < 3; round++)
        {
            await server.KillAsync();
            await Task.Delay(500);
            await fs.TellAsync("forget");
            var since = Stopwatch.GetTimestamp();
            var starting = server.StartAsync();
            double[] now;
            while ((now = await fs.TellAsync("guarded"))[0] < live)
            {
                if (Stopwatch.GetElapsedTime(since) > TimeSpan.FromMinutes(1))
                    throw new TimeoutException($"{now[0]} of {live} calls are under control, {now[2]} live.");
                await Task.Delay(50);
            }
            times.Add(Stopwatch.GetElapsedTime(since, (long)now[1]).TotalSeconds);
            await starting;
            Console.Error.WriteLine($"  {times[^1]:0.0} s, {now[2]} calls live");
        }
        var value = Ingest.Median(times);
        return new("readopt", string.Create(CultureInfo.InvariantCulture, $"seconds ({value:0.0}) from the start of the process until {live} live calls are under control, beside {GoalSeconds}"), value, "s", GoalSeconds, value / GoalSeconds, 1, value < GoalSeconds);
    }

    static Task SetUpAsync(BenchWorld world) => world.ExecuteAsync(
        $"""
        insert into ledger.accounts (account_id, tenant_id, kind, currency, balance_micros, entry_no, plan_version_id, plan_since)
        select {Penniless}, tenant_id, kind, currency, 0, 0, plan_version_id, plan_since from ledger.accounts where account_id = {BenchWorld.FirstAccount} on conflict do nothing
        """);

    /// <summary>Waits for the link, and until calls are let through: prices are compiled for the first ones.</summary>
    static async Task WarmAsync(SwitchProcess fs)
    {
        await fs.TellAsync("linked");
        for (var tries = 0; (await fs.TellAsync($"load {PerSecond} {PerSecond} {Accounts}"))[2] > 0; tries++)
            if (tries == 15)
                throw new TimeoutException("Calls are not let through.");
    }

    static async Task HoldAsync(SwitchProcess fs, int live, int perSecond)
    {
        var held = 0;
        for (var tries = 0; tries < 5 && held < live; tries++)
            held += (int)(await fs.TellAsync($"hold {live - held} {perSecond} {Accounts}"))[0];
        if (held < live)
            throw new InvalidOperationException($"Only {held} of {live} calls came up.");
    }

    static long Heap()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>Waits until so many calls talk, or none is left; tells how many are known.</summary>
    static async Task<int> UntilAsync(WebApplication app, int live)
    {
        var calls = app.Services.GetRequiredService<LiveCalls>();
        for (var tries = 0; tries < 300; tries++)
        {
            var now = calls.Snapshot(BenchWorld.Tenant, DateTimeOffset.UtcNow);
            if (live == 0 ? now.Count == 0 : now.Count(c => c.State == "talking") >= live)
                return now.Count;
            await Task.Delay(100);
        }
        throw new TimeoutException($"There are {calls.Snapshot(BenchWorld.Tenant, DateTimeOffset.UtcNow).Count} calls, not {live}.");
    }
}
