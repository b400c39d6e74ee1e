using Balatrix.Core.Voice.Fraud;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>A permit as it is stored.</summary>
readonly record struct PermitRow(int TenantId, long AccountId, FraudSubject Subject, DateTimeOffset Until);

/// <summary>What nodes tell each other of calls, and what they know at their start.</summary>
sealed class FraudStore(Database database)
{
    readonly Guid node = Guid.NewGuid();

    /// <summary>Adds to the counts of a tenant and gives the new totals.</summary>
    public Task<List<UseRow>> AddAsync(int tenantId, List<UseRow> rows, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        async (connection, ct) =>
        {
            // In the order of their keys, so that two nodes do not wait for each other.
            var hours = rows.GroupBy(r => (r.AccountId, Hour: r.Bucket / UseWindow.Hour)).Select(g => (g.Key, Use: g.Aggregate(default(CallUse), (sum, r) => sum + r.Use)))
                .OrderBy(h => h.Key.AccountId).ThenBy(h => h.Key.Hour).ToList();
            await Database.ExecuteAsync(
                connection,
                """
                insert into voice.fraud_hours as h (tenant_id, account_id, hour_no, calls, talk_ms, spend_micros)
                select $1, * from unnest($2::bigint[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[])
                on conflict (tenant_id, account_id, hour_no)
                do update set calls = h.calls + excluded.calls, talk_ms = h.talk_ms + excluded.talk_ms, spend_micros = h.spend_micros + excluded.spend_micros
                """,
                [
                    tenantId, hours.Select(h => h.Key.AccountId).ToArray(), hours.Select(h => h.Key.Hour).ToArray(), hours.Select(h => h.Use.Calls).ToArray(),
                    hours.Select(h => h.Use.TalkMs).ToArray(), hours.Select(h => h.Use.SpendMicros).ToArray(),
                ],
                ct);
            var sorted = rows.OrderBy(r => r.AccountId).ThenBy(r => r.Bucket).ThenBy(r => r.To.Country, StringComparer.Ordinal).ThenBy(r => r.To.Class)
                .ThenBy(r => r.To.Group, StringComparer.Ordinal).ToList();
            return await Database.QueryAsync(
                connection,
                """
                insert into voice.fraud_use as u (tenant_id, account_id, bucket, country, class, destination_group, calls, talk_ms, spend_micros, changed_by)
                select $1, x.*, $10 from unnest($2::bigint[], $3::int[], $4::text[], $5::smallint[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[]) x
                on conflict (tenant_id, account_id, bucket, country, class, destination_group)
                do update set calls = u.calls + excluded.calls, talk_ms = u.talk_ms + excluded.talk_ms, spend_micros = u.spend_micros + excluded.spend_micros,
                              changed_at = clock_timestamp(), changed_by = excluded.changed_by
                returning tenant_id, account_id, bucket, country, class, destination_group, calls, talk_ms, spend_micros
                """,
                [
                    tenantId, sorted.Select(r => r.AccountId).ToArray(), sorted.Select(r => r.Bucket).ToArray(), sorted.Select(r => r.To.Country).ToArray(),
                    sorted.Select(r => (short)r.To.Class).ToArray(), sorted.Select(r => r.To.Group).ToArray(), sorted.Select(r => r.Use.Calls).ToArray(),
                    sorted.Select(r => r.Use.TalkMs).ToArray(), sorted.Select(r => r.Use.SpendMicros).ToArray(), node,
                ],
                ReadUse, ct);
        },
        cancellationToken);

    /// <summary>Remembers that accounts have called countries.</summary>
    public Task<int> RememberAsync(int tenantId, List<CalledCountry> countries, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.ExecuteAsync(
            connection,
            """
            insert into voice.fraud_permits (tenant_id, account_id, rule, subject, given_at, given_by)
            select $1, x.account_id, $2, x.country, x.at, 'call' from unnest($3::bigint[], $4::text[], $5::timestamptz[]) x (account_id, country, at) order by 1, 2
            on conflict do nothing
            """,
            [
                tenantId, FraudRules.FirstCall, countries.Select(c => c.AccountId).ToArray(), countries.Select(c => c.Country).ToArray(),
                countries.Select(c => c.At.UtcDateTime).ToArray(),
            ],
            ct),
        cancellationToken);

