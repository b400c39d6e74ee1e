using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Usage;

/// <summary>A usage record as the API shows it.</summary>
public sealed record UsageView
{
    /// <summary>Facts of the tenant's own business: with whom it connects, and by which machines.</summary>
    static readonly HashSet<string> OwnBusiness = new(["carrier", "coreUuid", "switchName", "sipNetworkIp", "bridgeUuid", "lastApp"], StringComparer.Ordinal);

    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The account's number.</summary>
    public required string Account { get; init; }

    /// <summary>Number of its ledger entry.</summary>
    public required long EntryNo { get; init; }

    /// <summary>Who numbered the event.</summary>
    public required string Source { get; init; }

    /// <summary>The event's id there.</summary>
    public required string EventId { get; init; }

    /// <summary>voice.outbound, voice.inbound, sms or event.</summary>
    public required string Service { get; init; }

    /// <summary>When it was used.</summary>
    public required DateTimeOffset OccurredAt { get; init; }

    /// <summary>When it was charged.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>Caller or sender.</summary>
    public required string Calling { get; init; }

    /// <summary>Called number or recipient.</summary>
    public required string Called { get; init; }

    /// <summary>Description of the matched rate.</summary>
    public required string Destination { get; init; }

    /// <summary>Milliseconds of talk, segments or events.</summary>
    public required long Quantity { get; init; }

    /// <summary>Seconds or units that were billed.</summary>
    public required long BilledQuantity { get; init; }

    /// <summary>Of those, paid by allowances.</summary>
    public required long CoveredQuantity { get; init; }

    /// <summary>The charge.</summary>
    public required string Amount { get; init; }

    /// <summary>What the balance could not pay, or null.</summary>
    public string? Shortfall { get; init; }

    /// <summary>Balance after it.</summary>
    public required string BalanceAfter { get; init; }

    /// <summary>The posting.</summary>
    public required string Debit { get; init; }

    /// <summary>The posting.</summary>
    public required string Credit { get; init; }

    /// <summary>The plan version that priced it.</summary>
    public required int PlanVersionId { get; init; }

    /// <summary>Further facts.</summary>
    public JsonElement? Detail { get; init; }

    /// <summary>The steps that explain the charge; given for one record, not in lists.</summary>
    public JsonElement? Trace { get; init; }

    /// <summary>As the customer sees it who is charged.</summary>
    public UsageView ForCustomer() => Detail is { ValueKind: JsonValueKind.Object } facts
        ? this with { Detail = JsonSerializer.SerializeToElement(facts.EnumerateObject().Where(f => !OwnBusiness.Contains(f.Name)).ToDictionary(f => f.Name, f => f.Value)) }
        : this;
}

/// <summary>What a list of usage is limited to.</summary>
/// <param name="Services">Which kinds.</param>
/// <param name="From">First instant.</param>
/// <param name="To">First instant after.</param>
/// <param name="AccountIds">These accounts, or all.</param>
/// <param name="Numbers">Calling or called, in each way that records write it; null for all.</param>
/// <param name="Limit">Records of a page.</param>
/// <param name="Cursor">Where the page before ended.</param>
public sealed record UsageFilter(Service[] Services, DateTimeOffset From, DateTimeOffset To, long[]? AccountIds, string[]? Numbers, int Limit, UsageCursor? Cursor);

