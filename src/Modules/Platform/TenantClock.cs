using System.Collections.Concurrent;
using Balatrix.Core;

namespace Balatrix.Modules.Platform;

/// <summary>
/// What time it is for a tenant, and in which zone it bills: real time, or the instant of its test clock. What it read is
/// remembered for a second, so that another node's change is seen soon and charging does not ask at every batch.
/// </summary>
public sealed class TenantClock(Database database, TimeProvider time)
{
    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(1);

    sealed record Reading(TimeZoneInfo Zone, DateTimeOffset? TestNow, long ReadAt);

    readonly ConcurrentDictionary<int, Reading> readings = new();

    /// <summary>The tenant's now.</summary>
    public async ValueTask<DateTimeOffset> NowAsync(int tenantId, CancellationToken cancellationToken) =>
        (await ReadAsync(tenantId, cancellationToken)).TestNow ?? time.GetUtcNow();

    /// <summary>The tenant's zone; UTC for a tenant that is not there, whose accounts are not there either.</summary>
    public async ValueTask<TimeZoneInfo> ZoneAsync(int tenantId, CancellationToken cancellationToken) =>
        (await ReadAsync(tenantId, cancellationToken)).Zone;

    /// <summary>The number of the tenant's billing day at an instant.</summary>
    public async ValueTask<int> BillingDayAsync(int tenantId, DateTimeOffset at, CancellationToken cancellationToken) =>
        (await ZoneAsync(tenantId, cancellationToken)).DayOf(at).DayNumber;

    /// <summary>Whether the tenant has a test clock, read afresh.</summary>
    public async ValueTask<bool> IsTestAsync(int tenantId, CancellationToken cancellationToken)
    {
        Forget(tenantId);
        return (await ReadAsync(tenantId, cancellationToken)).TestNow is not null;
    }

    /// <summary>Reads the tenant anew at the next question, after its clock or zone was changed here.</summary>
    public void Forget(int tenantId) => readings.TryRemove(tenantId, out _);

    async ValueTask<Reading> ReadAsync(int tenantId, CancellationToken cancellationToken)
    {
        // The machine's own clock: the age of a memory has nothing to do with the time that is asked for.
        var now = Environment.TickCount64;
        if (readings.TryGetValue(tenantId, out var known) && now - known.ReadAt < Remembered.TotalMilliseconds)
            return known;
        var rows = await database.LookUpAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection, "select zone, test_now from platform.tenants where tenant_id = $1", [tenantId],
                r => new Reading(TimeZoneInfo.FindSystemTimeZoneById(r.GetString(0)), r.IsDBNull(1) ? null : r.GetFieldValue<DateTimeOffset>(1), now), ct),
            cancellationToken);
        return rows is [var reading] ? readings[tenantId] = reading : new(TimeZoneInfo.Utc, null, now);
    }
}
