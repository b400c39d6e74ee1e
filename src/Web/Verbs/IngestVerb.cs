using System.CommandLine;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Balatrix.Modules.Voice;
using Balatrix.Modules.Voice.Calls;
using Spectre.Console;

namespace Balatrix.Web.Verbs;

/// <summary>balatrix ingest.</summary>
static class IngestVerb
{
    public static Command Create(Option<string> data, Option<bool> json)
    {
        var files = new Argument<FileInfo[]>("FILE") { Description = "CDRs (JSON, XML, CSV as FreeSWITCH writes them) or CloudEvents (JSON objects, a line each, indented or in an array).", Arity = ArgumentArity.OneOrMore };
        var account = new Option<string?>("--account") { Description = "Charge records without an accountcode to this account." };
        var zone = new Option<string>("--zone") { Description = "Zone of the stamps in CSV files, which name none.", DefaultValueFactory = _ => "UTC" };
        var command = new Command("ingest", "Rate and charge usage from files. Every record is charged once, however often it is ingested. Exit code 1 when any was refused.") { files, account, zone };
        command.SetAction((parsed, ct) => VerbOutput.RunAsync(() => IngestAsync(
            parsed.GetValue(data)!, parsed.GetValue(files)!, parsed.GetValue(account), parsed.GetValue(zone)!, parsed.GetValue(json), ct)));
        return command;
    }

    static async Task<int> IngestAsync(string data, FileInfo[] files, string? account, string zone, bool json, CancellationToken cancellationToken)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var csvZone))
        {
            VerbOutput.Say($"There is no zone {zone}. Expected an IANA name such as Asia/Kolkata.");
            return VerbOutput.Failed;
        }
        await using var session = await DataSession.OpenAsync(data, VerbOutput.Say, cancellationToken);
        await using var app = BalatrixServer.Build(session.Database, "http://127.0.0.1:0", TimeProvider.System, data: data);
        await app.StartAsync(cancellationToken);
        var ingestion = new FileIngestion(
            app.Services.GetRequiredService<UsageIntake>(), app.Services.GetRequiredService<CallLegs>(), app.Services.GetRequiredService<CallRecords>(), app.Services.GetRequiredService<TenantClock>(),
            csvZone, account, Modules.Operations.SeedData.DefaultTenant);
        var isTerminal = !json && !Console.IsErrorRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error), Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No });
        await console.Progress().StartAsync(async progress =>
        {
            var bar = progress.AddTask("ingesting", maxValue: Math.Max(1, files.Sum(f => f.Exists ? f.Length : 0)));
            foreach (var file in files)
                await ingestion.IngestAsync(file, bytes => bar.Increment(bytes), cancellationToken);
        });
        await app.StopAsync(CancellationToken.None);
        var summary = ingestion.Summary;
        if (json)
            VerbOutput.WriteJson(summary);
        else
            Print(summary);
        return summary.Refused > 0 ? VerbOutput.Failed : VerbOutput.Ok;
    }

    static void Print(IngestSummary summary)
    {
        Console.WriteLine($"{summary.Accepted} charged, {summary.Duplicates} duplicates, {summary.BLegs} B legs, {summary.Unrated} kept unrated, {summary.Refused} refused.");
        foreach (var problem in summary.Problems)
            Console.WriteLine($"  {problem.File}:{problem.Record} {problem.Code}: {problem.Title}");
    }
}
