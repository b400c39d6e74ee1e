using System.Globalization;
using System.Text;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Customers;

/// <summary>An account's ledger entries by HTTP: pages and statements.</summary>
public static class EntryEndpoints
{
    const int LongestStatement = 100_000;

    /// <summary>A ledger entry as the API shows it.</summary>
    public sealed record EntryView(long EntryNo, string Kind, string Debit, string Credit, string Amount, string BalanceAfter, string Reference, DateTimeOffset RecordedAt);

    internal static async Task<IResult> Transactions(
        string id, string? kind, string? book, DateTimeOffset? from, DateTimeOffset? to, int? limit, long? cursor, HttpContext context,
        AccountDirectory directory, AccountStore accounts, Database database, CancellationToken cancellationToken)
    {
        if (await AccountEndpoints.FindAsync(id, context, directory, accounts, cancellationToken) is not { } account || !AccountDirectory.TryParseNumber(account.Id, out var accountId))
            return Problem.NotFound("account").ToResult();
        if (limit is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        if (kind is not null && Kinds.All(k => Name(k) != kind))
            return Problem.Invalid("kind", string.Join(", ", Kinds.Select(Name))).ToResult();
        if (book is not null && Enum.GetValues<Book>().All(b => Books.Name(b) != book))
            return Problem.Invalid("book", string.Join(", ", Enum.GetValues<Book>().Select(Books.Name))).ToResult();
        var page = limit ?? 50;
        var filter = new EntryFilter(accountId, kind, book, from, to, cursor ?? long.MaxValue, page + 1);
        var items = await ReadAsync(Caller.Of(context).TenantId, filter, database, cancellationToken);
        return Results.Ok(new EntryPage([.. items.Take(page)], items.Count > page ? items[page - 1].EntryNo : null));
    }

    internal static async Task<IResult> Statement(
        string id, DateTimeOffset? from, DateTimeOffset? to, string? format, HttpContext context, AccountDirectory directory, AccountStore accounts,
        Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (await AccountEndpoints.FindAsync(id, context, directory, accounts, cancellationToken) is not { } account || !AccountDirectory.TryParseNumber(account.Id, out var accountId))
            return Problem.NotFound("account").ToResult();
        if (format is not (null or "json" or "csv"))
            return new Problem(406, "format_not_available", "Statements are made as json or csv.", "format", "json or csv").ToResult();
        var end = to ?? (await clock.NowAsync(Caller.Of(context).TenantId, cancellationToken)).AddMinutes(1);
        var start = from ?? end.AddDays(-31);
        if (start >= end || end - start > TimeSpan.FromDays(400))
            return Problem.Invalid("from", "an instant before to, at most 400 days").ToResult();
        var entries = await ReadAsync(Caller.Of(context).TenantId, new(accountId, null, null, start, end, long.MaxValue, LongestStatement + 1), database, cancellationToken);
        if (entries.Count > LongestStatement)
            return new Problem(422, "statement_too_long", $"The period has more than {LongestStatement} entries.", "from", "a shorter period").ToResult();
        entries.Reverse();
        var opening = entries.Count == 0 ? account.Balance : Opening(entries[0]);
        var closing = entries.Count == 0 ? account.Balance : entries[^1].BalanceAfter;
        if (format == "csv")
            return Results.Text(Csv(entries), "text/csv; charset=utf-8");
        var totals = entries.GroupBy(e => IsAccountBook(e.Debit) ? e.Credit : e.Debit)
            .Select(g => new BookTotal(g.Key, g.Count(), Money.Format(g.Sum(e => Signed(e)))));
        return Results.Ok(new StatementView(account.Id, account.Currency, start, end, opening, closing, [.. totals], entries));
    }

    sealed record EntryFilter(long AccountId, string? Kind, string? Book, DateTimeOffset? From, DateTimeOffset? To, long Before, int Limit);

    static readonly EntryKind?[] Kinds = [null, .. Enum.GetValues<EntryKind>().Select(k => (EntryKind?)k)];

    static string Name(EntryKind? kind) => kind is { } k ? Books.Name(k) : "usage";

    // The pages go down the account's numbers, so that each relation gives its last few by index.
    static Task<List<EntryView>> ReadAsync(int tenantId, EntryFilter filter, Database database, CancellationToken cancellationToken)
    {
        var kind = filter.Kind is null ? (short)-1 : (short)(Kinds.Single(k => Name(k) == filter.Kind) ?? 0);
        var book = filter.Book is null ? (short)-1 : (short)Enum.GetValues<Book>().Single(b => Books.Name(b) == filter.Book);
        return database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                $"""
                select entry_no, kind, debit_book, credit_book, amount_micros, balance_after_micros, reference, recorded_at
                  from ledger.ledger_entries
                 where account_id = $1 and tenant_id = $2 and entry_no < $3
                   {(kind < 0 ? "" : $"and kind = {kind}")} {(book < 0 ? "" : $"and {book} in (debit_book, credit_book)")}
                   {(filter.From is null ? "" : "and recorded_at >= $4")} {(filter.To is null ? "" : "and recorded_at < $5")}
                 order by entry_no desc limit {filter.Limit}
                """,
                [filter.AccountId, tenantId, filter.Before, filter.From ?? DateTimeOffset.UnixEpoch, filter.To ?? DateTimeOffset.UnixEpoch],
                Read, ct),
            cancellationToken);
    }

    static EntryView Read(NpgsqlDataReader r) => new(
        r.GetInt64(0), r.GetInt16(1) == 0 ? "usage" : Books.Name((EntryKind)r.GetInt16(1)), Books.Name((Book)r.GetInt16(2)), Books.Name((Book)r.GetInt16(3)),
        Money.Format(r.GetInt64(4)), Money.Format(r.GetInt64(5)), r.GetString(6), r.GetFieldValue<DateTimeOffset>(7));

    static bool IsAccountBook(string book) => book == Books.Name(Book.Wallet) || book == Books.Name(Book.Receivable);

    static long Signed(EntryView entry) => Micros(entry.Amount) * (IsAccountBook(entry.Debit) ? -1 : 1);

    static string Opening(EntryView first) => Money.Format(Micros(first.BalanceAfter) - Signed(first));

    static long Micros(string amount) => Money.TryParse(amount, out var micros) ? micros : throw new FormatException(amount);

    static string Csv(List<EntryView> entries)
    {
        var text = new StringBuilder("entry_no,recorded_at,kind,debit,credit,amount,balance_after,reference\n");
        foreach (var e in entries)
            text.Append(CultureInfo.InvariantCulture, $"{e.EntryNo},{e.RecordedAt:O},{e.Kind},{e.Debit},{e.Credit},{e.Amount},{e.BalanceAfter},\"{e.Reference.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n");
        return text.ToString();
    }
}