/// <summary>The last record of a page; the next page goes on behind it.</summary>
public readonly record struct UsageCursor(DateTimeOffset OccurredAt, long AccountId, long EntryNo)
{
    /// <inheritdoc/>
    public override string ToString() => PageCursor.Make(Text(OccurredAt.UtcTicks), Text(AccountId), Text(EntryNo));

    /// <summary>Reads the opaque form.</summary>
    public static bool TryParse(string text, out UsageCursor cursor)
    {
        cursor = default;
        if (PageCursor.Parse(text) is not [var at, var account, var entry]
            || !TryNumber(at, out var ticks) || ticks > DateTimeOffset.MaxValue.UtcTicks || !TryNumber(account, out var accountId) || !TryNumber(entry, out var entryNo))
            return false;
        cursor = new(new DateTimeOffset(ticks, TimeSpan.Zero), accountId, entryNo);
        return true;
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

/// <summary>Reads usage records. Every query names a stretch of time, so that it stays within a few partitions.</summary>
public sealed class UsageQueries(Database database)
{
    const int SpanGrowth = 8;

    static readonly TimeSpan FirstSpan = TimeSpan.FromHours(1);

    const string Columns = """
        account_id, event_key, entry_no, source, event_id, service, occurred_at, recorded_at, calling, called, destination, quantity, billed_quantity,
        covered_quantity, amount_micros, shortfall_micros, balance_after_micros, debit_book, credit_book, plan_version_id, detail, trace
        """;

    /// <summary>One record with its trace, or null.</summary>
    public async Task<UsageView?> FindAsync(int tenantId, UsageId id, CancellationToken cancellationToken)
    {
        var found = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                $"""
                select {Columns} from usage.usage_records
                 where account_id = $1 and event_key = $2 and tenant_id = $3 and occurred_at >= $4 and occurred_at < $5
                """,
                [id.AccountId, id.EventKey, tenantId, UsageMonth.Start(id.Month), UsageMonth.Start(id.Month + 1)], r => Read(r, withTrace: true), ct),
            cancellationToken);
        return found.SingleOrDefault();
    }

    /// <summary>A page, latest first.</summary>
    public async Task<(List<UsageView> Items, string? Next)> ListAsync(int tenantId, UsageFilter filter, CancellationToken cancellationToken)
    {
        var rows = await database.InTenantAsync(tenantId, (connection, ct) => PageAsync(connection, tenantId, filter, ct), cancellationToken);
        var next = rows.Count > filter.Limit ? rows[filter.Limit - 1].Cursor.ToString() : null;
        return ([.. rows.Take(filter.Limit).Select(r => r.View)], next);
    }

    /// <summary>
    /// One record more than the page has. Those of an account are found by its index; those of all accounts by their time, back from the end in spans that grow, so that a page of the
    /// latest does not read and sort whole months.
    /// </summary>
    static async Task<List<(UsageView View, UsageCursor Cursor)>> PageAsync(NpgsqlConnection connection, int tenantId, UsageFilter filter, CancellationToken cancellationToken)
    {
        var rows = new List<(UsageView, UsageCursor)>();
        var to = filter.Cursor is { } last && last.OccurredAt < filter.To ? last.OccurredAt.AddMicroseconds(1) : filter.To;
        for (var span = filter.AccountIds is null ? FirstSpan : to - filter.From; to > filter.From && rows.Count <= filter.Limit; span *= SpanGrowth)
        {
            var from = to - filter.From <= span ? filter.From : to - span;
            rows.AddRange(await SpanAsync(connection, tenantId, filter, from, to, filter.Limit + 1 - rows.Count, cancellationToken));
            to = from;
        }
        return rows;
    }

    static Task<List<(UsageView, UsageCursor)>> SpanAsync(
        NpgsqlConnection connection, int tenantId, UsageFilter filter, DateTimeOffset from, DateTimeOffset to, int limit, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        $"""
        select {Columns} from usage.usage_records
         where tenant_id = $1 and service = any($2) and occurred_at >= $3 and occurred_at < $4
           {(filter.AccountIds is null ? "" : "and account_id = any($5)")}
           {(filter.Numbers is null ? "" : "and (calling = any($6) or called = any($6) or rating_key = any($6))")}
           {(filter.Cursor is null ? "" : "and (occurred_at, account_id, entry_no) < ($7, $8, $9)")}
         order by occurred_at desc, account_id desc, entry_no desc
         limit {limit}
        """,
        [
            tenantId, filter.Services.Select(s => (short)s).ToArray(), from, to, filter.AccountIds ?? [], filter.Numbers ?? [],
            filter.Cursor?.OccurredAt ?? to, filter.Cursor?.AccountId ?? 0, filter.Cursor?.EntryNo ?? 0,
        ],
        r => (Read(r, withTrace: false), new UsageCursor(r.GetFieldValue<DateTimeOffset>(6), r.GetInt64(0), r.GetInt64(2))), cancellationToken);

    static UsageView Read(NpgsqlDataReader r, bool withTrace)
    {
        var at = r.GetFieldValue<DateTimeOffset>(6);
        return new UsageView
        {
            Id = new UsageId(r.GetInt64(0), UsageMonth.Of(at), r.GetGuid(1)).ToString(),
            Account = AccountDirectory.NumberOf(r.GetInt64(0)),
            EntryNo = r.GetInt64(2),
            Source = r.GetString(3),
            EventId = r.GetString(4),
            Service = Catalog.Services.Name((Service)r.GetInt16(5)),
            OccurredAt = at,
            RecordedAt = r.GetFieldValue<DateTimeOffset>(7),
            Calling = r.GetString(8),
            Called = r.GetString(9),
            Destination = r.GetString(10),
            Quantity = r.GetInt64(11),
            BilledQuantity = r.GetInt64(12),
            CoveredQuantity = r.GetInt64(13),
            Amount = Money.Format(r.GetInt64(14)),
            Shortfall = r.GetInt64(15) > 0 ? Money.Format(r.GetInt64(15)) : null,
            BalanceAfter = Money.Format(r.GetInt64(16)),
            Debit = Books.Name((Book)r.GetInt16(17)),
            Credit = Books.Name((Book)r.GetInt16(18)),
            PlanVersionId = r.GetInt32(19),
            Detail = r.IsDBNull(20) ? null : JsonDocument.Parse(r.GetString(20)).RootElement,
            Trace = withTrace ? JsonDocument.Parse(r.GetString(21)).RootElement : null,
        };
    }
}
