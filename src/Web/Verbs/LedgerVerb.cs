using System.CommandLine;
using Balatrix.Modules.Ledger;
using Spectre.Console;

namespace Balatrix.Web.Verbs;

/// <summary>balatrix ledger verify.</summary>
static class LedgerVerb
{
    public static Command Create(Option<string> data, Option<bool> json)
    {
        var tenant = new Option<int?>("--tenant") { Description = "Number of one tenant; all when left out." };
        var verify = new Command("verify", "Add the whole ledger up again and prove it: gapless, balanced, every use posted once. Exit code 4 when something is wrong; the first wrong row is named.") { tenant };
        verify.SetAction((parsed, ct) => VerbOutput.RunAsync(async () =>
        {
            await using var session = await DataSession.OpenAsync(parsed.GetValue(data)!, VerbOutput.Say, ct);
            var report = await new LedgerVerification(session.Database).VerifyAsync(parsed.GetValue(tenant), ct);
            if (parsed.GetValue(json))
                VerbOutput.WriteJson(report);
            else
                Print(report);
            return report.Proven ? VerbOutput.Ok : VerbOutput.NotProven;
        }));
        return new Command("ledger", "Work with the books.") { verify };
    }

    static void Print(LedgerReport report)
    {
        foreach (var proof in report.Proofs)
            AnsiConsole.MarkupLineInterpolated(proof.Proven ? (FormattableString)$"[green]✓[/] {proof.Name}" : $"[red]✗[/] {proof.Name}: {proof.FirstWrong}");
        AnsiConsole.MarkupLineInterpolated($"{(report.Proven ? "Proven" : "NOT proven")}: {report.Accounts} accounts, {report.Entries} entries, {report.UsageRecords} usage records.");
    }
}
