using Balatrix.Core.Rating;

namespace Balatrix.Core.Voice.Numbers;

/// <summary>A number of an import.</summary>
/// <param name="Line">Line of the file, the header being 1.</param>
/// <param name="Digits">E.164 without the plus.</param>
/// <param name="Kind">As the file says, or as the digits tell.</param>
/// <param name="Region">Where it is of; may be empty.</param>
/// <param name="Label">What staff call it; may be empty.</param>
public sealed record ImportedNumber(int Line, string Digits, NumberKind Kind, string Region, string Label);

/// <summary>One fault of a file.</summary>
/// <param name="Line">Line in the file, the header being 1.</param>
/// <param name="Column">Name of the column, or empty when the line as a whole is at fault.</param>
/// <param name="Value">What stood there.</param>
/// <param name="Expected">What was expected.</param>
public sealed record NumberFault(int Line, string Column, string Value, string Expected);

/// <summary>An inventory as CSV: UTF-8, comma, RFC 4180 quotes, a header; columns in any order, unknown ones refused, empty fields meaning the default.</summary>
public static class NumberCsv
{
    /// <summary>The longest region and label.</summary>
    public const int LongestText = 100;

    static readonly string[] Known = ["number", "type", "region", "label"];

    /// <summary>Reads a whole file; every fault is reported with its line.</summary>
    public static (List<ImportedNumber> Numbers, List<NumberFault> Faults) Read(TextReader reader)
    {
        var (numbers, faults) = (new List<ImportedNumber>(), new List<NumberFault>());
        var lines = new CsvReader(reader);
        string[] columns = lines.Read() ? [.. lines.Fields.Select(f => f.Trim('\uFEFF', ' '))] : [];
        CheckHeader(columns, faults);
        if (faults.Count > 0)
            return (numbers, faults);
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        while (lines.Read())
        {
            if (lines.Fields is [""])
                continue;
            if (lines.IsUnclosed || lines.HasStrayText || lines.Fields.Count != columns.Length)
            {
                faults.Add(new(lines.Line, "", Shown(string.Join(',', lines.Fields)), lines.IsUnclosed ? "a closing quote" : $"{columns.Length} fields as in the header"));
                continue;
            }
            if (Parse(lines.Line, columns, lines.Fields, faults) is not { } number)
                continue;
            if (seen.TryAdd(number.Digits, number.Line))
                numbers.Add(number);
            else
                faults.Add(new(number.Line, "number", number.Digits, $"each number once; line {seen[number.Digits]} has it too"));
        }
        return (numbers, faults);
    }

    static void CheckHeader(string[] columns, List<NumberFault> faults)
    {
        foreach (var name in columns.Where(c => !Known.Contains(c, StringComparer.Ordinal)))
            faults.Add(new(1, Shown(name), Shown(name), $"one of {string.Join(", ", Known)}"));
        foreach (var name in columns.GroupBy(c => c, StringComparer.Ordinal).Where(g => g.Count() > 1))
            faults.Add(new(1, Shown(name.Key), Shown(name.Key), "each column once"));
        if (!columns.Contains("number", StringComparer.Ordinal))
            faults.Add(new(1, "number", "", "this column, which is required"));
    }

    static ImportedNumber? Parse(int line, string[] columns, List<string> fields, List<NumberFault> faults)
    {
        var before = faults.Count;
        var digits = NumberKinds.Digits(Field("number"));
        if (digits is null)
            faults.Add(new(line, "number", Shown(Field("number")), "an E.164 number of 7 to 15 digits"));
        var type = Field("type");
        var kind = type.Length == 0 ? NumberKinds.Of(digits ?? "") : NumberKinds.Parse(type);
        if (kind is null)
            faults.Add(new(line, "type", Shown(type), NumberKinds.Expected));
        foreach (var column in new[] { "region", "label" })
            if (!IsText(Field(column)))
                faults.Add(new(line, column, Shown(Field(column)), $"at most {LongestText} characters"));
        return faults.Count > before ? null : new(line, digits!, kind!.Value, Field("region"), Field("label"));

        string Field(string column) => Array.IndexOf(columns, column) is >= 0 and var at ? fields[at].Trim() : "";
    }

    /// <summary>Whether a region or label may be so.</summary>
    public static bool IsText(string text) => text.Length <= LongestText && !text.Contains('\0', StringComparison.Ordinal);

    static string Shown(string value) => value.Length > 60 ? value[..60] : value;
}
