using System.Text.RegularExpressions;

namespace Balatrix.Modules.Tests.Tidy;

/// <summary>A file of the repository, by its path from the root.</summary>
public sealed record SourceFile(string Path, string Text)
{
    static readonly string[] Folders = ["src", "tests", "benchmarks"];

    public static string Root { get; } = FindRoot();

    public IEnumerable<(int Number, string Line)> Lines => Text.Split('\n').Select((line, i) => (i + 1, line.TrimEnd('\r')));

    /// <summary>The lines less their comments and texts, for rules about code.</summary>
    public IEnumerable<(int Number, string Line)> Code => Lines.Select(l => (l.Number, Regex.Replace(l.Line, """//.*$|"(\\.|[^"\\])*"|'(\\.|[^'\\])'""", "", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))));

    public bool IsIn(params string[] folders) => folders.Any(folder => Path.StartsWith(folder + "/", StringComparison.Ordinal));

    /// <summary>All C# of the repository but the rules themselves, which name what they forbid.</summary>
    public static IReadOnlyList<SourceFile> All { get; } =
    [
        .. Folders.Select(folder => System.IO.Path.Combine(Root, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Select(file => System.IO.Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal) && !path.StartsWith("tests/Modules.Tests/Tidy/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(path => new SourceFile(path, File.ReadAllText(System.IO.Path.Combine(Root, path)))),
    ];

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Balatrix.slnx")))
                return folder.FullName;
        throw new InvalidOperationException($"No Balatrix.slnx above {AppContext.BaseDirectory}: the tests read the sources, so run them in a clone.");
    }
}
