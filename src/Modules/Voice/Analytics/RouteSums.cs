using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Npgsql;

namespace Balatrix.Modules.Voice.Analytics;

/// <summary>What carriers did with the calls that they were given: every attempt is a B leg, also those after which another carrier was tried.</summary>
static class RouteSums
{
    public static Task<List<CdrReports.CallSums>> OfAsync(NpgsqlConnection connection, int tenantId, UsageFilter filter, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        $"""
        select coalesce(l.carrier, ''), count(*), count(*) filter (where l.talk_ms > 0), coalesce(sum(l.talk_ms), 0)::bigint, count(l.pdd_ms),
               percentile_disc(0.5) within group (order by l.pdd_ms), percentile_disc(0.95) within group (order by l.pdd_ms)
          from voice.call_legs l
         where l.tenant_id = $1 and l.started_at >= $2 and l.started_at < $3 and ($4::text[] is null or l.calling = any($4) or l.called = any($4))
         group by 1 order by 1
        """,
        [tenantId, filter.From, filter.To, filter.Numbers],
        r => CdrReports.CallSums.Of(r.GetString(0), "", new(r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), 0), 0, 0, CdrReports.PddOf(r, 4)),
        cancellationToken);
}
