using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>A mandate as it is stored.</summary>
sealed record MandateRecord(
    long Id, long AccountId, long? SubscriptionId, GatewayKind Gateway, MandateKind Kind, MandateStatus Status, string Currency, long MaxMicros, long FirstMicros, MandateFrequency Frequency,
    DateTimeOffset? ExpiresAt, string SetupReference, string? SetupId, long? MethodId, string? Failure, DateTimeOffset? LastDebitAt, byte[] RequestHash, DateTimeOffset CreatedAt)
{
    public string Number => PaymentNumbers.Mandate(Id);

    public Mandate Terms => new(Kind, Status, MaxMicros, Frequency, ExpiresAt);
}

/// <summary>Mandates in the database, in the caller's transaction of the tenant.</summary>
static class Mandates
{
    /// <summary>Indian mandates are debited by the clocks of Indian banks.</summary>
    public static readonly TimeZoneInfo BankZone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");

    const string Columns = """
        mandate_id, account_id, subscription_id, gateway, kind, status, currency, max_micros, first_micros, frequency, expires_at, setup_reference, setup_id, method_id, failure, last_debit_at,
        request_hash, created_at
        """;

    public static async Task<MandateRecord?> FindAsync(NpgsqlConnection connection, int tenantId, long mandateId, long[]? own, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, $"select {Columns} from payments.mandates where mandate_id = $1 and tenant_id = $2 and ($3::bigint[] is null or account_id = any($3))", [mandateId, tenantId, own], Read,
        cancellationToken)).SingleOrDefault();

    /// <summary>Those of accounts, null for all of the tenant, before a number.</summary>
    public static Task<List<MandateRecord>> ListAsync(
        NpgsqlConnection connection, int tenantId, long[]? accounts, MandateStatus? status, long before, int limit, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        $"""
        select {Columns} from payments.mandates
         where tenant_id = $1 and ($2::bigint[] is null or account_id = any($2)) and ($3::smallint is null or status = $3) and mandate_id < $4 order by mandate_id desc limit $5
        """,
        [tenantId, accounts, (short?)status, before, limit], Read, cancellationToken);

    /// <summary>The one that allows debiting a method, or null.</summary>
    public static async Task<MandateRecord?> OfMethodAsync(NpgsqlConnection connection, int tenantId, long methodId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, $"select {Columns} from payments.mandates where method_id = $1 and tenant_id = $2 order by (status = 2) desc, mandate_id desc limit 1", [methodId, tenantId], Read,
        cancellationToken)).SingleOrDefault();

    /// <summary>Those that are still to be confirmed, of an account at a gateway.</summary>
    public static Task<List<MandateRecord>> WaitingAsync(NpgsqlConnection connection, int tenantId, long accountId, GatewayKind gateway, CancellationToken cancellationToken) => Database.QueryAsync(
        connection, $"select {Columns} from payments.mandates where account_id = $1 and tenant_id = $2 and gateway = $3 and status = 1 order by mandate_id", [accountId, tenantId, (short)gateway], Read,
        cancellationToken);

    /// <summary>Writes a new one, or gives that of the same key.</summary>
    public static async Task<(MandateRecord Mandate, bool IsNew)> CreateAsync(NpgsqlConnection connection, int tenantId, MandateRecord m, string key, CancellationToken cancellationToken)
    {
        var made = await Database.QueryAsync(
            connection,
            $"""
            insert into payments.mandates (tenant_id, account_id, subscription_id, gateway, kind, status, currency, max_micros, first_micros, frequency, expires_at, setup_reference, idempotency_key,
                   request_hash, created_at, updated_at)
            values ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, 'SETUP-' || nextval('payments.mandates_mandate_id_seq'), $11, $12, $13, $13)
            on conflict (account_id, idempotency_key) do nothing
            returning {Columns}
            """,
            [tenantId, m.AccountId, m.SubscriptionId, (short)m.Gateway, (short)m.Kind, m.Currency, m.MaxMicros, m.FirstMicros, (short)m.Frequency, m.ExpiresAt, key, m.RequestHash, m.CreatedAt], Read,
            cancellationToken);
        if (made is [var created])
            return (created, true);
        return ((await Database.QueryAsync(
            connection, $"select {Columns} from payments.mandates where account_id = $1 and idempotency_key = $2 and tenant_id = $3", [m.AccountId, key, tenantId], Read, cancellationToken))[0], false);
    }

    /// <summary>The gateway has begun to set it up.</summary>
    public static Task<int> SetUpAsync(NpgsqlConnection connection, int tenantId, long mandateId, string setupId, DateTimeOffset now, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection, "update payments.mandates set setup_id = coalesce(setup_id, $3), updated_at = $4 where mandate_id = $1 and tenant_id = $2", [mandateId, tenantId, setupId, now], cancellationToken);

    /// <summary>It came so far, with its method when there is one.</summary>
    public static Task<int> ReachedAsync(
        NpgsqlConnection connection, int tenantId, long mandateId, MandateStatus status, long? methodId, string? failure, DateTimeOffset now, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        "update payments.mandates set status = $3, method_id = coalesce($4, method_id), failure = coalesce($5, failure), updated_at = $6 where mandate_id = $1 and tenant_id = $2 and status <> 4",
        [mandateId, tenantId, (short)status, methodId, failure, now], cancellationToken);

    /// <summary>A method changed at the gateway: its mandates follow, and one that waits for a method of its kind gets it.</summary>
    public static async Task LinkAsync(NpgsqlConnection connection, int tenantId, MethodRecord method, SavedMethod shown, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var linked = await Database.ExecuteAsync(
            connection, "update payments.mandates set status = $3, failure = coalesce($4, failure), updated_at = $5 where method_id = $1 and tenant_id = $2 and status <> 4",
            [method.Id, tenantId, (short)method.Status, shown.Failure?.Code, now], cancellationToken);
        if (linked == 0)
            await Database.ExecuteAsync(
                connection,
                """
                update payments.mandates set status = $3, method_id = $1, failure = $4, updated_at = $5
                 where mandate_id = (select mandate_id from payments.mandates where account_id = $6 and tenant_id = $2 and gateway = $7 and kind = $8 and status = 1 and method_id is null
                                      order by mandate_id limit 1)
                """,
                [method.Id, tenantId, (short)method.Status, shown.Failure?.Code, now, method.AccountId, (short)method.Gateway, (short)method.Kind], cancellationToken);
    }

    /// <summary>The gateway tells that the customer has ended confirming one; how it went is asked for. False when it is none of ours.</summary>
    public static async Task<bool> SawAsync(NpgsqlConnection connection, int tenantId, GatewayKind gateway, MethodSetup setup, GatewayFailure? failure, CancellationToken cancellationToken)
    {
        var found = await Database.QueryAsync(
            connection,
            """
            update payments.mandates set setup_id = coalesce(setup_id, $3), failure = coalesce($5, failure)
             where tenant_id = $1 and gateway = $2 and (setup_id = $3 or setup_reference = $4) returning account_id, mandate_id
            """,
            [tenantId, (short)gateway, setup.Id, setup.Reference ?? "", failure?.Code], r => (AccountId: r.GetInt64(0), Id: r.GetInt64(1)), cancellationToken);
        if (found is not [var mandate])
            return false;
        await JobQueue.EnqueueAsync(connection, tenantId, KeepMethods.Request(mandate.AccountId, gateway, null), cancellationToken);
        return true;
    }

    static MandateRecord Read(NpgsqlDataReader r) => new(
        r.GetInt64(0), r.GetInt64(1), r.IsDBNull(2) ? null : r.GetInt64(2), (GatewayKind)r.GetInt16(3), (MandateKind)r.GetInt16(4), (MandateStatus)r.GetInt16(5), r.GetString(6), r.GetInt64(7),
        r.GetInt64(8), (MandateFrequency)r.GetInt16(9), r.IsDBNull(10) ? null : r.GetFieldValue<DateTimeOffset>(10), r.GetString(11), r.IsDBNull(12) ? null : r.GetString(12),
        r.IsDBNull(13) ? null : r.GetInt64(13), r.IsDBNull(14) ? null : r.GetString(14), r.IsDBNull(15) ? null : r.GetFieldValue<DateTimeOffset>(15), r.GetFieldValue<byte[]>(16),
        r.GetFieldValue<DateTimeOffset>(17));
}
