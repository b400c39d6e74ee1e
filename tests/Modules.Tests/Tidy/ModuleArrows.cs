using System.Text;
using System.Text.RegularExpressions;

namespace Balatrix.Modules.Tests.Tidy;

/// <summary>Which module uses which, as the sources have it and as ModuleMap allows it.</summary>
public static partial class ModuleArrows
{
    const string Begin = "<!-- module map: written from src/Modules/ModuleMap.cs, see ModuleArrowsTests -->";
    const string End = "<!-- end of module map -->";

    /// <summary>Arrows that the map does not allow.</summary>
    public static IEnumerable<string> Forbidden(IEnumerable<SourceFile> files, IReadOnlyDictionary<string, string[]> uses) =>
        from file in files
        let module = ModuleOf(file.Path)
        where module is not null
        from other in Used(file)
        where other != module && !(uses.TryGetValue(module, out var allowed) && allowed.Contains(other))
        select $"{file.Path}: {module} may not use {other}. Call it the other way round, or add the arrow to src/Modules/ModuleMap.cs and defend it in review.";

    /// <summary>Arrows of the map that no source needs.</summary>
    public static IEnumerable<string> Unused(IReadOnlyCollection<SourceFile> files, IReadOnlyDictionary<string, string[]> uses) =>
        from module in uses
        from other in module.Value
        where !files.Any(file => ModuleOf(file.Path) == module.Key && Used(file).Contains(other))
        select $"Nothing in {module.Key} uses {other}: take the arrow out of src/Modules/ModuleMap.cs.";

    /// <summary>The text with the map drawn between its marks.</summary>
    public static string Draw(string text, IReadOnlyDictionary<string, string[]> uses)
    {
        var map = new StringBuilder().AppendLine(Begin).AppendLine("| module | may use |").AppendLine("|---|---|");
        foreach (var (module, others) in uses.OrderBy(u => u.Key, StringComparer.Ordinal))
            map.AppendLine($"| {module} | {string.Join(", ", others.Order(StringComparer.Ordinal))} |".Replace("|  |", "| |", StringComparison.Ordinal));
        map.Append(End);
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        return from < 0 || to < from ? $"{text.TrimEnd()}\n\n{map}\n" : text[..from] + map + text[(to + End.Length)..];
    }

    static IEnumerable<string> Used(SourceFile file) => Reference().Matches(file.Text).Select(m => m.Groups["module"].Value).Distinct(StringComparer.Ordinal);

    static string? ModuleOf(string path) => path.Split('/') is ["src", "Modules", var module, _, ..] ? module : null;

    [GeneratedRegex(@"(?<!namespace )Balatrix\.Modules\.(?<module>[A-Z]\w*)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Reference();
}
