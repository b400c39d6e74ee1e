using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using System.Text;
using Balatrix.Modules.Tests.Voice.EventSocket;

namespace Balatrix.Bench;

/// <summary>The stand-in FreeSWITCH of the tests and its callers, open loop, in a process of their own: neither their memory nor their pauses are Balatrix's. <see cref="SwitchProcess"/> tells it what to do.</summary>
sealed class CallLoad
{
    /// <summary>One of so many calls is from the account without money.</summary>
    const int RefusedOf = 20;

    /// <summary>More bytes than the switch makes in a round.</summary>
    const long MostGarbage = 4L << 30;

    const double NeverDecidedMs = 3_000;

    static readonly TimeSpan Rings = TimeSpan.FromMilliseconds(50);

    readonly StandInFreeSwitch server = StandInFreeSwitch.Start(TimeProvider.System);
    readonly ConcurrentDictionary<string, long> parked = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, double> decided = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, byte> guarded = new(StringComparer.Ordinal);
    int extended;
    int dialled;
    long lastGuard;

    CallLoad()
    {
        server.FrameWritten = frame => NoteParked(frame.Span);
        server.Misbehaviour.Answers = line =>
        {
            Note(line);
            return null;
        };
    }

    /// <summary>Does what its standard input says, a line each, and answers with a line of numbers.</summary>
    public static async Task ServeAsync()
    {
        var load = new CallLoad();
        Console.WriteLine(load.server.Port);
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var words = line.Split(' ');
            var numbers = Array.ConvertAll(words[1..], w => int.Parse(w, CultureInfo.InvariantCulture));
            double[] answer = words[0] switch
            {
                "linked" => await load.LinkedAsync(),
                "hold" => await load.HoldAsync(numbers[0], numbers[1], numbers[2]),
                "load" => await load.LoadAsync(numbers[0], numbers[1], numbers[2]),
                "forget" => load.ForgetGuards(),
                "guarded" => load.Guarded(),
                _ => throw new InvalidOperationException(line),
            };
            Console.WriteLine(string.Join(' ', answer.Select(a => a.ToString("R", CultureInfo.InvariantCulture))));
        }
        Environment.Exit(0);
    }

    /// <summary>Waits for both connections.</summary>
    async Task<double[]> LinkedAsync()
    {
        while (server.Listeners < 2)
            await Task.Delay(20);
        return [];
    }

    /// <summary>Dials calls that stay; tells how many were let through.</summary>
    async Task<double[]> HoldAsync(int count, int perSecond, int accounts)
    {
        var calls = await OpenLoopAsync(count, perSecond, n => CallAsync(BenchWorld.FirstAccount + (n % accounts), null));
        await Task.Delay(Rings * 4);
        return [calls.Count(c => c < NeverDecidedMs)];
    }

    /// <summary>Short calls: p99 of all decisions and of the refusals, how many had none, extensions that went on meanwhile, calls that live now, p50 and p90.</summary>
    async Task<double[]> LoadAsync(int count, int perSecond, int accounts)
    {
        extended = 0;
        // Its own collections would be timed as Balatrix's decisions: none while it times.
        GC.TryStartNoGCRegion(MostGarbage);
        var waits = await OpenLoopAsync(count, perSecond, n => n % RefusedOf == RefusedOf - 1
            ? RefusedAsync()
            : CallAsync(BenchWorld.FirstAccount + (n % accounts), TimeSpan.FromSeconds(2)));
        if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
            GC.EndNoGCRegion();
        else
            Console.Error.WriteLine("  the switch collected garbage meanwhile");
        var refused = waits.Where((_, n) => n % RefusedOf == RefusedOf - 1).ToArray();
        return [Percentile(waits, 99), Percentile(refused, 99), waits.Count(w => w >= NeverDecidedMs), extended, server.Channels.Count(c => c.Originator is null), Percentile(waits, 50), Percentile(waits, 90)];
    }

    double[] ForgetGuards()
    {
        guarded.Clear();
        return [];
    }

    /// <summary>How many calls had their guard armed since, when the last of them (the machine's ticks, the same in every process), and calls that live now.</summary>
    double[] Guarded() => [guarded.Count, Volatile.Read(ref lastGuard), server.Channels.Count(c => c.Originator is null)];

    static double Percentile(double[] waits, int percent) => waits.Length == 0 ? 0 : waits.Order().ElementAt(waits.Length * percent / 100);

    async Task<double[]> OpenLoopAsync(int count, int perSecond, Func<int, Task<double>> call)
    {
        var running = new Task<double>[count];
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < count; i++)
        {
            var due = TimeSpan.FromSeconds((double)i / perSecond);
            while (clock.Elapsed < due)
                await Task.Delay(1);
            running[i] = call(i);
        }
        return await Task.WhenAll(running);
    }

    async Task<double> CallAsync(long account, TimeSpan? talks)
    {
        var call = await DialAsync(account, new StandInCarrier(Rings, talks));
        try
        {
            await call.RoutedAsync(TimeSpan.FromSeconds(30));
            return decided.TryRemove(call.Uuid, out var ms) ? ms : NeverDecidedMs;
        }
        catch (InvalidOperationException)
        {
            // It was ended before it was let through.
            return NeverDecidedMs;
        }
    }

    async Task<double> RefusedAsync()
    {
        var call = await DialAsync(Calls.Penniless, new StandInCarrier(Rings));
        await call.EndedAsync(TimeSpan.FromSeconds(30));
        return call.SipStatus == 402 && decided.TryRemove(call.Uuid, out var ms) ? ms : NeverDecidedMs;
    }

    Task<StandInChannel> DialAsync(long account, StandInCarrier carrier) => server.DialAsync(new StandInCall
    {
        AccountCode = $"ACC-{account}",
        From = "918045678901",
        To = string.Create(CultureInfo.InvariantCulture, $"9198{Interlocked.Increment(ref dialled):00000000}"),
        Carrier = carrier,
        Variables = new Dictionary<string, string> { ["bill_notify"] = "true" },
    });

    void NoteParked(ReadOnlySpan<byte> frame)
    {
        if (frame[..Math.Min(frame.Length, 160)].IndexOf("\"CHANNEL_PARK\""u8) < 0)
            return;
        var id = "\"Unique-ID\":\""u8;
        parked[Encoding.ASCII.GetString(frame.Slice(frame.IndexOf(id) + id.Length, 36))] = Stopwatch.GetTimestamp();
    }

    /// <summary>What decides over a call comes in one packet; its first line is read before the stand-in has done anything of it.</summary>
    void Note(string line)
    {
        if (line.StartsWith("uuid_setvar", StringComparison.Ordinal))
        {
            var uuid = line.Split(' ')[1];
            if (parked.TryRemove(uuid, out var since))
                decided[uuid] = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
        }
        else if (line.StartsWith("sched_api ", StringComparison.Ordinal) && line.Split(' ') is [_, _, var guard, "uuid_kill", var uuid, ..])
        {
            // Guard 0 is armed by FreeSWITCH itself at the answer, or after a restart.
            if (!guard.EndsWith("-0", StringComparison.Ordinal))
                Interlocked.Increment(ref extended);
            if (guarded.TryAdd(uuid, 0))
                Volatile.Write(ref lastGuard, Stopwatch.GetTimestamp());
        }
    }
}
