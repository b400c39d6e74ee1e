using System.Globalization;
using System.Text;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Printing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;

namespace Balatrix.Modules.Customers;

/// <summary>An account's statement of a period as JSON, CSV or PDF.</summary>
public static class StatementEndpoint
{
    const int LongestStatement = 100_000, LongestPrint = 20_000;

    internal static async Task<IResult> Handle(
        string id, DateTimeOffset? from, DateTimeOffset? to, string? format, HttpContext context, AccountDirectory directory, AccountStore accounts,
        Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await AccountEndpoints.FindAsync(id, context, directory, accounts, cancellationToken) is not { } account || !AccountDirectory.TryParseNumber(account.Id, out var accountId))
            return Problem.NotFound("account").ToResult();
        format ??= Accepted(context.Request.GetTypedHeaders());
        if (format is not ("json" or "csv" or "pdf"))
            return new Problem(406, "format_not_available", "Statements are made as json, csv or pdf.", "format", "json, csv or pdf").ToResult();
        var ((start, end), wrong) = ReportPeriod.Of(from, to, (await clock.NowAsync(tenantId, cancellationToken)).AddMinutes(1), 31);
        if (wrong is not null)
            return wrong.ToResult();
        var most = format == "pdf" ? LongestPrint : LongestStatement;
        var entries = await EntryEndpoints.ReadAsync(tenantId, new(accountId, null, null, start, end, long.MaxValue, most + 1), database, cancellationToken);
        if (entries.Count > most)
            return new Problem(422, "statement_too_long", $"The period has more than {most} entries.", "from", "a shorter period").ToResult();
        entries.Reverse();
        if (format == "csv")
            return Results.Text(Csv(entries), "text/csv; charset=utf-8");
        var opening = entries.Count == 0 ? await BalanceBeforeAsync(tenantId, accountId, start, database, cancellationToken) : Opening(entries[0]);
        var closing = entries.Count == 0 ? opening : entries[^1].BalanceAfter;
        var totals = entries.GroupBy(e => IsAccountBook(e.Debit) ? e.Credit : e.Debit)
            .Select(g => new BookTotal(g.Key, g.Count(), Money.Format(g.Sum(e => Signed(e)))));
        var statement = new StatementView(account.Id, account.Currency, start, end, opening, closing, [.. totals], entries);
        return format == "json" ? Results.Ok(statement) : await PrintAsync(statement, account, context, database, clock, cancellationToken);
    }

    /// <summary>What an entry adds to the account's balance.</summary>
    internal static long Signed(EntryEndpoints.EntryView entry) => Micros(entry.Amount) * (IsAccountBook(entry.Debit) ? -1 : 1);

    /// <summary>An amount that was formatted.</summary>
    internal static long Micros(string amount) => Money.TryParse(amount, out var micros) ? micros : throw new FormatException(amount);

    /// <summary>The first format of the Accept header that there is; json for one that names none.</summary>
    static string Accepted(RequestHeaders headers)
    {
        foreach (var type in headers.Accept.OrderByDescending(a => a.Quality ?? 1))
        {
            switch (type.MediaType.Value)
            {
                case "application/pdf":
                    return "pdf";
                case "text/csv":
                    return "csv";
                case "application/json" or "*/*":
                    return "json";
                default:
                    continue;
            }
        }
        return "json";
    }

    // Of a period without entries, the balance is the one that the last entry before left.
    static async Task<string> BalanceBeforeAsync(int tenantId, long accountId, DateTimeOffset start, Database database, CancellationToken cancellationToken)
    {
        var before = await EntryEndpoints.ReadAsync(tenantId, new(accountId, null, null, null, start, long.MaxValue, 1), database, cancellationToken);
        return before.Count == 0 ? Money.Format(0) : before[0].BalanceAfter;
    }

    static async Task<IResult> PrintAsync(
        StatementView statement, AccountView account, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (!FontLibrary.Machine.IsUsable)
            return new Problem(503, "fonts_missing", FontLibrary.Machine.Shortage!).ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var settings = await database.InTenantAsync(tenantId, (connection, ct) => TenantSettingsStore.LoadAsync(connection, tenantId, ct), cancellationToken);
        var pdf = StatementPdf.Render(statement, account, settings, await clock.ZoneAsync(tenantId, cancellationToken));
        context.Response.Headers.ContentDisposition = $"inline; filename=statement-{account.Id}.pdf";
        return Results.Bytes(pdf, "application/pdf");
    }

    static bool IsAccountBook(string book) => book == Books.Name(Book.Wallet) || book == Books.Name(Book.Receivable);

    static string Opening(EntryEndpoints.EntryView first) => Money.Format(Micros(first.BalanceAfter) - Signed(first));

    static string Csv(List<EntryEndpoints.EntryView> entries)
    {
        var text = new StringBuilder("entry_no,recorded_at,kind,debit,credit,amount,balance_after,reference\n");
        foreach (var e in entries)
            text.Append(CultureInfo.InvariantCulture, $"{e.EntryNo},{e.RecordedAt:O},{e.Kind},{e.Debit},{e.Credit},{e.Amount},{e.BalanceAfter},\"{e.Reference.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n");
        return text.ToString();
    }
}
