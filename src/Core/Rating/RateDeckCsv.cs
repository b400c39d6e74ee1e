using System.Globalization;

namespace Balatrix.Core.Rating;

/// <summary>One fault of a rate deck file.</summary>
/// <param name="Line">Line in the file, the header being 1.</param>
/// <param name="Column">Name of the column, or empty when the line as a whole is at fault.</param>
/// <param name="Value">What stood there.</param>
/// <param name="Expected">What was expected.</param>
public sealed record RateDeckError(int Line, string Column, string Value, string Expected);

/// <summary>A rate deck file, read: its rates, or its faults.</summary>
/// <param name="Rates">In file order; meaningful only without errors.</param>
/// <param name="Errors">The first faults.</param>
/// <param name="ErrorCount">How many there are in all.</param>
public sealed record RateDeckFile(List<Rate> Rates, List<RateDeckError> Errors, int ErrorCount)
{
    internal List<int> Lines { get; } = [];
}

/// <summary>Reads and writes decks as CSV: UTF-8, comma, RFC 4180 quotes, a header; columns in any order, unknown ones refused, empty fields meaning the default.</summary>
public static class RateDeckCsv
{
    /// <summary>Faults that are listed; more are only counted.</summary>
    public const int ListedErrors = 100;

    const long LargestMicros = 10_000_000L * Money.MicrosPerUnit;

    static readonly string[] Common =
    [
        "description", "connect_fee", "from_second", "rate", "rate_unit_seconds", "minimum_seconds", "increment_seconds", "free_seconds",
        "days", "from_time", "to_time", "max_charge", "rounding", "decimals", "valid_from", "valid_to",
    ];

    /// <summary>Reads a whole file; every fault is reported with its line.</summary>
    public static RateDeckFile Read(TextReader reader, DeckKind kind)
    {
        var file = new RateDeckFile([], [], 0);
        var lines = new CsvReader(reader);
        if (!lines.Read())
            return Fault(file, 1, "", "", "a header line with the names of the columns");
        var columns = lines.Fields.Select(f => f.Trim('\uFEFF', ' ')).ToArray();
        string[] keys = kind switch { DeckKind.Voice => ["prefix"], DeckKind.Sms => ["mcc", "mnc"], _ => ["channel"] };
        foreach (var name in columns.Where(c => !keys.Contains(c, StringComparer.Ordinal) && !Common.Contains(c, StringComparer.Ordinal)))
            file = Fault(file, 1, name, name, $"one of {string.Join(", ", keys.Concat(Common))}");
        foreach (var name in columns.GroupBy(c => c, StringComparer.Ordinal).Where(g => g.Count() > 1))
            file = Fault(file, 1, name.Key, name.Key, "each column once");
        foreach (var name in keys.Append("rate").Where(k => !columns.Contains(k, StringComparer.Ordinal)))
            file = Fault(file, 1, name, "", "this column, which is required");
        if (file.ErrorCount > 0)
            return file;
        while (lines.Read())
        {
            if (lines.IsUnclosed)
                return Fault(file, lines.Line, "", "", "a closing quote");
            if (lines.Fields is [""])
                continue;
            if (lines.Fields.Count != columns.Length)
            {
                file = Fault(file, lines.Line, "", $"{lines.Fields.Count} fields", $"{columns.Length} fields as in the header");
                continue;
            }
            if (lines.HasStrayText)
                file = Fault(file, lines.Line, "", "", "nothing between a closing quote and the next comma");
            var row = new RateRow(lines.Line, columns, lines.Fields);
            var rate = Parse(row, kind);
            foreach (var error in row.Errors)
                file = Fault(file, error.Line, error.Column, error.Value, error.Expected);
            file.Rates.Add(rate);
            file.Lines.Add(lines.Line);
        }
        if (file.ErrorCount == 0)
            foreach (var error in RateDeckChecks.Check(file.Rates, file.Lines))
                file = Fault(file, error.Line, error.Column, error.Value, error.Expected);
        return file;
    }

    /// <summary>Writes a deck so that reading it gives the same rates.</summary>
    public static void Write(TextWriter writer, DeckKind kind, IEnumerable<Rate> rates)
    {
        var keys = kind switch { DeckKind.Voice => "prefix", DeckKind.Sms => "mcc,mnc", _ => "channel" };
        writer.Write($"{keys},{string.Join(',', Common)}\n");
        foreach (var r in rates)
        {
            var key = kind == DeckKind.Sms ? (r.Prefix == "*" ? "*,*" : r.Prefix.Replace('-', ',')) : Quote(r.Prefix);
            writer.Write(string.Create(CultureInfo.InvariantCulture, $"{key},{Quote(r.Description)},{Money.Format(r.ConnectFeeMicros)},{r.FromSecond},{Money.Format(r.RateMicros)},{r.RateUnitSeconds},{(r.MinimumSeconds == 0 ? "" : r.MinimumSeconds)},{r.IncrementSeconds},{r.FreeSeconds},"));
            writer.Write($"{Quote(Names.Of(r.Days))},{Clock(r.FromTime)},{Clock(r.ToTime)},{(r.MaxChargeMicros is { } cap ? Money.Format(cap) : "")},{Names.Of(r.Rounding)},{r.Decimals},{Instant(r.ValidFrom)},{Instant(r.ValidTo)}\n");
        }
    }

    static Rate Parse(RateRow row, DeckKind kind) => new()
    {
        Prefix = kind switch
        {
            DeckKind.Voice => row.Prefix(),
            DeckKind.Sms => row.Network(),
            _ => row.Channel(),
        },
        Description = row.Text("description", 100),
        ConnectFeeMicros = row.Micros("connect_fee", 0, LargestMicros) ?? 0,
        FromSecond = row.Whole("from_second", 0, 0, 86_400),
        RateMicros = row.RequiredMicros("rate", LargestMicros),
        RateUnitSeconds = row.Whole("rate_unit_seconds", 60, 1, 86_400),
        MinimumSeconds = row.Whole("minimum_seconds", 0, 0, 86_400),
        IncrementSeconds = row.Whole("increment_seconds", 60, 1, 86_400),
        FreeSeconds = row.Whole("free_seconds", 0, 0, 86_400),
        Days = row.Days("days"),
        FromTime = row.FromTime(),
        ToTime = row.ToTime(),
        MaxChargeMicros = row.Micros("max_charge", null, LargestMicros),
        Rounding = row.Rounding("rounding"),
        Decimals = row.Whole("decimals", 4, 0, 6),
        ValidFrom = row.Instant("valid_from"),
        ValidTo = row.Validity("valid_to"),
    };

    static RateDeckFile Fault(RateDeckFile file, int line, string column, string value, string expected)
    {
        if (file.Errors.Count < ListedErrors)
            file.Errors.Add(new(line, column, value.Length > 60 ? value[..60] : value, expected));
        return file with { ErrorCount = file.ErrorCount + 1 };
    }

    static string Quote(string value) =>
        value.AsSpan().IndexOfAny(",\"\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A time of day as the file has it.</summary>
    internal static string Clock(int second) =>
        string.Create(CultureInfo.InvariantCulture, $"{second / 3600:00}:{second / 60 % 60:00}");

    static string Instant(DateTimeOffset? at) => at?.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture) ?? "";
}
