using System.CommandLine;
using Balatrix.Web.Verbs;

var data = new Option<string>("--data")
{
    Description = "Folder of the embedded PostgreSQL and of keys.",
    DefaultValueFactory = _ => Environment.GetEnvironmentVariable("Balatrix__DataDirectory") ?? "./data",
    Recursive = true,
};
var json = new Option<bool>("--json") { Description = "Print JSON for programs instead of text for people.", Recursive = true };
var root = new RootCommand("Balatrix charges and bills calls, messages and authentication events: exactly once, explained, and proven.")
{
    data, json,
    ServeVerb.Create(data), MigrateVerb.Create(data, json), SeedVerb.Create(data, json), IngestVerb.Create(data, json), RateVerb.Create(json), LedgerVerb.Create(data, json), BillingCycleVerb.Create(data, json), AuditVerb.Create(data, json), KeysVerb.Create(data, json),
};
var parsed = root.Parse(args);
// After Ctrl+C there must be time to answer what is under way and to stop the private PostgreSQL.
var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(2) });
return parsed.Errors.Count > 0 ? VerbOutput.WrongUsage : code;
