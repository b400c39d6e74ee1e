using System.Diagnostics;
using System.Net.Http.Headers;
using Balatrix.Modules.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Bench;

/// <summary>Throughput of durable charging against a bare COPY of the same rows.</summary>
static class Ingest
{
    const int Batch = 10_000;
    const int Concurrent = 12;

    public static Task<BenchResult> UniformAsync(BenchWorld world, int events) =>
        AgainstCopyAsync("ingest", "durable events/s, accounts uniform", world, events, 0.6, bodies => ThroughPipelineAsync(world, bodies), r => r.Next(world.Accounts));

    public static Task<BenchResult> ZipfAsync(BenchWorld world, int events)
    {
        var rank = Zipf(world.Accounts, 1.1);
        return AgainstCopyAsync("ingest-zipf", "durable events/s, accounts Zipf 1.1", world, events, 0.6, bodies => ThroughPipelineAsync(world, bodies), rank);
    }

    public static async Task<BenchResult> HttpAsync(BenchWorld world, int events)
    {
        using var client = await ClientAsync(world, world.Url);
        return await AgainstCopyAsync("ingest-http", "durable events/s over /events/batch", world, events, 0.45, bodies => OverHttpAsync(client, bodies), r => r.Next(world.Accounts));
    }

    /// <summary>One account against all accounts.</summary>
    public static async Task<BenchResult> HotAsync(BenchWorld world, int events)
    {
        var (hot, uniform) = (new List<double>(), new List<double>());
        for (var round = 0; round < 3; round++)
        {
            uniform.Add(await TimeAsync(events, world.Events(events, Batch, r => r.Next(world.Accounts)), b => ThroughPipelineAsync(world, b)));
            hot.Add(await TimeAsync(events, world.Events(events, Batch, _ => 7), b => ThroughPipelineAsync(world, b)));
        }
        return Result("ingest-hot", "durable events/s, one account", Median(hot), Median(uniform), 0.5);
    }

    /// <summary>Group commit against a transaction an event, by the same statements.</summary>
    public static async Task<BenchResult> SingleTransactionAsync(BenchWorld world, int events)
    {
        var (grouped, single) = (new List<double>(), new List<double>());
        for (var round = 0; round < 3; round++)
        {
            grouped.Add(await TimeAsync(events, world.Events(events, Batch, r => r.Next(world.Accounts)), b => ThroughPipelineAsync(world, b)));
            single.Add(await TimeAsync(500, world.Events(500, 1, r => r.Next(world.Accounts)), async bodies =>
            {
                foreach (var body in bodies)
                    await world.ChargeAsync(body);
            }));
        }
        return Result("ingest-single-tx", "durable events/s in groups", Median(grouped), Median(single), 20);
    }

    /// <summary>
    /// A database with records of the last 75 days against an empty one, each with its own server, in turns, so that what else the machine
    /// does falls on both. The first rounds bring both to their running state: plans, caches, and what a node knows of past months.
    /// </summary>
    public static async Task<BenchResult> GrownAsync(BenchWorld empty, int events, int present)
    {
        await using var grown = await BenchWorld.StartAsync(empty.Accounts, new Modules.Ledger.ChargingOptions());
        var clock = Stopwatch.StartNew();
        await grown.FillAsync(present);
        Console.Error.WriteLine($"  {present:#,0} records in {clock.Elapsed.TotalSeconds:0} s");
        for (var round = 0; round < 6 && (round < 2 || !grown.KnowsPastMonths); round++)
            Console.Error.WriteLine($"  running in: empty {await UniformRoundAsync(empty, events):0}, grown {await UniformRoundAsync(grown, events):0} events/s");
        var (values, baselines) = (new List<double>(), new List<double>());
        for (var round = 0; round < 6; round++)
        {
            if (round % 2 == 0)
                baselines.Add(await UniformRoundAsync(empty, events));
            values.Add(await UniformRoundAsync(grown, events));
            if (round % 2 == 1)
                baselines.Add(await UniformRoundAsync(empty, events));
            Console.Error.WriteLine($"  empty {baselines[^1]:0}, grown {values[^1]:0} events/s");
        }
        return Result("ingest-grown", $"durable events/s with {present:#,0} records present", Median(values), Median(baselines), 0.85);
    }

