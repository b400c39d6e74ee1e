using System.Text;
using System.Text.Json;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Balatrix.Modules.Voice;
using Balatrix.Modules.Voice.Calls;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Voice;

/// <summary>Files as people have them, through to the books.</summary>
public sealed class FileIngestionTests(CapturedApp app) : IClassFixture<CapturedApp>, IDisposable
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    static int unique;

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("balatrix-ingest-");

    public void Dispose() => folder.Delete(recursive: true);

    async Task<IngestSummary> IngestAsync(string text, string? account = null, string zone = "UTC") => await IngestAsync(Encoding.UTF8.GetBytes(text), account, zone);

    async Task<IngestSummary> IngestAsync(byte[] content, string? account = null, string zone = "UTC")
    {
        var file = new FileInfo(Path.Combine(folder.FullName, "file"));
        await File.WriteAllBytesAsync(file.FullName, content);
        var ingestion = new FileIngestion(
            app.Services.GetRequiredService<UsageIntake>(), app.Services.GetRequiredService<CallLegs>(), app.Services.GetRequiredService<CallRecords>(), app.Services.GetRequiredService<TenantClock>(),
            TimeZoneInfo.FindSystemTimeZoneById(zone), account, tenantId: 1);
        var read = 0L;
        await ingestion.IngestAsync(file, bytes => read += bytes, CancellationToken.None);
        Assert.Equal(content.Length, read);
        return ingestion.Summary;
    }

    static string Counts(IngestSummary s) => $"{s.Accepted} charged, {s.Duplicates} duplicates, {s.BLegs} B legs, {s.Unrated} unrated, {s.Refused} refused";

    static string NewId() => $"file-{Interlocked.Increment(ref unique)}";

    static object[] Events(int count) => [.. Enumerable.Range(0, count).Select(_ => (object)new
    {
        specversion = "1.0", id = NewId(), source = "files", type = "balatrix.auth.sms_otp", subject = "ACC-10001", time = "2026-11-20T09:30:00Z",
        data = new { quantity = 1, recipient = "{\"[}]\\", nested = new { deep = new[] { new { a = 1 } } } },
    })];

    [Fact]
    public async Task Events_in_every_form_of_JSON_are_charged_once()
    {
        var forms = new Dictionary<string, Func<object[], string>>
        {
            ["a line each"] = e => string.Join('\n', e.Select(x => JsonSerializer.Serialize(x))),
            ["a line each, CRLF, blank lines, byte order mark"] = e => "\uFEFF" + string.Join("\r\n\r\n", e.Select(x => JsonSerializer.Serialize(x))) + "\r\n",
            ["indented, one after the other"] = e => string.Join('\n', e.Select(x => JsonSerializer.Serialize(x, Indented))),
            ["array on one line"] = e => JsonSerializer.Serialize(e),
            ["indented array"] = e => JsonSerializer.Serialize(e, Indented),
            ["array, an element a line"] = e => "[\n" + string.Join(",\n", e.Select(x => JsonSerializer.Serialize(x))) + "\n]\n",
            ["indented without indentation"] = e => JsonSerializer.Serialize(e, Indented).Replace("  ", "", StringComparison.Ordinal),
        };
        foreach (var (form, write) in forms)
        {
            var text = write(Events(5));
            Assert.Equal($"{form}: 5 charged, 0 duplicates, 0 B legs, 0 unrated, 0 refused", $"{form}: {Counts(await IngestAsync(text))}");
            Assert.Equal($"{form}: 0 charged, 5 duplicates, 0 B legs, 0 unrated, 0 refused", $"{form}: {Counts(await IngestAsync(text))}");
        }
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Damaged_events_are_told_and_spoil_no_others()
    {
        var lines = Events(4).Select(e => JsonSerializer.Serialize(e)).ToArray();
        var summary = await IngestAsync($"{lines[0]}\nnot json\n[1,2]\n{lines[1][..40]}\n{lines[2]}\n{{\"specversion\":\"1.0\"}}\n{lines[3][..^30]}");
        Assert.Equal("2 charged, 0 duplicates, 0 B legs, 0 unrated, 5 refused", Counts(summary));
        Assert.Equal([2, 3, 4, 6, 7], summary.Problems.Select(p => p.Record));
        Assert.All(summary.Problems, p => Assert.True(p.File == "file" && p.Title.Length > 0, p.ToString()));
    }

    [Fact]
    public async Task Call_records_in_JSON_and_XML_are_charged_once_in_any_form()
    {
        foreach (var type in new[] { "json", "xml" })
        {
            // A legs of ACME-1 under new names; the bodies that were posted raw.
            string[] Bodies() => [.. CapturedCdr.All.Where(c => c.Account == "ACME-1" && c.ALegUuid is null && c.Body[0] == (type == "json" ? '{' : '<'))
                .DistinctBy(c => c.Uuid).Select(c => Encoding.UTF8.GetString(c.Body).Replace(c.Uuid, NewId(), StringComparison.Ordinal))];
            var forms = new Dictionary<string, Func<string[], string>>
            {
                ["one after the other"] = b => string.Concat(b),
                ["a line between"] = b => string.Join('\n', b) + "\n",
            };
            if (type == "json")
            {
                forms["array"] = b => $"[{string.Join(',', b)}]";
                forms["indented"] = b => string.Join('\n', b.Select(x => JsonSerializer.Serialize(JsonElement.Parse(x), Indented)));
                forms["indented array"] = b => JsonSerializer.Serialize(b.Select(x => JsonElement.Parse(x)), Indented);
            }
            foreach (var (form, write) in forms)
            {
                var bodies = Bodies();
                Assert.NotEmpty(bodies);
                var text = write(bodies);
                Assert.Equal($"{type}, {form}: {bodies.Length} charged, 0 duplicates, 0 B legs, 0 unrated, 0 refused", $"{type}, {form}: {Counts(await IngestAsync(text))}");
                Assert.Equal($"{type}, {form}: 0 charged, {bodies.Length} duplicates, 0 B legs, 0 unrated, 0 refused", $"{type}, {form}: {Counts(await IngestAsync(text))}");
            }
        }
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task The_master_file_of_mod_cdr_csv_is_charged_once_and_its_B_legs_never()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Voice", "Data", "Master.csv");
        // The legs that a webhook has told of, and those that a line of the file itself names.
        foreach (var leg in CapturedCdr.All.Where(c => c.ALegUuid is not null))
            Assert.Equal("0 charged, 0 duplicates, 1 B legs, 0 unrated, 0 refused", Counts(await IngestAsync(leg.Body)));
        var rows = (await File.ReadAllLinesAsync(path)).Select(l => l[1..^1].Split("\",\"")).ToList();
        var bLegs = rows.Select(r => r[11]).Concat(CapturedCdr.All.Where(c => c.ALegUuid is not null).Select(c => c.Uuid)).ToHashSet();
        var expected = rows.Where(r => !bLegs.Contains(r[10])).ToList();
        Assert.True(expected.Count is > 10 and < 40, $"{expected.Count}");

        var summary = await IngestAsync(await File.ReadAllBytesAsync(path), account: "ACC-10003");
        Assert.Equal($"{expected.Count} charged, 0 duplicates, {rows.Count - expected.Count} B legs, 0 unrated, 0 refused", Counts(summary));
        foreach (var row in expected)
            Assert.Equal(row[5].Length == 0 ? 0 : long.Parse(row[8], System.Globalization.CultureInfo.InvariantCulture) * 1000, await QuantityAsync(row[10]));
        Assert.Equal($"0 charged, {expected.Count} duplicates, {rows.Count - expected.Count} B legs, 0 unrated, 0 refused", Counts(await IngestAsync(await File.ReadAllBytesAsync(path), account: "ACC-10003")));

        // The same call by the webhook's body is the same call.
        var posted = CapturedCdr.All.First(c => c.Account == "ACME-1" && c.ALegUuid is null && expected.Exists(r => r[10] == c.Uuid));
        Assert.Equal("0 charged, 1 duplicates, 0 B legs, 0 unrated, 0 refused", Counts(await IngestAsync(posted.Body)));
        var other = Encoding.UTF8.GetString(posted.Body).Replace($"\"billusec\":\"{posted.TalkMs}", "\"billusec\":\"99", StringComparison.Ordinal);
        Assert.Equal(["event_id_conflict"], (await IngestAsync(other)).Problems.Select(p => p.Code));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_B_leg_before_or_behind_its_A_leg_in_a_CSV_file_is_not_charged()
    {
        var (a, b, c, d) = (NewId(), NewId(), NewId(), NewId());
        var summary = await IngestAsync(string.Join('\n', Line(b), Line(a, leg: b), Line(c, leg: d), Line(d)));
        Assert.Equal("2 charged, 0 duplicates, 2 B legs, 0 unrated, 0 refused", Counts(summary));
    }

    [Fact]
    public async Task Quotes_and_commas_within_a_value_of_a_CSV_file_are_part_of_it()
    {
        var summary = await IngestAsync(Line(NewId(), name: "Bob \"The, Builder\" O'Hara") + "\r\n" + Line(NewId(), name: "\"quoted\"") + "\r\n");
        Assert.Equal("2 charged, 0 duplicates, 0 B legs, 0 unrated, 0 refused", Counts(summary));
    }

    [Theory]
    [InlineData("\"a\",\"b\"")]
    [InlineData("\"")]
    [InlineData("\"\",\"1\",\"9196\",\"default\",\"21/11/2026 03:36\",\"\",\"\",\"0\",\"0\",\"X\",\"id\",\"\",\"ACME-1\",\"L16\",\"L16\"")]
    [InlineData("\"\",\"1\",\"9196\",\"default\",\"2026-11-21 03:36:11\",\"2026-11-21 03:36:11\",\"2026-11-21 03:36:14\",\"3\",\"-3\",\"X\",\"id\",\"\",\"ACME-1\",\"L16\",\"L16\"")]
    [InlineData("\"\",\"1\",\"9196\0\",\"default\",\"2026-11-21 03:36:11\",\"\",\"2026-11-21 03:36:14\",\"3\",\"3\",\"X\",\"id\",\"\",\"ACME-1\",\"L16\",\"L16\"")]
    public async Task A_line_that_is_no_call_is_refused_and_the_next_is_charged(string line)
    {
        var summary = await IngestAsync($"{line}\n{Line(NewId())}\n");
        Assert.Equal("1 charged, 0 duplicates, 0 B legs, 0 unrated, 1 refused", Counts(summary));
        Assert.Equal((1, "malformed_csv"), (summary.Problems[0].Record, summary.Problems[0].Code));
    }

    [Fact]
    public async Task Stamps_of_a_CSV_file_are_of_the_zone_that_is_named()
    {
        var id = NewId();
        await IngestAsync(Line(id), zone: "Asia/Kolkata");
        Assert.Equal(new DateTimeOffset(2026, 11, 20, 22, 6, 11, TimeSpan.Zero), (await FindAsync(id)).GetProperty("occurredAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task More_records_than_one_batch_are_charged_in_batches()
    {
        var text = JsonSerializer.Serialize(Events(4_500), Indented);
        Assert.Equal("4500 charged, 0 duplicates, 0 B legs, 0 unrated, 0 refused", Counts(await IngestAsync(text)));
    }

    static string Line(string uuid, string leg = "", string name = "") =>
        $"\"{name}\",\"0000000000\",\"9196\",\"default\",\"2026-11-21 03:36:11\",\"2026-11-21 03:36:11\",\"2026-11-21 03:36:14\",\"3\",\"3\",\"NORMAL_CLEARING\",\"{uuid}\",\"{leg}\",\"ACME-1\",\"L16\",\"L16\"";

    async Task<long> QuantityAsync(string uuid) => (await FindAsync(uuid)).GetProperty("quantity").GetInt64();

    async Task<JsonElement> FindAsync(string uuid)
    {
        var (_, list) = await app.GetAsync("/api/v1/cdrs?account=ACC-10003&limit=500&from=2026-11-20T00:00:00Z&to=2026-11-22T00:00:00Z");
        return list.GetProperty("items").EnumerateArray().Single(i => i.GetProperty("eventId").GetString() == uuid);
    }
}
