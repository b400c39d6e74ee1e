using System.Collections.Concurrent;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>Billing days: the days of a tenant's own zone.</summary>
public sealed class TenantDays(NpgsqlDataSource dataSource)
{
    readonly ConcurrentDictionary<int, TimeZoneInfo> zones = new();

    /// <summary>The number of the tenant's day at an instant.</summary>
    public async ValueTask<int> BillingDayAsync(int tenantId, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var zone = await ZoneAsync(tenantId, cancellationToken);
        return DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime).DayNumber;
    }

    /// <summary>The tenant's zone; UTC for a tenant that is not there, whose accounts are not there either.</summary>
    public async ValueTask<TimeZoneInfo> ZoneAsync(int tenantId, CancellationToken cancellationToken)
    {
        if (zones.TryGetValue(tenantId, out var known))
            return known;
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("begin"),
                LedgerStore.Command("select set_config('balatrix.tenant_id', $1, true)", tenantId.ToString()),
                LedgerStore.Command("select zone from platform.tenants where tenant_id = $1", tenantId),
                new("commit"),
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return TimeZoneInfo.Utc;
        return zones[tenantId] = TimeZoneInfo.FindSystemTimeZoneById(reader.GetString(0));
    }
}
