using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;
using Npgsql;
using NpgsqlTypes;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>A kept call with what changes while it goes on.</summary>
sealed record KeptCall(
    CallRow Row, CallRowState State, string? PeerId, DateTimeOffset? AnsweredAt, DateTimeOffset? MeterFrom, DateTimeOffset LastSeenAt, long GrantedMs, int Sequence,
    DateTimeOffset? EndedAt, long? TalkMs);

/// <summary>What is to be kept of calls that go on.</summary>
readonly record struct SeenCall(long AccountId, string CallId, int Segment, DateTimeOffset? AnsweredAt, DateTimeOffset LastSeenAt, string? PeerId, string? Carrier);

/// <summary>Calls in the database. Rows of calls are the charging connection's while it reserves and settles, in the same commit as the money.</summary>
static class CallStore
{
    const string Insert = """
        insert into voice.live_calls (tenant_id, account_id, call_id, segment, channel_id, node, core_id, owner, state, service, calling, called, rating_key, destination,
                                      currency, minute_micros, carrier, reservation_id, is_open_failed, started_at, answered_at, meter_from, last_seen_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $19)
        on conflict do nothing
        """;

    const string Select = """
        select c.tenant_id, c.account_id, c.call_id, c.segment, c.channel_id, c.node, c.core_id, c.service, c.calling, c.called, c.rating_key, c.destination, c.currency, c.minute_micros,
               c.carrier, c.reservation_id, c.is_open_failed, c.started_at, c.state, c.peer_id, c.answered_at, c.meter_from, c.last_seen_at, coalesce(r.quantity, 0), coalesce(r.sequence, 0), c.ended_at, c.talk_ms
          from voice.live_calls c
          left join ledger.reservations r on r.account_id = c.account_id and r.reservation_id = c.reservation_id and r.tenant_id = c.tenant_id
        """;

    // Calls come and go faster than statistics are made of them: each is to be found by its key, however many the planner believes there are.
    // The accounts are named for their shard by an OR that adds nothing: any($1) alone would be walked through once for every call.
    const string ByKey = "select set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_seqscan', 'off', true)";

    const string SaveSeenCalls = """
        update voice.live_calls c
           set answered_at = coalesce(c.answered_at, v.answered_at), last_seen_at = greatest(c.last_seen_at, v.last_seen_at), peer_id = coalesce(v.peer_id, c.peer_id),
               carrier = coalesce(v.carrier, c.carrier)
          from unnest($1::bigint[], $2::text[], $3::smallint[], $4::timestamptz[], $5::timestamptz[], $6::text[], $8::text[]) as v(account_id, call_id, segment, answered_at, last_seen_at, peer_id, carrier)
         where c.account_id = v.account_id and c.call_id = v.call_id and c.segment = v.segment and c.tenant_id = $7 and c.state = 1
           and (c.account_id = any($1) or c.account_id = ($1)[1])
        """;

    /// <summary>Keeps a new call, in the commit that reserves its money.</summary>
    public static NpgsqlBatchCommand Add(CallRow row, string owner, DateTimeOffset? answeredAt, DateTimeOffset? meterFrom) => Database.Statement(
        Insert,
        row.TenantId, row.AccountId, row.CallId, (short)row.Segment, row.ChannelId, row.Node, row.CoreId, owner, (short)row.Service, row.Calling, row.Called, row.RatingKey,
        row.Destination, row.Currency, row.MinuteMicros, row.Carrier, row.ReservationId, row.IsOpenFailed, row.StartedAt, answeredAt, meterFrom);

    /// <summary>Takes a call that nobody controls yet; false when another has it.</summary>
    public static async Task<bool> ClaimAsync(NpgsqlConnection connection, CallRow row, string owner, CancellationToken cancellationToken) => await Database.ExecuteAsync(
        connection,
        "update voice.live_calls set owner = $5, core_id = coalesce(core_id, $6) where account_id = $1 and call_id = $2 and segment = $3 and tenant_id = $4 and state = 1 and owner in ('', $5)",
        [row.AccountId, row.CallId, (short)row.Segment, row.TenantId, owner, row.CoreId], cancellationToken) == 1;