    /// <summary>The database's own time, by which changes are read.</summary>
    public static async Task<DateTimeOffset> ClockAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(connection, "select clock_timestamp()", [], r => r.GetFieldValue<DateTimeOffset>(0), cancellationToken))[0];

    /// <summary>Counts that other nodes changed since an instant; all of the last day when it is null.</summary>
    public Task<List<UseRow>> UseAsync(NpgsqlConnection connection, DateTimeOffset? since, DateTimeOffset now, CancellationToken cancellationToken) => since is null
        ? Database.QueryAsync(
            connection,
            $"""
            select u.tenant_id, u.account_id, u.bucket, u.country, u.class, u.destination_group, u.calls, u.talk_ms, u.spend_micros
              from platform.tenants t join voice.fraud_use u on u.tenant_id = t.tenant_id
             where u.bucket >= extract(epoch from coalesce(t.test_now, $1)) / {UseWindow.BucketSeconds} - {UseWindow.Day + 1}
            """,
            [now], ReadUse, cancellationToken)
        : Database.QueryAsync(
            connection,
            """
            select tenant_id, account_id, bucket, country, class, destination_group, calls, talk_ms, spend_micros
              from voice.fraud_use where changed_at >= $1 and changed_by <> $2
            """,
            [since, node], ReadUse, cancellationToken);

    /// <summary>Permits that were changed since an instant.</summary>
    public static Task<List<PermitRow>> PermitsAsync(NpgsqlConnection connection, DateTimeOffset? since, CancellationToken cancellationToken) => Database.QueryAsync(
        connection, "select tenant_id, account_id, rule, subject, until_at from voice.fraud_permits where $1::timestamptz is null or changed_at >= $1", [since],
        r => new PermitRow(r.GetInt32(0), r.GetInt64(1), new(r.GetString(2), r.GetString(3)), r.IsDBNull(4) ? DateTimeOffset.MaxValue : r.GetFieldValue<DateTimeOffset>(4)),
        cancellationToken);

    /// <summary>The countries that tenants are in.</summary>
    public static Task<List<(int TenantId, string? Country)>> CountriesAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => Database.QueryAsync(
        connection, "select tenant_id, settings ->> 'country' from platform.tenant_settings", [], r => (r.GetInt32(0), r.IsDBNull(1) ? null : r.GetString(1)), cancellationToken);

    /// <summary>The usual hours of accounts before the hours that they are asked for; the hour before is left out too, since the last 60 minutes reach into it.</summary>
    public static Task<List<(int TenantId, long AccountId, UsualHour Hour)>> UsualHoursAsync(
        NpgsqlConnection connection, List<WatchedAccount> accounts, CancellationToken cancellationToken) => Database.QueryAsync(
            connection,
            """
            select h.tenant_id, h.account_id, count(*)::int, percentile_disc(0.95) within group (order by h.calls), percentile_disc(0.95) within group (order by h.spend_micros)
              from unnest($1::int[], $2::bigint[], $3::int[]) a (tenant_id, account_id, hour_no)
              join voice.fraud_hours h on h.tenant_id = a.tenant_id and h.account_id = a.account_id and h.hour_no >= a.hour_no - 28 * 24 and h.hour_no < a.hour_no - 1
             group by 1, 2
            """,
            [accounts.Select(a => a.TenantId).ToArray(), accounts.Select(a => a.AccountId).ToArray(), accounts.Select(a => a.AskedAt).ToArray()],
            r => (r.GetInt32(0), r.GetInt64(1), new UsualHour(r.GetInt32(2), r.GetInt64(3), r.GetInt64(4))), cancellationToken);

    /// <summary>Drops counts that no rule asks for any more.</summary>
    public static Task<int> PruneAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        $"""
        with use as (
            delete from voice.fraud_use u using platform.tenants t
             where t.tenant_id = u.tenant_id and u.bucket < extract(epoch from coalesce(t.test_now, $1)) / {UseWindow.BucketSeconds} - {UseWindow.Day + (2 * UseWindow.Hour)})
        delete from voice.fraud_hours h using platform.tenants t
         where t.tenant_id = h.tenant_id and h.hour_no < extract(epoch from coalesce(t.test_now, $1)) / 3600 - 29 * 24
        """,
        [now], cancellationToken);

    internal static UseRow ReadUse(NpgsqlDataReader r) => new(
        r.GetInt32(0), r.GetInt64(1), r.GetInt32(2), new(r.GetString(3), (DestinationClass)r.GetInt16(4), r.GetString(5)), new(r.GetInt64(6), r.GetInt64(7), r.GetInt64(8)));
}
