using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Platform;
using Npgsql;
using NpgsqlTypes;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>What a list of numbers is held to; null does not matter.</summary>
/// <param name="Status">As it is now.</param>
/// <param name="Kind">What kind.</param>
/// <param name="Region">Where it is of, whatever the case.</param>
/// <param name="Search">Part of the number's digits, or of its label.</param>
/// <param name="OwnAccounts">Only what these accounts have or hold.</param>
/// <param name="AfterNumber">Where the page before ended.</param>
/// <param name="AfterId">And with which entry.</param>
/// <param name="Limit">At most so many.</param>
sealed record NumberFilter(NumberStatus? Status, NumberKind? Kind, string? Region, string? Search, long[]? OwnAccounts, string? AfterNumber, long AfterId, int Limit);

/// <summary>The inventory in the database.</summary>
static class NumberStore
{
    const string Columns = "number_id, number, kind, region, label, status, account_id, subscription_id, free_at, target_kind, target, version, created_at, updated_at";

    const string SelectLiving = $"select {Columns} from voice.numbers where tenant_id = $1 and number = $2 and status <> 5";

    // The status that time has made of it.
    const string StatusNow = "case when status in (2, 4) and free_at <= $2 then 1::smallint else status end";

    const string InsertMany = """
        insert into voice.numbers (tenant_id, number, kind, region, label, created_at, updated_at)
        select $1, n.number, n.kind, n.region, n.label, $2, $2
          from unnest($3::text[], $4::smallint[], $5::text[], $6::text[]) as n(number, kind, region, label) order by n.number
        on conflict (tenant_id, number) where status <> 5 do nothing
        returning number
        """;

