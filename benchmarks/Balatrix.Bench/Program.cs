using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Balatrix.Bench;
using Balatrix.Modules.Ledger;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;

string[] all =
[
    "ingest", "ingest-zipf", "ingest-hot", "ingest-http", "ingest-single-tx", "latency", "rating", "memory", "ingest-grown", "crash", "renewals", "renewals-flat", "billing-cycle", "login", "search", "simulate", "pdf",
    "webhooks", "payment-crash", "cycle-crash", "calls", "readopt",
];
if (args is [SwitchProcess.Argument])
{
    await CallLoad.ServeAsync();
    return 0;
}
var names = args.TakeWhile(a => !a.StartsWith("--", StringComparison.Ordinal)).ToArray();
string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
var unknown = names.Except(all).ToArray();
if (unknown.Length > 0)
{
    Console.Error.WriteLine($"No benchmark {string.Join(", ", unknown)}; there are {string.Join(", ", all)}.");
    return 2;
}
if (Array.IndexOf(args, "--diagnose") is >= 0 and var diagnose)
{
    // Time and memory of one rating, by BenchmarkDotNet, whose options may follow (--job short); it needs no database.
    var config = DefaultConfig.Instance.WithArtifactsPath(Path.Combine(Path.GetTempPath(), "balatrix-bench"));
    BenchmarkRunner.Run<RatingMemory>(config, ["--inProcess", .. args[(diagnose + 1)..]]);
    return 0;
}
// A second of ingestion is about 60,000 events on two cores.
var seconds = int.Parse(Option("--seconds") ?? "6", CultureInfo.InvariantCulture);
var events = seconds * 50_000;
var results = new List<BenchResult>();
await using (var world = await BenchWorld.StartAsync(10_000, new ChargingOptions()))
{
    foreach (var name in names.Length > 0 ? names : all)
    {
        Console.Error.WriteLine($"running {name}");
        if (name == "calls")
        {
            results.AddRange(await world.RestingAsync(() => Calls.RunAsync(world, int.Parse(Option("--live") ?? "5000", CultureInfo.InvariantCulture), seconds)));
            Console.Error.WriteLine(results[^2]);
            Console.Error.WriteLine(results[^1]);
            continue;
        }
        results.Add(name switch
        {
            "ingest" => await Ingest.UniformAsync(world, events),
            "ingest-zipf" => await Ingest.ZipfAsync(world, events),
            "ingest-hot" => await Ingest.HotAsync(world, events),
            "ingest-http" => await Ingest.HttpAsync(world, events),
            "ingest-single-tx" => await Ingest.SingleTransactionAsync(world, events),
            "latency" => await Latency.RunAsync(world, seconds),
            "rating" => RatingBenchmark.Run(),
            "pdf" => PdfBenchmark.Run(seconds),
            "memory" => await Ingest.MemoryAsync(events),
            "renewals" => await Renewals.RunAsync(world, int.Parse(Option("--due") ?? "100000", CultureInfo.InvariantCulture)),
            "billing-cycle" => await Billing.RunAsync(world, int.Parse(Option("--accounts") ?? "100000", CultureInfo.InvariantCulture)),
            "renewals-flat" => await Renewals.FlatAsync(world, int.Parse(Option("--due") ?? "100000", CultureInfo.InvariantCulture)),
            "login" => await Login.RunAsync(world),
            "search" => await Search.RunAsync(world, int.Parse(Option("--customers") ?? "1000000", CultureInfo.InvariantCulture), seconds),
            "simulate" => await Simulate.RunAsync(world, int.Parse(Option("--records") ?? "2000000", CultureInfo.InvariantCulture)),
            "webhooks" => await Webhooks.RunAsync(world, seconds),
            "readopt" => await world.RestingAsync(() => Calls.ReadoptAsync(world, int.Parse(Option("--live") ?? "10000", CultureInfo.InvariantCulture))),
            "payment-crash" => await PaymentCrash.RunAsync(int.Parse(Option("--kills") ?? "20", CultureInfo.InvariantCulture)),
            "cycle-crash" => await CycleCrash.RunAsync(int.Parse(Option("--kills") ?? "20", CultureInfo.InvariantCulture)),
            "crash" => await Crash.RunAsync(int.Parse(Option("--kills") ?? "25", CultureInfo.InvariantCulture)),
            _ => await Ingest.GrownAsync(world, events, int.Parse(Option("--records") ?? "20000000", CultureInfo.InvariantCulture)),
        });
        Console.Error.WriteLine(results[^1]);
    }
}
var commit = await GitAsync();
var machine = $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSArchitecture}, {RuntimeInformation.FrameworkDescription}, PostgreSQL embedded";
Console.WriteLine($"{"name",-18}{"value",12}{"baseline",12}{"ratio",8}{"goal",7}  ");
foreach (var r in results)
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{r.Name,-18}{r.Value,12:0}{r.Baseline,12:0}{r.Ratio,8:0.00}{r.Goal,7:0.##}  {(r.Held ? "held" : "SHORT")}  {r.What}"));
Console.WriteLine($"{machine}, commit {commit}");
if (Option("--json") is { } path)
{
    var json = new { machine, commit, results = results.ToDictionary(r => r.Name, r => new { value = r.Value, unit = r.Unit, baseline = r.Baseline, ratio = r.Ratio, goal = r.Goal, held = r.Held }) };
    await File.WriteAllTextAsync(path, JsonSerializer.Serialize(json, new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true }));
}
return 0;

static async Task<string> GitAsync()
{
    using var git = Process.Start(new ProcessStartInfo("git", ["rev-parse", "--short", "HEAD"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
    return (await git.StandardOutput.ReadToEndAsync()).Trim();
}
