using System.Globalization;
using Balatrix.Core;
using Balatrix.Core.Dunning;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>What is overdue, invoice by invoice, and all that is owed by age.</summary>
public static class Overdue
{
    /// <summary>All that is owed in a currency, by days overdue; decimal strings.</summary>
    public sealed record AgeingView(string Currency, string Current, string Days1To30, string Days31To60, string Days61To90, string Over90, string Overdue, string Total);

    /// <summary>An overdue invoice.</summary>
    /// <param name="Id">Its identifier.</param>
    /// <param name="Number">Its number.</param>
    /// <param name="Account">The account's number.</param>
    /// <param name="Customer">Whom it was issued to.</param>
    /// <param name="DueOn">Last day to pay.</param>
    /// <param name="DaysOverdue">Days since.</param>
    /// <param name="Bucket">1-30, 31-60, 61-90 or over-90.</param>
    /// <param name="Currency">ISO 4217 code.</param>
    /// <param name="Total">Decimal string.</param>
    /// <param name="AmountDue">Decimal string.</param>
    /// <param name="LateFees">Fees for paying late that were charged so far.</param>
    /// <param name="Barred">What it has barred of its account: nothing, outgoing or all.</param>
    /// <param name="LastStepOn">When dunning did something last.</param>
    /// <param name="NextStepOn">When it does something next.</param>
    /// <param name="WriteoffProposed">Whether dunning has proposed to give it up: POST /api/v1/invoices/{id}/write-off.</param>
    public sealed record OverdueInvoice(
        long Id, string Number, string Account, string Customer, DateOnly DueOn, int DaysOverdue, string Bucket, string Currency, string Total, string AmountDue, int LateFees, string Barred,
        DateOnly? LastStepOn, DateOnly? NextStepOn, bool WriteoffProposed);

    /// <summary>A page, the longest overdue first, with the ageing of all.</summary>
    /// <param name="AsOf">The tenant's day.</param>
    /// <param name="Ageing">By currency.</param>
    /// <param name="Items">The page.</param>
    /// <param name="Next">Give it as <c>cursor</c> to get the next page; null at the end.</param>
    public sealed record Report(DateOnly AsOf, IReadOnlyList<AgeingView> Ageing, IReadOnlyList<OverdueInvoice> Items, string? Next);

    const string Open = "d.tenant_id = $1 and d.status = 1 and d.kind in (1, 3) and d.settled_micros < d.total_micros and ($2::bigint is null or d.account_id = $2)";

    internal static async Task<IResult> Handle(
        string? account, int? limit, string? cursor, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        var after = (DueOn: DateOnly.MinValue, Id: 0L);
        if (cursor is not null
            && (PageCursor.Parse(cursor) is not [var day, var key] || !DateOnly.TryParseExact(day, "yyyy-MM-dd", out after.DueOn) || !long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out after.Id)))
            return Problem.Invalid("cursor", "the next of the page before").ToResult();
        var caller = Caller.Of(context);
        long? only = null;
        if (account is not null && (only = await directory.FindAsync(caller, account, cancellationToken)) is null)
            return Problem.NotFound("account").ToResult();
        var today = await InvoiceEndpoints.TodayAsync(clock, caller.TenantId, cancellationToken);
        var page = limit ?? 50;
        var (ageing, items) = await database.InTenantAsync(
            caller.TenantId,
            async (connection, ct) => (await AgeingAsync(connection, caller.TenantId, only, today, ct), await ItemsAsync(connection, caller.TenantId, only, today, after, page + 1, ct)),
            cancellationToken);
        var last = items.Count > page ? items[page - 1] : null;
        return Results.Ok(new Report(
            today, ageing, [.. items.Take(page)], last is null ? null : PageCursor.Make(last.DueOn.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), last.Id.ToString(CultureInfo.InvariantCulture))));
    }

    static async Task<List<AgeingView>> AgeingAsync(NpgsqlConnection connection, int tenantId, long? account, DateOnly today, CancellationToken cancellationToken)
    {
        var days = await Database.QueryAsync(
            connection, $"select d.currency, coalesce(d.due_on, d.issued_on), sum(d.total_micros - d.settled_micros)::bigint from invoicing.documents d where {Open} group by 1, 2", [tenantId, account],
            r => (Currency: r.GetString(0), Day: r.GetFieldValue<DateOnly>(1), Micros: r.GetInt64(2)), cancellationToken);
        return [.. days.GroupBy(d => d.Currency, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g =>
        {
            var a = g.Aggregate(default(Ageing), (sum, d) => sum.Add(d.Day, today, d.Micros));
            return new AgeingView(
                g.Key, Money.Format(a.CurrentMicros), Money.Format(a.To30Micros), Money.Format(a.To60Micros), Money.Format(a.To90Micros), Money.Format(a.Over90Micros), Money.Format(a.OverdueMicros),
                Money.Format(a.TotalMicros));
        })];
    }

    static Task<List<OverdueInvoice>> ItemsAsync(
        NpgsqlConnection connection, int tenantId, long? account, DateOnly today, (DateOnly DueOn, long Id) after, int limit, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        $"""
        select d.document_id, d.number, d.account_id, coalesce(c.name, p.name), d.due_on, d.currency, d.total_micros, d.total_micros - d.settled_micros, coalesce(n.fees, 0), coalesce(n.bar, 0), n.last_on, n.next_on,
               exists (select from invoicing.document_steps s where s.document_id = d.document_id and s.step = 'writeoff_proposed')
          from invoicing.documents d
          join customers.account_profiles p on p.account_id = d.account_id
          left join customers.customers c on c.customer_id = p.customer_id
          left join invoicing.dunning n on n.document_id = d.document_id
         where {Open} and d.due_on < $3 and (d.due_on, d.document_id) > ($4, $5)
         order by d.due_on, d.document_id limit {limit.ToString(CultureInfo.InvariantCulture)}
        """,
        [tenantId, account, today, after.DueOn, after.Id],
        r =>
        {
            var due = r.GetFieldValue<DateOnly>(4);
            return new OverdueInvoice(
                r.GetInt64(0), r.GetString(1), AccountDirectory.NumberOf(r.GetInt64(2)), r.GetString(3), due, Core.Dunning.Ageing.DaysOverdue(due, today), Name(Core.Dunning.Ageing.BucketOf(due, today)),
                r.GetString(5), Money.Format(r.GetInt64(6)), Money.Format(r.GetInt64(7)), r.GetInt32(8), r.GetInt16(9) switch { 0 => "nothing", 1 => "outgoing", _ => "all" },
                r.IsDBNull(10) ? null : r.GetFieldValue<DateOnly>(10), r.IsDBNull(11) ? null : r.GetFieldValue<DateOnly>(11), r.GetBoolean(12));
        }, cancellationToken);

    static string Name(AgeBucket bucket) => bucket switch
    {
        AgeBucket.To30 => "1-30",
        AgeBucket.To60 => "31-60",
        AgeBucket.To90 => "61-90",
        AgeBucket.Over90 => "over-90",
        _ => "current",
    };
}