    static async Task<double> UniformRoundAsync(BenchWorld world, int events)
    {
        var bodies = world.Events(events, Batch, r => r.Next(world.Accounts));
        return await TimeAsync(events, bodies, b => ThroughPipelineAsync(world, b));
    }

    /// <summary>The most that a server, in a process of its own, was seen to have resident under load.</summary>
    public static async Task<BenchResult> MemoryAsync(int events)
    {
        await using var world = await BenchWorld.StartAsync(100_000, new Modules.Ledger.ChargingOptions());
        await using var server = new ServerProcess(Directory.CreateTempSubdirectory("balatrix-memory-").FullName, world.ConnectionString);
        await server.StartAsync();
        using var client = await ClientAsync(world, server.Url);
        using var stop = new CancellationTokenSource();
        var sampling = SampleAsync(server, stop.Token);
        for (var round = 0; round < 3; round++)
            await OverHttpAsync(client, world.Events(events, Batch, r => r.Next(world.Accounts)));
        await stop.CancelAsync();
        var (most, median) = await sampling;
        Console.Error.WriteLine($"  resident MB: median {median:0}, most {most:0}");
        return new("memory", "resident MB with 100,000 accounts under load", most, "MB", null, most / 350, 350, most <= 350);
    }

    static async Task<(double Most, double Median)> SampleAsync(ServerProcess server, CancellationToken stop)
    {
        var samples = new List<double>();
        while (!stop.IsCancellationRequested)
        {
            samples.Add(server.ResidentMegabytes);
            await Task.Delay(100, CancellationToken.None);
        }
        return (samples.Max(), Median(samples));
    }

    static async Task<HttpClient> ClientAsync(BenchWorld world, string url)
    {
        var (_, key) = await world.Services.GetRequiredService<ApiKeys>().CreateAsync(BenchWorld.Tenant, "bench", [Scope.All], [], null, CancellationToken.None);
        var client = new HttpClient { BaseAddress = new Uri(url), Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    static async Task<BenchResult> AgainstCopyAsync(
        string name, string what, BenchWorld world, int events, double goal, Func<byte[][], Task> work, Func<Random, int> rank)
    {
        var (values, baselines) = (new List<double>(), new List<double>());
        await TimeAsync(events / 2, world.Events(events / 2, Batch, rank), work);
        for (var round = 0; round < 3; round++)
        {
            values.Add(await TimeAsync(events, world.Events(events, Batch, rank), work));
            baselines.Add(await CopyBaseline.RunAsync(world, events, Batch));
        }
        return Result(name, what, Median(values), Median(baselines), goal);
    }

    static async Task<double> TimeAsync(int events, byte[][] bodies, Func<byte[][], Task> work)
    {
        GC.Collect();
        var clock = Stopwatch.StartNew();
        await work(bodies);
        return events / clock.Elapsed.TotalSeconds;
    }

    static async Task ThroughPipelineAsync(BenchWorld world, byte[][] bodies)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Concurrent).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < bodies.Length;)
                await world.ChargeAsync(bodies[i]);
        })));
    }

    static async Task OverHttpAsync(HttpClient client, byte[][] bodies)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Concurrent).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < bodies.Length;)
            {
                using var content = new ByteArrayContent(bodies[i]);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents-batch+json");
                using var response = await client.PostAsync("/api/v1/events/batch", content);
                response.EnsureSuccessStatusCode();
                var text = await response.Content.ReadAsStringAsync();
                if (!text.StartsWith($"{{\"accepted\":{Batch},", StringComparison.Ordinal))
                    throw new InvalidOperationException(text[..200]);
            }
        })));
    }

    static Func<Random, int> Zipf(int count, double exponent)
    {
        var cumulative = new double[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++)
            cumulative[i] = sum += 1 / Math.Pow(i + 1, exponent);
        return random =>
        {
            var at = Array.BinarySearch(cumulative, random.NextDouble() * sum);
            return Math.Min(count - 1, at < 0 ? ~at : at);
        };
    }

    public static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    public static BenchResult Result(string name, string what, double value, double baseline, double goal) =>
        new(name, what, value, "events/s", baseline, value / baseline, goal, value / baseline >= goal);
}
