using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.FreeSwitch;

namespace Balatrix.Modules.Voice;

/// <summary>A B leg as it is shown with its A leg's record.</summary>
public sealed record CallLeg(string LegId, string Calling, string Called, DateTimeOffset StartedAt, long TalkMs, string HangupCause, JsonElement? Detail);

/// <summary>B legs: kept for showing, never charged. A B leg may come before its A leg.</summary>
public sealed class CallLegs(Database database, TenantClock clock)
{
    /// <summary>Keeps a leg once; says whether it was new.</summary>
    public async Task<bool> KeepAsync(int tenantId, CallRecord call, CancellationToken cancellationToken) => await database.InTenantAsync(
        tenantId,
        async (connection, ct) => await Database.ExecuteAsync(
            connection,
            """
            insert into voice.call_legs (tenant_id, leg_id, a_leg_id, calling, called, started_at, talk_ms, hangup_cause, detail, received_at, carrier, pdd_ms)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11, $12) on conflict (tenant_id, leg_id) do nothing
            """,
            [
                tenantId, call.Uuid, call.ALegUuid, call.Calling, call.Called, call.StartedAt, call.TalkMs, call.Facts.GetValueOrDefault("hangupCause", ""), call.Detail(),
                await clock.NowAsync(tenantId, ct), call.Facts.GetValueOrDefault("carrier"),
                long.TryParse(call.Facts.GetValueOrDefault("pddMs"), NumberStyles.None, CultureInfo.InvariantCulture, out var pddMs) ? pddMs : null,
            ],
            ct),
        cancellationToken) == 1;

    /// <summary>Those of some calls that are kept as B legs.</summary>
    public async Task<HashSet<string>> KnownAsync(int tenantId, string[] legIds, CancellationToken cancellationToken) => (await database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(
            connection, "select leg_id from voice.call_legs where tenant_id = $1 and leg_id = any($2)", [tenantId, legIds], r => r.GetString(0), ct),
        cancellationToken)).ToHashSet(StringComparer.Ordinal);

    /// <summary>The B legs of a call.</summary>
    public Task<List<CallLeg>> OfAsync(int tenantId, string aLegUuid, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(
            connection,
            "select leg_id, calling, called, started_at, talk_ms, hangup_cause, detail from voice.call_legs where tenant_id = $1 and a_leg_id = $2 order by started_at",
            [tenantId, aLegUuid],
            r => new CallLeg(
                r.GetString(0), r.GetString(1), r.GetString(2), r.GetFieldValue<DateTimeOffset>(3), r.GetInt64(4), r.GetString(5),
                r.IsDBNull(6) ? null : JsonDocument.Parse(r.GetString(6)).RootElement),
            ct),
        cancellationToken);
}
