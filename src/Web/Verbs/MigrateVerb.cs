using System.CommandLine;
using Balatrix.Modules.Platform;

namespace Balatrix.Web.Verbs;

/// <summary>balatrix migrate up|down|status.</summary>
static class MigrateVerb
{
    public static Command Create(Option<string> data, Option<bool> json)
    {
        var upTo = new Option<int?>("--to") { Description = "Stop after this version." };
        var downTo = new Option<int>("--to") { Description = "Take back everything above this version; 0 takes back all, with all data.", Required = true };
        var up = new Command("up", "Apply what is missing.") { upTo };
        up.SetAction((parsed, ct) => RunAsync(parsed.GetValue(data)!, parsed.GetValue(json), "applied", m => m.UpAsync(parsed.GetValue(upTo), ct), ct));
        var down = new Command("down", "Take migrations back, newest first. Data in what they made is lost.") { downTo };
        down.SetAction((parsed, ct) => RunAsync(parsed.GetValue(data)!, parsed.GetValue(json), "taken back", m => m.DownAsync(parsed.GetValue(downTo), ct), ct));
        var status = new Command("status", "Show which migrations the database has.");
        status.SetAction((parsed, ct) => RunAsync(parsed.GetValue(data)!, parsed.GetValue(json), "status", m => m.StatusAsync(ct), ct));
        return new Command("migrate", "Bring the database's schema up or down, or show where it is.") { up, down, status };
    }

    static Task<int> RunAsync(string data, bool json, string verb, Func<Migrations, Task<List<MigrationStatus>>> work, CancellationToken cancellationToken) => VerbOutput.RunAsync(async () =>
    {
        await using var session = await DataSession.OpenAsync(data, VerbOutput.Say, cancellationToken);
        var migrations = await work(new Migrations(session.Database));
        if (json)
        {
            VerbOutput.WriteJson(new { verb, migrations });
            return VerbOutput.Ok;
        }
        foreach (var migration in migrations)
            Console.WriteLine($"{migration.Version:0000} {migration.Name,-20} {(verb == "status" ? migration.AppliedAt?.ToString("u") ?? "missing" : verb)}");
        if (migrations.Count == 0)
            Console.WriteLine("Nothing to do.");
        return VerbOutput.Ok;
    });
}
