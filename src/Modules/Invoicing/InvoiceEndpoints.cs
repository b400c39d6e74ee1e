using Balatrix.Core;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Invoicing;

/// <summary>Documents by HTTP: one, lists, statistics. A customer sees those of its own accounts.</summary>
public static class InvoiceEndpoints
{
    static readonly string[] Statuses = ["open", "overdue", "paid", "void"];

    /// <summary>A page, the latest first, and where the next begins.</summary>
    public sealed record DocumentPage(IReadOnlyList<DocumentSummary> Items, string? Next);

    /// <summary>Sums of one month and currency. Credit notes are taken off, debit notes and recharges are in.</summary>
    public sealed record MonthOfDocuments(string Month, string Currency, long Invoices, long CreditNotes, string Billed, string Taxable, TaxView Tax, string Collected, string Outstanding);

    /// <summary>What was billed and collected.</summary>
    public sealed record Statistics(int Months, IReadOnlyList<MonthOfDocuments> Items);

    internal static async Task<IResult> Get(string id, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var own = await directory.OwnAsync(caller, cancellationToken);
        var today = await TodayAsync(clock, caller.TenantId, cancellationToken);
        var view = await database.InTenantAsync(
            caller.TenantId,
            async (connection, ct) => await DocumentStore.IdAsync(connection, caller.TenantId, id, ct) is { } found ? await DocumentStore.FindAsync(connection, caller.TenantId, found, today, ct) : null,
            cancellationToken);
        return view is null || (own is not null && !own.Any(a => AccountDirectory.NumberOf(a) == view.Summary.Account)) ? Problem.NotFound("invoice").ToResult() : Results.Ok(view);
    }

    internal static async Task<IResult> List(
        string? account, string? status, string? kind, DateOnly? from, DateOnly? to, string? number, int? limit, string? cursor, HttpContext context, Database database, AccountDirectory directory,
        TenantClock clock, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (limit is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        if (status is not null && !Statuses.Contains(status))
            return Problem.Invalid("status", string.Join(", ", Statuses)).ToResult();
        DocumentKind? only = kind is null ? null : Enum.GetValues<DocumentKind>().Where(k => DocumentStore.Name(k) == kind).Select(k => (DocumentKind?)k).FirstOrDefault();
        if (kind is not null && only is null)
            return Problem.Invalid("kind", string.Join(", ", Enum.GetValues<DocumentKind>().Select(DocumentStore.Name))).ToResult();
        if (number is { Length: > 16 } || number?.Contains('\0', StringComparison.Ordinal) == true)
            return Problem.Invalid("number", "at most 16 characters").ToResult();
        long? before = null;
        if (cursor is not null && (PageCursor.Parse(cursor) is not [var key] || !long.TryParse(key, out var last) || (before = last) is null))
            return Problem.Invalid("cursor", "the next of the page before").ToResult();
        var accounts = await directory.OwnAsync(caller, cancellationToken);
        if (account is not null)
            accounts = await directory.FindAsync(caller, account, cancellationToken) is { } one ? [one] : [];
        var page = limit ?? 50;
        var filter = new DocumentFilter(accounts, status, only, from, to, number, before, page + 1, await TodayAsync(clock, caller.TenantId, cancellationToken));
        var items = await database.InTenantAsync(caller.TenantId, (connection, ct) => DocumentStore.ListAsync(connection, caller.TenantId, filter, ct), cancellationToken);
        return Results.Ok(new DocumentPage([.. items.Take(page)], items.Count > page ? PageCursor.Make(items[page - 1].Id.ToString(System.Globalization.CultureInfo.InvariantCulture)) : null));
    }

    internal static async Task<IResult> GetStatistics(int? months, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (months is < 1 or > 60)
            return Problem.Invalid("months", "1 to 60").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var today = await TodayAsync(clock, tenantId, cancellationToken);
        var items = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                """
                select to_char(issued_on, 'YYYY-MM'), currency, count(*) filter (where kind = 1), count(*) filter (where kind = 2), sum(sign * total_micros)::bigint, sum(sign * taxable_micros)::bigint,
                       sum(sign * cgst_micros)::bigint, sum(sign * sgst_micros)::bigint, sum(sign * igst_micros)::bigint, sum(sign * vat_micros)::bigint,
                       coalesce(sum(settled_micros - credited) filter (where sign = 1), 0)::bigint, coalesce(sum(total_micros - settled_micros) filter (where sign = 1), 0)::bigint
                  from (select d.*, case kind when 1 then 1 when 3 then 1 else -1 end as sign,
                               coalesce((select sum(a.amount_micros) from invoicing.allocations a where a.document_id = d.document_id and a.note_id is not null), 0) as credited
                          from invoicing.documents d
                         where d.tenant_id = $1 and d.status = 1 and d.kind in (1, 2, 3) and d.issued_on >= date_trunc('month', $2::date) - make_interval(months => $3)) d
                 group by 1, 2 order by 1 desc, 2
                """,
                [tenantId, today, (months ?? 12) - 1],
                r => new MonthOfDocuments(
                    r.GetString(0), r.GetString(1), r.GetInt64(2), r.GetInt64(3), Money.Format(r.GetInt64(4)), Money.Format(r.GetInt64(5)),
                    new(Money.Format(r.GetInt64(6)), Money.Format(r.GetInt64(7)), Money.Format(r.GetInt64(8)), Money.Format(r.GetInt64(9))), Money.Format(r.GetInt64(10)), Money.Format(r.GetInt64(11))), ct),
            cancellationToken);
        return Results.Ok(new Statistics(months ?? 12, items));
    }

    /// <summary>The tenant's day.</summary>
    internal static async Task<DateOnly> TodayAsync(TenantClock clock, int tenantId, CancellationToken cancellationToken) =>
        (await clock.ZoneAsync(tenantId, cancellationToken)).DayOf(await clock.NowAsync(tenantId, cancellationToken));
}
