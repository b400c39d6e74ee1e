using Balatrix.Core.Voice.Fraud;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Voice.Analytics;

/// <summary>What calls are summed by.</summary>
/// <param name="Column">SQL of the group, over usage_records u, tenants t and the facts d of a call.</param>
/// <param name="Join">What it needs beside them; empty for most.</param>
/// <param name="Values">Parameters of the join, from $7 on.</param>
sealed record CallGroup(string Column, string Join, object?[] Values)
{
    /// <summary>Digits of a prefix when it is not said how many.</summary>
    const int UsualDigits = 4;

    public const string Expected = "hour, hour_of_day, day, direction, cause, plan, carrier, route, country, destination or prefix";

    /// <summary>Reads the name of a group.</summary>
    public static (CallGroup? Group, Problem? Problem) Read(string? by, int? digits)
    {
        if (digits is not null && (by != "prefix" || digits is < 1 or > 7))
            return (null, Problem.Invalid("digits", "1 to 7, for by=prefix"));
        return by switch
        {
            null or "day" => Of("to_char(u.occurred_at at time zone t.zone, 'YYYY-MM-DD')"),
            "hour" => Of("to_char(u.occurred_at at time zone t.zone, 'YYYY-MM-DD HH24:00')"),
            "hour_of_day" => Of("to_char(u.occurred_at at time zone t.zone, 'HH24')"),
            "direction" => Of("case u.service when 1 then 'outbound' else 'inbound' end"),
            "cause" => Of("coalesce(d.facts ->> 'hangupCause', '')"),
            "plan" => Of("u.plan_version_id::text"),
            "carrier" => Of("coalesce(d.facts ->> 'carrier', '')"),
            "destination" => Of("u.destination"),
            "prefix" => Of($"left(u.rating_key, {digits ?? UsualDigits})"),
            "country" => (ByCountry(), null),
            _ => (null, Problem.Invalid("by", Expected)),
        };
    }

    static (CallGroup?, Problem?) Of(string column) => (new(column, "", []), null);

    /// <summary>The longest calling code wins; each length is one hash join.</summary>
    static CallGroup ByCountry()
    {
        var codes = CallingCodes.All.ToList();
        return new(
            "coalesce(c4.iso, c3.iso, c2.iso, c1.iso, '')",
            string.Concat(Enumerable.Range(1, 4).Select(n => $"\n  left join unnest($7::text[], $8::text[]) c{n} (code, iso) on length(c{n}.code) = {n} and c{n}.code = left(u.rating_key, {n})")),
            [codes.ConvertAll(c => c.Code).ToArray(), codes.ConvertAll(c => c.Country).ToArray()]);
    }
}
