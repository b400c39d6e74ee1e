using System.Globalization;
using System.Text;
using Balatrix.Core.Numbering;
using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Balatrix.Modules.Voice.FreeSwitch;
using CsvHelper;
using CsvHelper.Configuration;

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

/// <summary>Charges usage from files, record by record in bounded memory: CDRs as FreeSWITCH writes them, and CloudEvents a line.</summary>
public sealed class FileIngestion(UsageIntake intake, CallLegs legs, TimeProvider time, TimeZoneInfo csvZone, string? account, int tenantId)
{
    const int BatchSize = 2000;
    const int ListedProblems = 20;
    const int LongestRecord = 4 * 1024 * 1024;

    readonly List<(long Record, ParsedUsage Parsed)> batch = [];

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
        await using var stream = file.OpenRead();
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var first = await FirstCharacterAsync(reader, cancellationToken);
        if (first == '"')
            await ReadCsvAsync(reader, file, cancellationToken);
        else if (first == '<')
            await ReadDocumentsAsync(reader, "</cdr>", file, cancellationToken);
        else
            await ReadLinesAsync(reader, file, cancellationToken);
        await FlushAsync(file.Name, cancellationToken);
        onRead(file.Length);
    }

    static async Task<char> FirstCharacterAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        while (reader.Peek() is >= 0 and var next && char.IsWhiteSpace((char)next))
            _ = reader.Read();
        return reader.Peek() < 0 ? '\0' : (char)reader.Peek();
    }

    async Task ReadLinesAsync(StreamReader reader, FileInfo file, CancellationToken cancellationToken)
    {
        for (long record = 1; await reader.ReadLineAsync(cancellationToken) is { } line; record++)
            if (!string.IsNullOrWhiteSpace(line))
                await TakeAsync(file.Name, record, Encoding.UTF8.GetBytes(line), cancellationToken);
    }

    async Task ReadDocumentsAsync(StreamReader reader, string end, FileInfo file, CancellationToken cancellationToken)
    {
        var document = new StringBuilder();
        long record = 1;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            document.AppendLine(line);
            if (!line.Contains(end, StringComparison.Ordinal) && document.Length < LongestRecord)
                continue;
            await TakeAsync(file.Name, record++, Encoding.UTF8.GetBytes(document.ToString()), cancellationToken);
            document.Clear();
        }
        if (!string.IsNullOrWhiteSpace(document.ToString()))
            await TakeAsync(file.Name, record, Encoding.UTF8.GetBytes(document.ToString()), cancellationToken);
    }

    async Task TakeAsync(string file, long record, byte[] body, CancellationToken cancellationToken)
    {
        if (body.AsSpan().IndexOf("\"specversion\""u8) >= 0)
        {
            await AddAsync(file, record, new UsageReading(time.GetUtcNow()).ReadCloudEvent(body), cancellationToken);
            return;
        }
        var (call, problem) = FreeSwitchCdr.Read(body);
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
        await AddAsync(file, record, Checked(call.AccountCode, call.ToUsageEvent()), cancellationToken);
    }

    /// <summary>mod_cdr_csv's "example" template: 15 columns, stamps in local time, whole seconds; quotes inside values are not escaped.</summary>
    async Task ReadCsvAsync(StreamReader reader, FileInfo file, CancellationToken cancellationToken)
    {
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture) { HasHeaderRecord = false, BadDataFound = null, TrimOptions = TrimOptions.Trim };
        using var csv = new CsvReader(reader, configuration);
        for (long record = 1; await csv.ReadAsync(); record++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var fields = csv.Parser.Record ?? [];
            if (CsvCall(fields) is { } usage)
                await AddAsync(file.Name, record, Checked(fields[12], usage), cancellationToken);
            else
                Refuse(file.Name, record, new Problem(400, "malformed_csv", "The line is not a record of mod_cdr_csv.", Expected: "15 columns as in its example template"));
        }
    }

    UsageEvent? CsvCall(string[] f)
    {
        if (f.Length < 13 || f[10].Length is 0 or > 128 || Stamp(f[4]) is not { } start || !long.TryParse(f[8], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > 604_800)
            return null;
        var answer = Stamp(f[5]);
        var number = E164Number.Normalise(f[2]);
        var service = E164Number.IsIndianTollFree(number) ? Service.VoiceInbound : Service.VoiceOutbound;
        return new UsageEvent("cdr", f[10], service, answer ?? start, number.Length > 0 ? number : "-", answer is null ? 0 : seconds * 1000, f[1], f[2], null) { WholeSeconds = true };
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
        return UsageReading.CheckTime(usage.OccurredAt, time.GetUtcNow()) is { } problem ? new("", usage, problem) : new(reference, usage, null);
    }

    async Task AddAsync(string file, long record, ParsedUsage parsed, CancellationToken cancellationToken)
    {
        batch.Add((record, parsed));
        if (batch.Count >= BatchSize)
            await FlushAsync(file, cancellationToken);
    }

    async Task FlushAsync(string file, CancellationToken cancellationToken)
    {
        var answers = await intake.ChargeAsync(tenantId, batch.ConvertAll(b => b.Parsed), hasHappened: true, cancellationToken);
        for (var i = 0; i < answers.Length; i++)
        {
            switch (answers[i].Status)
            {
                case 201:
                    Summary.Accepted++;
                    break;
                case 200:
                    Summary.Duplicates++;
                    break;
                case 202:
                    Summary.Unrated++;
                    List(file, batch[i].Record, answers[i].Problem!);
                    break;
                default:
                    Refuse(file, batch[i].Record, answers[i].Problem!);
                    break;
            }
        }
        batch.Clear();
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
