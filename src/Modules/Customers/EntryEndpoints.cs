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

    internal sealed record EntryFilter(long AccountId, string? Kind, string? Book, DateTimeOffset? From, DateTimeOffset? To, long Before, int Limit);

    static readonly EntryKind?[] Kinds = [null, .. Enum.GetValues<EntryKind>().Select(k => (EntryKind?)k)];

    static string Name(EntryKind? kind) => kind is { } k ? Books.Name(k) : "usage";

    // The pages go down the account's numbers, so that each relation gives its last few by index.
    internal static Task<List<EntryView>> ReadAsync(int tenantId, EntryFilter filter, Database database, CancellationToken cancellationToken)
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
}
