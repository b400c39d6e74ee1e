using System.CommandLine;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Invoicing;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Balatrix.Web.Verbs;

/// <summary>balatrix billing-cycle.</summary>
static class BillingCycleVerb
{
    public static Command Create(Option<string> data, Option<bool> json)
    {
        var tenant = new Option<int>("--tenant") { Description = "Number of the tenant.", DefaultValueFactory = _ => 1 };
        var date = new Option<DateOnly?>("--date") { Description = "The day to bill for, such as 2026-11-01; today when left out." };
        var status = new Option<bool>("--status") { Description = "Only say how far the cycle of the day is." };
        var verb = new Command(
            "billing-cycle", "Invoice all accounts whose month is over. What is invoiced is not invoiced again, so it can be broken off and run again at any time. Exit code 4 when an account could not be billed.")
        {
            tenant, date, status,
        };
        verb.SetAction((parsed, ct) => VerbOutput.RunAsync(async () =>
        {
            await using var session = await DataSession.OpenAsync(parsed.GetValue(data)!, VerbOutput.Say, ct);
            var clock = new TenantClock(session.Database, TimeProvider.System);
            var tenantId = parsed.GetValue(tenant);
            var now = TimeZoneInfo.ConvertTime(await clock.NowAsync(tenantId, ct), await clock.ZoneAsync(tenantId, ct));
            var day = parsed.GetValue(date) ?? DateOnly.FromDateTime(now.DateTime);
            var cycle = new BillingCycle(session.Database, clock, NullLogger<BillingCycle>.Instance);
            var view = parsed.GetValue(status) ? await cycle.FindAsync(tenantId, day, ct) : await cycle.RunAsync(tenantId, day, TimeSpan.MaxValue, Actor.System("balatrix billing-cycle"), ct);
            if (parsed.GetValue(json))
                VerbOutput.WriteJson(view is null ? new { } : view);
            else
                Print(view);
            return view is { Failed: > 0 } ? VerbOutput.NotProven : VerbOutput.Ok;
        }));
        return verb;
    }

    static void Print(CycleView? view)
    {
        if (view is null)
        {
            AnsiConsole.WriteLine("No cycle was run for that day.");
            return;
        }
        AnsiConsole.MarkupLineInterpolated($"Cycle of {view.Day:yyyy-MM-dd}: {view.Status}, {view.Examined} accounts, {view.Issued} documents issued, {view.Failed} failed.");
        foreach (var failure in view.Failures)
            AnsiConsole.MarkupLineInterpolated($"[red]✗[/] {failure.Account}: {failure.Message}");
    }
}