    /// <summary>Says how a call ended; what was said first stands, but for an estimate that is corrected.</summary>
    public static NpgsqlBatchCommand Close(CallRow row, CallRowState state, DateTimeOffset? answeredAt, DateTimeOffset endedAt, long talkMs) => Database.Statement(
        """
        update voice.live_calls set state = $5, answered_at = coalesce($6, answered_at), ended_at = $7, talk_ms = $8
         where account_id = $1 and call_id = $2 and segment = $3 and tenant_id = $4 and (state = 1 or (state = 3 and $5 = 5))
        """,
        row.AccountId, row.CallId, (short)row.Segment, row.TenantId, (short)state, answeredAt, endedAt, talkMs);

    /// <summary>Keeps what was seen of calls, all of them in one statement.</summary>
    public static NpgsqlBatchCommand[] SaveSeen(int tenantId, IReadOnlyList<SeenCall> seen)
    {
        var save = Database.Statement(
            SaveSeenCalls, seen.Select(s => s.AccountId).ToArray(), seen.Select(s => s.CallId).ToArray(), seen.Select(s => (short)s.Segment).ToArray(),
            seen.Select(s => s.AnsweredAt?.UtcDateTime).ToArray(), seen.Select(s => s.LastSeenAt.UtcDateTime).ToArray(), seen.Select(s => s.PeerId).ToArray(), tenantId,
            seen.Select(s => s.Carrier).ToArray());
        save.Parameters[3].NpgsqlDbType = save.Parameters[4].NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz;
        save.Parameters[5].NpgsqlDbType = save.Parameters[7].NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text;
        return [new(ByKey), save];
    }

    /// <summary>The segments of calls of accounts, whether they go on or not.</summary>
    public static Task<List<KeptCall>> FindAsync(NpgsqlConnection connection, int tenantId, long[] accountIds, string[] callIds, CancellationToken cancellationToken) => Database.QueryAsync(
        connection, Select + " where c.account_id = any($2) and c.call_id = any($3) and c.tenant_id = $1 order by c.account_id, c.call_id, c.segment", [tenantId, accountIds, callIds], Read, cancellationToken);

