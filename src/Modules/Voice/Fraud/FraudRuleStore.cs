using System.Text.Json;
using Balatrix.Core.Voice.Fraud;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>Fraud rules as stored: a tenant's own under account 0.</summary>
static class FraudRuleStore
{
    /// <summary>Policies that changed since an instant; null for an account that has none of its own any more.</summary>
    public static async Task<List<(int TenantId, long AccountId, FraudPolicy? Policy)>> PoliciesAsync(
        NpgsqlConnection connection, DateTimeOffset? since, CancellationToken cancellationToken) => await Database.QueryAsync(
            connection,
            """
            select r.tenant_id, r.account_id, r.settings, t.settings
              from voice.fraud_rules r left join voice.fraud_rules t on t.tenant_id = r.tenant_id and t.account_id = 0
             where $1::timestamptz is null or r.changed_at >= $1 or t.changed_at >= $1
            """,
            [since],
            r =>
            {
                var (own, tenant) = (Parse(r.GetString(2)), r.IsDBNull(3) ? new() : Parse(r.GetString(3)));
                return (r.GetInt32(0), r.GetInt64(1), r.GetInt64(1) != 0 && own == new FraudSettings() ? null : own.Over(tenant).Read().Policy);
            },
            cancellationToken);

    /// <summary>What is set for an account, or with 0 for the tenant, and how often it was changed.</summary>
    public static async Task<(FraudSettings Settings, int Version)> FindAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken)
    {
        var rows = await Database.QueryAsync(
            connection, "select settings, version from voice.fraud_rules where tenant_id = $1 and account_id = $2", [tenantId, accountId],
            r => (Parse(r.GetString(0)), r.GetInt32(1)), cancellationToken);
        return rows is [var row] ? row : (new(), 0);
    }

    /// <summary>Keeps what was checked.</summary>
    public static Task SaveAsync(NpgsqlConnection connection, int tenantId, long accountId, FraudSettings settings, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        """
        insert into voice.fraud_rules as r (tenant_id, account_id, settings) values ($1, $2, $3::jsonb)
        on conflict (tenant_id, account_id) do update set settings = excluded.settings, version = r.version + 1, changed_at = clock_timestamp()
        """,
        [tenantId, accountId, JsonSerializer.Serialize(settings, JsonSerializerOptions.Web)], cancellationToken);

    static FraudSettings Parse(string json) => JsonSerializer.Deserialize<FraudSettings>(json, JsonSerializerOptions.Web)!;
}