    /// <summary>One, locked when it is to be changed; null when there is none.</summary>
    public static async Task<NumberRecord?> FindAsync(NpgsqlConnection connection, int tenantId, long id, bool toChange, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection, $"select {Columns} from voice.numbers where tenant_id = $1 and number_id = $2{(toChange ? " for update" : "")}", [tenantId, id], Read, cancellationToken)).SingleOrDefault();

    /// <summary>A page, in the order of the numbers.</summary>
    public static async Task<List<NumberRecord>> ListAsync(NpgsqlConnection connection, int tenantId, NumberFilter filter, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = Database.Command(
            connection,
            $"""
            select {Columns} from voice.numbers
             where tenant_id = $1 and ($3::smallint is null or {StatusNow} = $3) and ($4::smallint is null or kind = $4) and ($5::text is null or lower(region) = lower($5))
               and ($6::text is null or position($6 in number) > 0 or position(lower($7::text) in lower(label)) > 0)
               and ($8::bigint[] is null or (account_id = any($8) and {StatusNow} in (2, 3)))
               and ($9::text is null or (number, number_id) > ($9, $10))
             order by number, number_id limit $11
            """,
            tenantId, now, (short?)filter.Status, (short?)filter.Kind, filter.Region, DigitsOf(filter.Search), filter.Search, filter.OwnAccounts, filter.AfterNumber, filter.AfterId, filter.Limit);
        command.Parameters[2].NpgsqlDbType = command.Parameters[3].NpgsqlDbType = NpgsqlDbType.Smallint;
        command.Parameters[4].NpgsqlDbType = command.Parameters[5].NpgsqlDbType = command.Parameters[6].NpgsqlDbType = command.Parameters[8].NpgsqlDbType = NpgsqlDbType.Text;
        command.Parameters[7].NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var numbers = new List<NumberRecord>();
        while (await reader.ReadAsync(cancellationToken))
            numbers.Add(Read(reader));
        return numbers;
    }

    /// <summary>Those that a subscription has, locked in the order of their numbers.</summary>
    public static Task<List<NumberRecord>> LockOfSubscriptionAsync(NpgsqlConnection connection, int tenantId, long subscriptionId, CancellationToken cancellationToken) => Database.QueryAsync(
        connection, $"select {Columns} from voice.numbers where tenant_id = $1 and subscription_id = $2 order by number_id for update", [tenantId, subscriptionId], Read, cancellationToken);

    /// <summary>How many numbers that count against a limit a subscription has. Exact while the subscription is locked.</summary>
    public static async Task<int> CountOfSubscriptionAsync(NpgsqlConnection connection, int tenantId, long subscriptionId, bool tollFree, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select count(*)::int from voice.numbers where tenant_id = $1 and subscription_id = $2 and (kind = $4) = $3",
        [tenantId, subscriptionId, tollFree, (short)NumberKind.TollFree], r => r.GetInt32(0), cancellationToken))[0];

    /// <summary>Adds numbers to the pool, and says which of them were added; the others are there already.</summary>
    public static async Task<HashSet<string>> AddAsync(NpgsqlConnection connection, int tenantId, IReadOnlyList<ImportedNumber> numbers, DateTimeOffset now, CancellationToken cancellationToken) =>
    [
        .. await Database.QueryAsync(
            connection, InsertMany,
            [tenantId, now, Column(numbers, n => n.Digits), Column(numbers, n => (short)n.Kind), Column(numbers, n => n.Region), Column(numbers, n => n.Label)], r => r.GetString(0), cancellationToken),
    ];

    /// <summary>The living entry of a number, or null.</summary>
    public static async Task<NumberRecord?> FindAsync(NpgsqlConnection connection, int tenantId, string digits, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(connection, SelectLiving, [tenantId, digits], Read, cancellationToken)).SingleOrDefault();

    /// <summary>The same, for a round trip with others.</summary>
    public static NpgsqlBatchCommand Find(int tenantId, string digits) => Database.Statement(SelectLiving, tenantId, digits);

    /// <summary>What <see cref="Find"/> found, or null.</summary>
    public static async Task<NumberRecord?> FoundAsync(NpgsqlDataReader r, CancellationToken cancellationToken) => await r.ReadAsync(cancellationToken) ? Read(r) : null;

    /// <summary>Whether calls to a number that another account holds go to a SIP user of this name.</summary>
    public static async Task<bool> IsTargetOfOthersAsync(NpgsqlConnection connection, int tenantId, string sipUser, long accountId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select 1 from voice.numbers where tenant_id = $1 and target_kind = $2 and target = $3 and account_id <> $4 limit 1",
        [tenantId, InboundTarget.Sip, sipUser, accountId], r => r.GetInt32(0), cancellationToken)).Count > 0;

    /// <summary>Writes what was changed of one that is locked.</summary>
    public static async Task<NumberRecord> SaveAsync(NpgsqlConnection connection, int tenantId, NumberRecord changed, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var after = changed with { Version = changed.Version + 1, UpdatedAt = now };
        await using var command = Database.Command(
            connection,
            """
            update voice.numbers set kind = $3, region = $4, label = $5, status = $6, account_id = $7, subscription_id = $8, free_at = $9, target_kind = $10, target = $11, version = $12, updated_at = $13
             where tenant_id = $1 and number_id = $2
            """,
            tenantId, after.Id, (short)after.Kind, after.Region, after.Label, (short)after.State.Status, after.State.AccountId, after.State.SubscriptionId, after.State.Until,
            after.Target?.Kind, after.Target?.Value, after.Version, now);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return after;
    }

    static T[] Column<T>(IReadOnlyList<ImportedNumber> numbers, Func<ImportedNumber, T> value) => [.. numbers.Select(value)];

    static string? DigitsOf(string? search)
    {
        if (search is null)
            return null;
        var digits = string.Concat(search.Where(char.IsAsciiDigit));
        // Only what is written as numbers are is searched for in numbers: "Line 2" is a label.
        return digits.Length > 0 && search.All(c => char.IsAsciiDigit(c) || c is '+' or ' ' or '-' or '(' or ')') ? digits : "none";
    }

    static NumberRecord Read(NpgsqlDataReader r) => new(
        r.GetInt64(0), r.GetString(1), (NumberKind)r.GetInt16(2), r.GetString(3), r.GetString(4),
        new((NumberStatus)r.GetInt16(5), Number(r, 6), Number(r, 7), r.IsDBNull(8) ? null : r.GetFieldValue<DateTimeOffset>(8)),
        r.IsDBNull(9) ? null : new(r.GetString(9), r.GetString(10)), r.GetInt32(11), r.GetFieldValue<DateTimeOffset>(12), r.GetFieldValue<DateTimeOffset>(13));

    static long? Number(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : r.GetInt64(at);
}
