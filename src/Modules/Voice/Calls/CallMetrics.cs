using System.Diagnostics.Metrics;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>What is measured of calls, under the names that are scraped; labels never hold what is of a customer.</summary>
public sealed class CallMetrics
{
    /// <summary>The meter of all of Balatrix's own measurements.</summary>
    public const string MeterName = "Balatrix";

    readonly Counter<long> refused;
    readonly Histogram<double> records;

    internal CallMetrics(IMeterFactory meters, LiveCalls live)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge("calls_active", () => live.Count, "{call}", "Calls that this node controls, from the permission to the charge.");
        refused = meter.CreateCounter<long>("calls_refused_total", "{call}", "Calls that might not go on, by the code of the refusal.");
        records = meter.CreateHistogram<double>("cdr_processing_duration_seconds", "s", "From a call record's arrival to its answer.");
    }

    internal void Refused(CallRefusal refusal) => refused.Add(1, new KeyValuePair<string, object?>("reason", refusal.Code));

    internal void Recorded(TimeSpan took) => records.Record(took.TotalSeconds);
}
