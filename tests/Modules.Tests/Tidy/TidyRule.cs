using System.Text.RegularExpressions;

namespace Balatrix.Modules.Tests.Tidy;

/// <summary>A rule of the house style: what breaks it, and what to do instead.</summary>
public sealed record TidyRule(string Name, string Cure, Func<SourceFile, IEnumerable<int>> Broken)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    const int LongestFile = 400;

    public static IReadOnlyList<TidyRule> All { get; } =
    [
        new("Unfinished work", "Finish it, or open an issue and take the note out.",
            file => file.Lines.Where(l => Matches(l.Line, @"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException")).Select(l => l.Number)),

        new("Clock", "Take a TimeProvider and call GetUtcNow(), so that test clocks hold.",
            file => file.IsIn("src") && !file.IsIn("src/Modules/Platform") ? InCode(file, @"\bDateTime(Offset)?\.(Utc)?Now\b|\bDateTime\.Today\b") : []),

        new("Pure core", "Core takes values and returns values: make ids, chance, time and input in the module that calls it.",
            file => file.IsIn("src/Core") ? InCode(file, @"\bGuid\.(NewGuid|CreateVersion7)\b|\bRandom(NumberGenerator)?\b|\bTimeProvider\b|\b(File|Console|Environment)\.|\bHttpClient\b|\bNpgsql") : []),

        new("Floating point in Core", "Count in long micro-units and whole milliseconds; multiply before dividing.",
            file => file.IsIn("src/Core") ? InCode(file, @"\b(double|float)\b") : []),

        new("Floating-point money", "Hold amounts as long …Micros and show them by Money.Format.",
            file => file.IsIn("src") ? InCode(file, $@"\b(double|float)\??\s+\w*({MoneyWords})\w*|\((double|float)\)\s*\w*({MoneyWords})", RegexOptions.IgnoreCase) : []),

        new("Decimal money", "Use long …Micros; only Money reads and writes decimals.",
            file => file.IsIn("src") && file.Path != "src/Core/Money.cs" ? InCode(file, $@"\bdecimal\??\s+\w*({MoneyWords})\w*|\(decimal\)\s*\w*({MoneyWords})", RegexOptions.IgnoreCase) : []),

        new("Long file", $"No file over {LongestFile} lines: take out what has a name of its own.",
            file => file.Lines.Count() - 1 > LongestFile ? [LongestFile + 1] : []),

        new("Swallowed exception", "Catch the types that you answer, and answer them; or say in a sentence why nothing need be done.",
            file => SwallowedAt(file.Text)),

        new("Folder of leftovers", "Name the folder after what its files are about.",
            file => Matches(file.Path, "/(Services|Helpers|Utils|Models|Managers|Common)/") ? [1] : []),
    ];

    const string MoneyWords = "amount|micros|balance|price|fee|cost|credit|debit|charge|wallet";

    public IEnumerable<string> Findings(IEnumerable<SourceFile> files) =>
        files.SelectMany(file => Broken(file).Select(line => $"{file.Path}:{line}: {Name}. {Cure}"));

    static IEnumerable<int> InCode(SourceFile file, string pattern, RegexOptions options = RegexOptions.None) =>
        file.Code.Where(l => Matches(l.Line, pattern, options)).Select(l => l.Number);

    static IEnumerable<int> SwallowedAt(string text) =>
        Regex.Matches(text, @"catch\s*(\([^)]*\)\s*)?(when\s*\([^{]*\)\s*)?\{\s*\}", RegexOptions.ExplicitCapture, Patience).Select(m => text.AsSpan(0, m.Index).Count('\n') + 1);

    static bool Matches(string text, string pattern, RegexOptions options = RegexOptions.None) => Regex.IsMatch(text, pattern, options | RegexOptions.ExplicitCapture, Patience);
}
