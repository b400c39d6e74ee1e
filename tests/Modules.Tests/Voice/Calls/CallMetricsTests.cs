using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Balatrix.Modules.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>What is measured of calls, as a listener of the meter gets it.</summary>
public sealed class CallMetricsTests(VoiceApp app) : IClassFixture<VoiceApp>
{
    [Fact]
    public async Task Calls_that_go_on_and_refusals_by_their_reason_are_measured()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        using var seen = new Listener(lab.Process.Services.GetRequiredService<IMeterFactory>());
        var account = await lab.AccountAsync("100.00");
        var broke = await lab.AccountAsync("0.00");
        Assert.Equal(0, seen.Gauge("calls_active"));
        var call = await lab.TalkAsync(account);
        Assert.Equal(1, seen.Gauge("calls_active"));
        await (await lab.DialAsync(broke)).EndedAsync();
        await (await lab.DialAsync(broke)).EndedAsync();
        await (await lab.DialAsync(account, "12125550100")).EndedAsync();
        Assert.Equal(
            [("insufficient_balance", 2L), ("unknown_destination", 1L)],
            seen.Counts.Where(c => c.Key.Name == "calls_refused_total").Select(c => (c.Key.Reason, c.Value)).OrderBy(c => c.Reason));
        await call.HangupAsync();
        await lab.SettledAsync(account);
        await Soon.UntilAsync(() => seen.Gauge("calls_active") == 0, "No call goes on");

        // Records come to the process that answers HTTP.
        using var records = new Listener(app.Services.GetRequiredService<IMeterFactory>());
        Assert.Equal(200, (await lab.PostRecordAsync(call.Uuid)).Status);
        await Soon.UntilAsync(() => records.Counts.Keys.Any(k => k.Name == "cdr_processing_duration_seconds"), "A record is measured");
    }

    sealed class Listener : IDisposable
    {
        readonly MeterListener listener = new();
        readonly ConcurrentDictionary<string, long> gauges = [];

        public Listener(IMeterFactory of)
        {
            listener.InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == "Balatrix" && ReferenceEquals(instrument.Meter.Scope, of))
                    l.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => gauges[instrument.Name] = value);
            listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, 1, tags));
            listener.Start();
        }

        public ConcurrentDictionary<(string Name, string Reason), long> Counts { get; } = [];

        public long Gauge(string name)
        {
            listener.RecordObservableInstruments();
            return gauges[name];
        }

        public void Dispose() => listener.Dispose();

        void Add(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var reason = "";
            foreach (var (name, label) in tags)
                reason = name == "reason" ? (string)label! : reason;
            Counts.AddOrUpdate((instrument.Name, reason), value, (_, before) => before + value);
        }
    }
}
