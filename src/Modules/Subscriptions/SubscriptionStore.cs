using System.Collections.Immutable;
using System.Text.Json;
using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Reads subscriptions.</summary>
sealed class SubscriptionStore(PlanOffers plans)
{
    const string Columns = """
        s.subscription_id, s.account_id, s.currency, s.payment_method, s.version, s.created_at, s.status, s.plan_version_id, s.plan_code, s.cycle, s.price_micros, s.add_ons,
        s.scheduled, s.anchor_at, s.zone, s.period_from, s.period_to, s.month_from, s.month_to, s.is_trial, s.is_paid, s.is_next_paid, s.auto_renew, s.is_held_by_hand,
        s.is_reminded, s.waited, s.owed, s.stopped_at, s.is_held_with_customer
        """;

    /// <summary>One of the tenant's, locked for a change when it is to be changed; null when there is none, or its account is not among those that may be seen.</summary>
    public async Task<SubscriptionRecord?> FindAsync(
        NpgsqlConnection connection, int tenantId, long id, long[]? ownAccounts, bool forUpdate, CancellationToken cancellationToken) =>
        (await ReadAsync(
            connection, tenantId,
            $"select {Columns} from subscriptions.subscriptions s where s.tenant_id = $1 and s.subscription_id = $2 and ($3::bigint[] is null or s.account_id = any($3)){(forUpdate ? " for update" : "")}",
            [tenantId, id, Accounts(ownAccounts)], cancellationToken)).SingleOrDefault();

    /// <summary>A new subscription's number.</summary>
    public static async Task<long> NextIdAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select nextval(pg_get_serial_sequence('subscriptions.subscriptions', 'subscription_id'))", [], r => r.GetInt64(0), cancellationToken))[0];

    /// <summary>Those of a customer that live, locked in the order of their numbers.</summary>
    public Task<List<SubscriptionRecord>> LockOfCustomerAsync(NpgsqlConnection connection, int tenantId, long customerId, CancellationToken cancellationToken) => ReadAsync(
        connection, tenantId,
        $"""
        select {Columns} from subscriptions.subscriptions s
         where s.tenant_id = $1 and s.status <> 7 and s.account_id in (select p.account_id from customers.account_profiles p where p.tenant_id = $1 and p.customer_id = $2)
         order by s.subscription_id for update of s
        """,
        [tenantId, customerId], cancellationToken);

    /// <summary>Those that something is due for, the longest due first; what another transaction works on is left to it.</summary>
    public static Task<List<long>> LockDueAsync(NpgsqlConnection connection, int tenantId, DateTimeOffset until, int limit, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        $"""
        select s.subscription_id from subscriptions.subscriptions s
         where s.tenant_id = $1 and s.next_at <= $2 order by s.next_at, s.subscription_id limit {limit} for update skip locked
        """,
        [tenantId, until], r => r.GetInt64(0), cancellationToken);

    /// <summary>Subscriptions that are locked already, in the order given.</summary>
    public async Task<List<SubscriptionRecord>> ReadLockedAsync(NpgsqlConnection connection, int tenantId, List<long> ids, CancellationToken cancellationToken)
    {
        var found = await ReadAsync(
            connection, tenantId, $"select {Columns} from subscriptions.subscriptions s where s.tenant_id = $1 and s.subscription_id = any($2)", [tenantId, ids.ToArray()], cancellationToken);
        var byId = found.ToDictionary(r => r.Id);
        return ids.ConvertAll(id => byId[id]);
    }

    /// <summary>Looks at one again only later; what is due for it stays due.</summary>
    public static Task<int> PutOffAsync(NpgsqlConnection connection, int tenantId, long id, DateTimeOffset until, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection, "update subscriptions.subscriptions set next_at = $3 where tenant_id = $1 and subscription_id = $2", [tenantId, id, until], cancellationToken);

    /// <summary>A page, the latest first.</summary>
    public Task<List<SubscriptionRecord>> ListAsync(
        NpgsqlConnection connection, int tenantId, long[]? ownAccounts, long? accountId, SubscriptionStatus? status, long before, int limit, CancellationToken cancellationToken) => ReadAsync(
        connection, tenantId,
        $"""
        select {Columns} from subscriptions.subscriptions s
         where s.tenant_id = $1 and s.subscription_id < $2 and ($3::bigint[] is null or s.account_id = any($3))
           and ($4::bigint is null or s.account_id = $4) and ($5::smallint is null or s.status = $5)
         order by s.subscription_id desc limit {limit}
        """,
        [tenantId, before, Accounts(ownAccounts), Value(accountId), Value((short?)status)], cancellationToken);

    async Task<List<SubscriptionRecord>> ReadAsync(NpgsqlConnection connection, int tenantId, string sql, object?[] values, CancellationToken cancellationToken)
    {
        var rows = new List<SubscriptionRecord>();
        await using (var command = new NpgsqlCommand(sql, connection))
        {
            foreach (var value in values)
                command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value is DateTimeOffset at ? at.UtcDateTime : value });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(Read(reader));
        }
        for (var i = 0; i < rows.Count; i++)
        {
            var (row, plan) = (rows[i], rows[i].State.Plan);
            var offer = await plans.VersionAsync(connection, tenantId, plan.PlanVersionId, cancellationToken);
            rows[i] = row with { State = row.State with { Plan = plan with { Rules = offer.Rules } } };
        }
        return rows;
    }

    static SubscriptionRecord Read(NpgsqlDataReader r) => new(
        r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.IsDBNull(3) ? null : r.GetString(3), r.GetInt32(4), Time(r, 5),
        new Subscription
        {
            Status = (SubscriptionStatus)r.GetInt16(6),
            Plan = new(r.GetInt32(7), r.GetString(8), (BillingCycle)r.GetInt16(9), r.GetInt64(10), new()),
            AddOns = Json<SubscriptionAddOn[]>(r.GetString(11)).ToImmutableArray(),
            Scheduled = r.IsDBNull(12) ? null : Json<ScheduledChange>(r.GetString(12)),
            Anchor = new(Time(r, 13), TimeZoneInfo.FindSystemTimeZoneById(r.GetString(14))),
            Period = new(Time(r, 15), Time(r, 16)),
            AllowanceMonth = new(Time(r, 17), Time(r, 18)),
            IsTrial = r.GetBoolean(19),
            IsPaid = r.GetBoolean(20),
            IsNextPaid = r.GetBoolean(21),
            AutoRenew = r.GetBoolean(22),
            IsHeldByHand = r.GetBoolean(23),
            IsReminded = r.GetBoolean(24),
            Waited = r.GetInt32(25),
            Owed = Json<SubscriptionLine[]>(r.GetString(26)).ToImmutableArray(),
            StoppedAt = r.IsDBNull(27) ? null : Time(r, 27),
            IsHeldWithCustomer = r.GetBoolean(28),
        });

    static DateTimeOffset Time(NpgsqlDataReader r, int at) => r.GetFieldValue<DateTimeOffset>(at);

    static T Json<T>(string text) => JsonSerializer.Deserialize<T>(text, JsonSerializerOptions.Web)!;

    static NpgsqlParameter Accounts(long[]? ids) => new() { Value = (object?)ids ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Bigint };

    static NpgsqlParameter Value<T>(T? value)
        where T : struct => new() { Value = value is { } there ? there : DBNull.Value, NpgsqlDbType = typeof(T) == typeof(long) ? NpgsqlTypes.NpgsqlDbType.Bigint : NpgsqlTypes.NpgsqlDbType.Smallint };
}
