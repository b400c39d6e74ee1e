using System.Text.Json;
using Npgsql;

namespace Balatrix.Modules.Platform;

/// <summary>Tenants' settings as stored.</summary>
public static class TenantSettingsStore
{
    /// <summary>A tenant's settings, in the caller's transaction, with what everybody has filled in. Secrets in them are sealed.</summary>
    public static async Task<TenantSettings> LoadAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken) =>
        (await FindAsync(connection, tenantId, cancellationToken)).Settings;

    /// <summary>A tenant's settings and how often they were changed.</summary>
    public static async Task<(TenantSettings Settings, int Version)> FindAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken)
    {
        var (name, zone, json, version) = (await Database.QueryAsync(
            connection, "select t.name, t.zone, s.settings, s.version from platform.tenants t left join platform.tenant_settings s using (tenant_id) where t.tenant_id = $1", [tenantId],
            r => (r.GetString(0), r.GetString(1), r.IsDBNull(2) ? "{}" : r.GetString(2), r.IsDBNull(3) ? 0 : r.GetInt32(3)), cancellationToken)).Single();
        var stored = JsonSerializer.Deserialize<TenantSettings>(json, JsonSerializerOptions.Web)!;
        return (
            stored with
            {
                Name = name,
                Zone = zone,
                Country = stored.Country ?? "IN",
                TaxMode = stored.TaxMode ?? "exclusive",
                PrepaidTaxMode = stored.PrepaidTaxMode ?? "recharge",
                RoundOff = stored.RoundOff ?? true,
                InvoiceSeries = stored.InvoiceSeries ?? "INV",
                RechargesPerDay = stored.RechargesPerDay ?? 3,
                NumberQuarantineDays = stored.NumberQuarantineDays ?? 30,
                PaymentTermsDays = stored.PaymentTermsDays ?? 15,
            },
            version);
    }

    /// <summary>Orders changes by the tenant's row, whether there are settings yet or not; call it before reading what will be changed.</summary>
    public static Task LockAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken) =>
        Database.ExecuteAsync(connection, "update platform.tenants set name = name where tenant_id = $1", [tenantId], cancellationToken);

    /// <summary>Keeps settings that were checked.</summary>
    public static async Task SaveAsync(NpgsqlConnection connection, int tenantId, TenantSettings settings, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(connection, "update platform.tenants set name = $2, zone = $3 where tenant_id = $1", [tenantId, settings.Name, settings.Zone], cancellationToken);
        await Database.ExecuteAsync(
            connection,
            """
            insert into platform.tenant_settings as s (tenant_id, settings, updated_at) values ($1, $2::jsonb, $3)
            on conflict (tenant_id) do update set settings = excluded.settings, version = s.version + 1, updated_at = excluded.updated_at
            """,
            [tenantId, JsonSerializer.Serialize(settings, JsonSerializerOptions.Web), now], cancellationToken);
    }
}
