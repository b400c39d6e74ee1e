using System.Globalization;
using System.Text;
using System.Text.Json;
using Balatrix.Core.Numbering;
using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Usage;
using Balatrix.Modules.Voice.Calls;
using Balatrix.Modules.Voice.FreeSwitch;

namespace Balatrix.Modules.Voice;

/// <summary>A record of a file that was not charged.</summary>
public sealed record IngestProblem(string File, long Record, string Code, string Title);

/// <summary>What became of the records of some files.</summary>
public sealed class IngestSummary
{
    /// <summary>Charged now.</summary>
    public long Accepted { get; set; }

    /// <summary>Charged before.</summary>
    public long Duplicates { get; set; }

    /// <summary>B legs, which are never charged.</summary>
    public long BLegs { get; set; }

    /// <summary>Kept until they can be rated.</summary>
    public long Unrated { get; set; }

    /// <summary>Refused: nothing was kept of them.</summary>
    public long Refused { get; set; }

    /// <summary>The first of those that were kept or refused.</summary>
    public List<IngestProblem> Problems { get; } = [];
}

/// <summary>Charges usage from files, record by record in bounded memory: CDRs as FreeSWITCH writes them, and CloudEvents.</summary>
public sealed class FileIngestion(UsageIntake intake, CallLegs legs, CallRecords controlled, TenantClock clock, TimeZoneInfo csvZone, string? account, int tenantId)
{
    const int BatchSize = 2000;

    // Both legs of a call end together, so their lines of a CSV file are close to each other.
    const int LegDistance = 200;
    const int ListedProblems = 20;

    readonly List<(long Record, ParsedUsage Parsed, CallRecord? Call)> batch = [];
    readonly HashSet<string> csvLegs = new(StringComparer.Ordinal);
    readonly Queue<string> latestCsvLegs = [];
    DateTimeOffset now;
    UsageReading reading = new(default);

    /// <summary>So far.</summary>
    public IngestSummary Summary { get; } = new();

    /// <summary>Charges one file.</summary>
    /// <param name="file">Its form is told by its first byte.</param>
    /// <param name="onRead">Is told of bytes as they are read.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public async Task IngestAsync(FileInfo file, Action<long> onRead, CancellationToken cancellationToken)
    {
        if (!file.Exists)
        {
            Refuse(file.Name, 0, new Problem(404, "no_file", "There is no such file."));
            return;
        }
        now = await clock.NowAsync(tenantId, cancellationToken);
        reading = new UsageReading(now);
        await using var stream = file.OpenRead();
        long number = 0;
        await foreach (var record in RecordSplitter.ReadAsync(stream, onRead, cancellationToken))
        {
            number++;
            if (record.IsTooLong)
                Refuse(file.Name, number, new Problem(413, "record_too_large", $"The record is larger than {RecordSplitter.LongestRecord / 1024 / 1024} MB."));
            else if (record.Form == RecordForm.Csv)
                await TakeLineAsync(file.Name, number, record.Body, cancellationToken);
            else
                await TakeAsync(file.Name, number, record.Body, cancellationToken);
        }
        await FlushAsync(file.Name, 0, cancellationToken);
        csvLegs.Clear();
        latestCsvLegs.Clear();
    }

    async Task TakeAsync(string file, long record, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (body.Span.IndexOf("\"specversion\""u8) >= 0)
        {
            await AddAsync(file, record, reading.ReadCloudEvent(body.Span), cancellationToken);
            return;
        }
        var (call, problem) = FreeSwitchCdr.Read(body.Span);
        if (call is null)
        {
            Refuse(file, record, problem!);
            return;
        }
        if (call.ALegUuid is not null)
        {
            await legs.KeepAsync(tenantId, call, cancellationToken);
            Summary.BLegs++;
            return;
        }
        await AddAsync(file, record, Checked(call.AccountCode, call.ToUsageEvent()), cancellationToken, call);
    }

    async Task TakeLineAsync(string file, long record, ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        var fields = CsvFields(Encoding.UTF8.GetString(line.Span).Trim());
        if (CsvCall(fields) is { } usage)
        {
            NoteCsvLeg(fields[11]);
            await AddAsync(file, record, Checked(fields[12], usage), cancellationToken);
        }
        else
            Refuse(file, record, new Problem(400, "malformed_csv", "The line is not a record of mod_cdr_csv.", Expected: "15 columns as in its example template"));
    }

    /// <summary>mod_cdr_csv's "example" template: 15 columns, stamps in local time, whole seconds; every value in quotes, and quotes within values as they are.</summary>
    static string[] CsvFields(string line) =>
        line.Length > 1 && line[0] == '"' && line[^1] == '"' ? line[1..^1].Split("\",\"", StringSplitOptions.TrimEntries) : [];