    /// <summary>A tenant's calls that go on, on all nodes; one that nobody controls for as long as its reservation stands.</summary>
    public static Task<List<KeptCall>> GoingOnAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken) => Database.QueryAsync(
        connection, Select + $" where c.tenant_id = $1 and {GoingOn}", [tenantId], Read, cancellationToken);

    /// <summary>Of a call c and its reservation r, whether it goes on.</summary>
    public const string GoingOn = "c.state = 1 and (c.owner <> '' or r.status = 1)";

    /// <summary>Whether the same call to the same number goes on and its reservation stands.</summary>
    public static async Task<bool> IsHeldAsync(NpgsqlConnection connection, CallRow row, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection,
        """
        select 1 from voice.live_calls c join ledger.reservations r on r.account_id = c.account_id and r.reservation_id = c.reservation_id and r.tenant_id = c.tenant_id
         where c.account_id = $1 and c.call_id = $2 and c.segment = $3 and c.tenant_id = $4 and c.rating_key = $5 and c.state = 1 and r.status = 1
        """,
        [row.AccountId, row.CallId, (short)row.Segment, row.TenantId, row.RatingKey], r => r.GetInt32(0), cancellationToken)).Count > 0;

    /// <summary>Whether a channel of a node is the call of any tenant but one.</summary>
    public static async Task<bool> IsOfOthersAsync(Database database, int tenantId, string node, string channelId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        return (await Database.QueryAsync(
            connection, "select 1 from voice.live_calls where node = $1 and state = 1 and channel_id = $2 and tenant_id <> $3 limit 1", [node, channelId, tenantId], r => r.GetInt32(0), cancellationToken)).Count > 0;
    }

    /// <summary>A tenant's calls on a channel that go on, on whatever node.</summary>
    public static Task<List<KeptCall>> GoingOnAsync(NpgsqlConnection connection, int tenantId, string channelId, CancellationToken cancellationToken) => Database.QueryAsync(
        connection, Select + $" where c.tenant_id = $1 and c.channel_id = $2 and {GoingOn}", [tenantId, channelId], Read, cancellationToken);

    /// <summary>The calls of a FreeSWITCH that go on, of all tenants, but for those that are known: from now on they are this owner's.</summary>
    public static async Task<List<KeptCall>> TakeOverAsync(Database database, string node, string owner, HashSet<(long AccountId, string CallId, int Segment)> known, CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        await Database.ExecuteAsync(connection, "update voice.live_calls set owner = $2 where node = $1 and state = 1 and owner <> $2", [node, owner], cancellationToken);
        if (known.Count == 0)
            return await Database.QueryAsync(connection, Select + " where c.node = $1 and c.state = 1", [node], Read, cancellationToken);
        // Nearly all are known, again and again: of those no more is read than which they are.
        var keys = await Database.QueryAsync(
            connection, "select account_id, call_id, segment from voice.live_calls where node = $1 and state = 1", [node], r => (AccountId: r.GetInt64(0), CallId: r.GetString(1), Segment: (int)r.GetInt16(2)),
            cancellationToken);
        keys.RemoveAll(known.Contains);
        if (keys.Count == 0)
            return [];
        var calls = await Database.QueryAsync(
            connection, Select + " where c.account_id = any($2) and c.call_id = any($3) and c.node = $1 and c.state = 1", [node, keys.Select(k => k.AccountId).ToArray(), keys.Select(k => k.CallId).ToArray()],
            Read, cancellationToken);
        return calls.FindAll(k => !known.Contains((k.Row.AccountId, k.Row.CallId, k.Row.Segment)));
    }

    /// <summary>Forgets calls that were over long ago.</summary>
    public static async Task ForgetAsync(Database database, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        await Database.ExecuteAsync(connection, "delete from voice.live_calls where (state <> 1 and ended_at < $1) or (owner = '' and last_seen_at < $1)", [before], cancellationToken);
    }

    static KeptCall Read(NpgsqlDataReader r) => new(
        new CallRow
        {
            TenantId = r.GetInt32(0),
            AccountId = r.GetInt64(1),
            CallId = r.GetString(2),
            Segment = r.GetInt16(3),
            ChannelId = r.GetString(4),
            Node = string.Intern(r.GetString(5)),
            CoreId = Text(r, 6) is { } core ? string.Intern(core) : null,
            Service = (Service)r.GetInt16(7),
            Calling = r.GetString(8),
            Called = r.GetString(9),
            RatingKey = r.GetString(10),
            Destination = string.Intern(r.GetString(11)),
            Currency = string.Intern(r.GetString(12)),
            MinuteMicros = r.GetInt64(13),
            Carrier = Text(r, 14) is { } carrier ? string.Intern(carrier) : null,
            ReservationId = r.IsDBNull(15) ? null : r.GetGuid(15),
            IsOpenFailed = r.GetBoolean(16),
            StartedAt = r.GetFieldValue<DateTimeOffset>(17),
        },
        (CallRowState)r.GetInt16(18), Text(r, 19), Time(r, 20), Time(r, 21), r.GetFieldValue<DateTimeOffset>(22), r.GetInt64(23), r.GetInt32(24), Time(r, 25),
        r.IsDBNull(26) ? null : r.GetInt64(26));

    static string? Text(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : r.GetString(at);

    static DateTimeOffset? Time(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : r.GetFieldValue<DateTimeOffset>(at);
}
