using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>A saved method: the gateway's token, and what people may see of it.</summary>
sealed record MethodRecord(
    long Id, long AccountId, GatewayKind Gateway, string CustomerId, string Token, MandateKind Kind, MandateStatus Status, string? Brand, string? Last4, int? ExpiryMonth, int? ExpiryYear, string? Vpa,
    bool IsDefault, DateTimeOffset CreatedAt);

/// <summary>Saved methods in the database, in the caller's transaction of the tenant.</summary>
static class SavedMethods
{
    const string Columns = "method_id, account_id, gateway, gateway_customer_id, token, kind, status, brand, last4, expiry_month, expiry_year, vpa, is_default, created_at";

    /// <summary>One that is not removed, or null.</summary>
    public static async Task<MethodRecord?> FindAsync(NpgsqlConnection connection, int tenantId, long methodId, long[]? own, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, $"select {Columns} from payments.methods where method_id = $1 and tenant_id = $2 and removed_at is null and ($3::bigint[] is null or account_id = any($3))",
        [methodId, tenantId, own], Read, cancellationToken)).SingleOrDefault();

    /// <summary>The one that an account is charged by, or null.</summary>
    public static async Task<MethodRecord?> DefaultAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, $"select {Columns} from payments.methods where account_id = $1 and tenant_id = $2 and is_default", [accountId, tenantId], Read, cancellationToken)).SingleOrDefault();

    /// <summary>Those of accounts, null for all of the tenant, before a number.</summary>
    public static Task<List<MethodRecord>> ListAsync(NpgsqlConnection connection, int tenantId, long[]? accounts, long before, int limit, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        $"""
        select {Columns} from payments.methods
         where tenant_id = $1 and removed_at is null and ($2::bigint[] is null or account_id = any($2)) and method_id < $3 order by method_id desc limit $4
        """,
        [tenantId, accounts, before, limit], Read, cancellationToken);

    /// <summary>Keeps a method as the gateway shows it; the first of an account that can be charged is its default.</summary>
    public static async Task<MethodRecord> KeepAsync(
        NpgsqlConnection connection, int tenantId, long accountId, GatewayKind gateway, string customerId, SavedMethod method, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var words = method.Instrument.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var last4 = words is [.., { Length: 4 } four] && four.All(char.IsAsciiDigit) ? four : null;
        var brand = last4 is null ? null : string.Join(' ', words[..^1]);
        return (await Database.QueryAsync(
            connection,
            $"""
            insert into payments.methods as m (tenant_id, account_id, gateway, gateway_customer_id, token, kind, status, brand, last4, expiry_month, expiry_year, vpa, is_default, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
                    $7 = 2 and not exists (select from payments.methods o where o.account_id = $2 and o.is_default), $13, $13)
            on conflict (tenant_id, gateway, token, account_id) where removed_at is null do update set
                   status = excluded.status, brand = coalesce(excluded.brand, m.brand), last4 = coalesce(excluded.last4, m.last4), expiry_month = coalesce(excluded.expiry_month, m.expiry_month),
                   expiry_year = coalesce(excluded.expiry_year, m.expiry_year), vpa = coalesce(excluded.vpa, m.vpa), updated_at = excluded.updated_at,
                   is_default = m.is_default or excluded.is_default
            returning {Columns}
            """,
            [
                tenantId, accountId, (short)gateway, customerId, method.Id, (short)KindOf(method.Kind), (short)StatusOf(method.Status), brand is { Length: > 40 } ? brand[..40] : brand, last4,
                method.ExpiryMonth, method.ExpiryYear, last4 is null && method.Instrument.Contains('@', StringComparison.Ordinal) ? Masked(method.Instrument) : null, now,
            ], Read, cancellationToken))[0];
    }

    /// <summary>The gateway shows a method: it is kept for the account that the gateway's customer is; false when that is nobody of ours.</summary>
    public static async Task<bool> SawAsync(NpgsqlConnection connection, int tenantId, GatewayKind gateway, SavedMethod method, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var accounts = await Database.QueryAsync(
            connection, "select account_id, gateway_customer_id from payments.gateway_customers where tenant_id = $1 and gateway = $2 and gateway_customer_id = $3",
            [tenantId, (short)gateway, method.CustomerId ?? ""], r => (AccountId: r.GetInt64(0), CustomerId: r.GetString(1)), cancellationToken);
        foreach (var (accountId, customerId) in accounts)
        {
            var kept = await KeepAsync(connection, tenantId, accountId, gateway, customerId, method, now, cancellationToken);
            await Mandates.LinkAsync(connection, tenantId, kept, method, now, cancellationToken);
        }
        return accounts.Count > 0;
    }

    /// <summary>Makes one the default of its account.</summary>
    public static async Task MakeDefaultAsync(NpgsqlConnection connection, int tenantId, MethodRecord method, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(
            connection, "update payments.methods set is_default = false, updated_at = $3 where account_id = $1 and tenant_id = $2 and is_default and method_id <> $4",
            [method.AccountId, tenantId, now, method.Id], cancellationToken);
        await Database.ExecuteAsync(
            connection, "update payments.methods set is_default = true, updated_at = $3 where method_id = $1 and tenant_id = $2", [method.Id, tenantId, now], cancellationToken);
    }

    /// <summary>Removes one, with its mandates.</summary>
    public static async Task RemoveAsync(NpgsqlConnection connection, int tenantId, long methodId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(
            connection, "update payments.methods set removed_at = $3, is_default = false, status = 4, updated_at = $3 where method_id = $1 and tenant_id = $2", [methodId, tenantId, now], cancellationToken);
        await Database.ExecuteAsync(
            connection, "update payments.mandates set status = 4, updated_at = $3 where method_id = $1 and tenant_id = $2 and status in (1, 2, 3)", [methodId, tenantId, now], cancellationToken);
    }

    /// <summary>A UPI address with its middle taken out; anything else as the gateway shows it.</summary>
    public static string Masked(string instrument)
    {
        var at = instrument.IndexOf('@', StringComparison.Ordinal);
        var text = at < 0 ? instrument : string.Concat(instrument.AsSpan(0, Math.Min(2, at)), "***", instrument.AsSpan(at));
        return text.Length > 100 ? text[..100] : text;
    }

    /// <summary>The state of a mandate as the gateway's method has it.</summary>
    public static MandateStatus StatusOf(MethodStatus status) => status switch
    {
        MethodStatus.Active => MandateStatus.Active,
        MethodStatus.Paused => MandateStatus.Paused,
        MethodStatus.Cancelled => MandateStatus.Cancelled,
        MethodStatus.Rejected => MandateStatus.Rejected,
        MethodStatus.Expired => MandateStatus.Expired,
        _ => MandateStatus.Created,
    };

    static MandateKind KindOf(MethodKind kind) => kind switch { MethodKind.Upi => MandateKind.Upi, MethodKind.BankAccount => MandateKind.Bank, _ => MandateKind.Card };

    static MethodRecord Read(NpgsqlDataReader r) => new(
        r.GetInt64(0), r.GetInt64(1), (GatewayKind)r.GetInt16(2), r.GetString(3), r.GetString(4), (MandateKind)r.GetInt16(5), (MandateStatus)r.GetInt16(6), r.IsDBNull(7) ? null : r.GetString(7),
        r.IsDBNull(8) ? null : r.GetString(8), r.IsDBNull(9) ? null : r.GetInt32(9), r.IsDBNull(10) ? null : r.GetInt32(10), r.IsDBNull(11) ? null : r.GetString(11), r.GetBoolean(12),
        r.GetFieldValue<DateTimeOffset>(13));
}
