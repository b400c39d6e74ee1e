using Balatrix.Core.Charging;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Ledger;

/// <summary>Reservations of a tenant that end by themselves.</summary>
public sealed class ReservationClock(Database database, ChargingPipeline pipeline) : ITenantTime
{
    const int Page = 1000;

    /// <summary>When one ends next.</summary>
    public async Task<DateTimeOffset?> NextAsync(int tenantId, DateTimeOffset after, CancellationToken cancellationToken) => (await database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(
            connection, "select min(expires_at) from ledger.reservations where tenant_id = $1 and status = 1 and expires_at > $2", [tenantId, after],
            r => r.IsDBNull(0) ? (DateTimeOffset?)null : r.GetFieldValue<DateTimeOffset>(0), ct),
        cancellationToken))[0];

    /// <summary>Releases those whose time is over.</summary>
    public async Task<int> RunAsync(int tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        for (var all = 0; ;)
        {
            var expired = await database.InTenantAsync(
                tenantId,
                (connection, ct) => Database.QueryAsync(
                    connection,
                    $"select account_id, reservation_id from ledger.reservations where tenant_id = $1 and status = 1 and expires_at <= $2 order by expires_at limit {Page}",
                    [tenantId, now], r => (AccountId: r.GetInt64(0), Id: r.GetGuid(1)), ct),
                cancellationToken);
            await pipeline.SubmitAsync(tenantId, [.. expired.Select(e => new AccountOperation(e.AccountId, new Release(e.Id, OnlyIfExpired: true)))], cancellationToken);
            all += expired.Count;
            if (expired.Count < Page)
                return all;
        }
    }
}
