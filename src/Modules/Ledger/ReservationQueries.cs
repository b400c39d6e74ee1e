using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Ledger;

/// <summary>Reads reservations outside the hot path.</summary>
public sealed class ReservationQueries(Database database)
{
    /// <summary>The use that a reservation is for, or null.</summary>
    public async Task<UsageEvent?> UsageAsync(int tenantId, long accountId, Guid reservationId, CancellationToken cancellationToken)
    {
        var found = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                """
                select source, event_id, service, occurred_at, rating_key, quantity, calling, called from ledger.reservations
                 where account_id = $1 and reservation_id = $2 and tenant_id = $3
                """,
                [accountId, reservationId, tenantId],
                r => new UsageEvent(
                    r.GetString(0), r.GetString(1), (Service)r.GetInt16(2), r.GetFieldValue<DateTimeOffset>(3), r.GetString(4), r.GetInt64(5), r.GetString(6), r.GetString(7), null),
                ct),
            cancellationToken);
        return found.SingleOrDefault();
    }

    /// <summary>Some open reservations whose time is over, in the time of its tenant, of one tenant or of all.</summary>
    public async Task<List<(int TenantId, long AccountId, Guid ReservationId)>> ExpiredAsync(int? tenantId, DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        return await Database.QueryAsync(
            connection,
            $"""
            select r.tenant_id, r.account_id, r.reservation_id, r.expires_at
              from ledger.reservations r join platform.tenants t on t.tenant_id = r.tenant_id
             where r.status = 1 and r.expires_at <= $1 and t.test_now is null and ($2::int is null or r.tenant_id = $2)
            union all
            select r.tenant_id, r.account_id, r.reservation_id, r.expires_at
              from platform.tenants t join ledger.reservations r on r.tenant_id = t.tenant_id and r.expires_at <= t.test_now
             where r.status = 1 and t.test_now is not null and ($2::int is null or t.tenant_id = $2)
             order by expires_at limit {limit}
            """,
            [now, tenantId], r => (r.GetInt32(0), r.GetInt64(1), r.GetGuid(2)), cancellationToken);
    }
}