    UsageEvent? CsvCall(string[] f)
    {
        if (f.Length != 15 || f[10].Length == 0 || Array.Exists(f, v => v.Length > 128 || v.Contains('\0', StringComparison.Ordinal)))
            return null;
        if (Stamp(f[4]) is not { } start || !long.TryParse(f[8], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > 604_800)
            return null;
        var answer = Stamp(f[5]);
        var number = E164Number.Normalise(f[2]);
        var service = E164Number.IsIndianTollFree(number) ? Service.VoiceInbound : Service.VoiceOutbound;
        // A later record of the same call that is exact is known by it to be no other.
        var detail = $$"""{"wholeSeconds":true,"hangupCause":{{JsonSerializer.Serialize(f[9])}}}""";
        return new UsageEvent("cdr", f[10], service, answer ?? start, number.Length > 0 ? number : "-", answer is null ? 0 : seconds * 1000, f[1], f[2], detail) { WholeSeconds = true };
    }

    DateTimeOffset? Stamp(string text)
    {
        if (!DateTime.TryParseExact(text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) || csvZone.IsInvalidTime(local))
            return null;
        return new DateTimeOffset(local, csvZone.GetUtcOffset(local));
    }

    ParsedUsage Checked(string accountCode, UsageEvent usage)
    {
        var reference = accountCode.Length > 0 ? accountCode : account ?? "";
        return UsageReading.CheckTime(usage.OccurredAt, now) is { } problem ? new("", usage, problem) : new(reference, usage, null);
    }

    async Task AddAsync(string file, long record, ParsedUsage parsed, CancellationToken cancellationToken, CallRecord? call = null)
    {
        batch.Add((record, parsed, call));
        if (batch.Count >= BatchSize)
            await FlushAsync(file, csvLegs.Count > 0 ? LegDistance : 0, cancellationToken);
    }

    /// <summary>A line of a CSV file does not say that it is a B leg; the A leg's line names it, before or behind it.</summary>
    void NoteCsvLeg(string leg)
    {
        if (leg.Length is 0 or > 128 || !csvLegs.Add(leg))
            return;
        latestCsvLegs.Enqueue(leg);
        if (latestCsvLegs.Count > BatchSize)
            csvLegs.Remove(latestCsvLegs.Dequeue());
    }

    /// <summary>Charges what has been gathered, but for the latest records, which may turn out to be legs of others.</summary>
    async Task FlushAsync(string file, int kept, CancellationToken cancellationToken)
    {
        var ready = batch.GetRange(0, batch.Count - kept);
        batch.RemoveRange(0, ready.Count);
        Summary.BLegs += ready.RemoveAll(r => r.Parsed.Event is { WholeSeconds: true } call && csvLegs.Contains(call.Id));
        if (ready.Exists(r => r.Parsed.Event is { WholeSeconds: true }))
        {
            var known = await legs.KnownAsync(tenantId, [.. ready.Select(r => r.Parsed.Event?.Id ?? "")], cancellationToken);
            Summary.BLegs += ready.RemoveAll(r => r.Parsed.Event is { WholeSeconds: true } call && known.Contains(call.Id));
        }
        // A call whose money was reserved while it went on settles that.
        var live = await controlled.ControlledAsync(tenantId, [.. ready.Where(r => r.Parsed.Problem is null).Select(r => r.Call).OfType<CallRecord>()], cancellationToken);
        var rest = new List<(long Record, ParsedUsage Parsed, CallRecord? Call)>(ready.Count);
        foreach (var one in ready)
        {
            if (one.Call is { } call && live.Contains(call.Uuid) && await controlled.TakeAsync(tenantId, call, cancellationToken) is { } settled)
                Count(file, one.Record, settled);
            else
                rest.Add(one);
        }
        var parsed = rest.ConvertAll(b => b.Parsed);
        var answers = await intake.ChargeAsync(tenantId, parsed, hasHappened: true, cancellationToken);
        controlled.Recorded(tenantId, parsed, answers);
        for (var i = 0; i < answers.Length; i++)
            Count(file, rest[i].Record, answers[i]);
    }

    void Count(string file, long record, UsageAnswer answer)
    {
        switch (answer.Status)
        {
            case 201:
                Summary.Accepted++;
                break;
            case 200:
                Summary.Duplicates++;
                break;
            case 202:
                Summary.Unrated++;
                List(file, record, answer.Problem!);
                break;
            default:
                Refuse(file, record, answer.Problem!);
                break;
        }
    }

    void Refuse(string file, long record, Problem problem)
    {
        Summary.Refused++;
        List(file, record, problem);
    }

    void List(string file, long record, Problem problem)
    {
        if (Summary.Problems.Count < ListedProblems)
            Summary.Problems.Add(new(file, record, problem.Code, problem.Title));
    }
}
