using System.Collections.Concurrent;

namespace Balatrix.Modules.Printing;

/// <summary>The fonts of the machine, and which of them sets a character. One serves all documents.</summary>
public sealed class FontLibrary
{
    static readonly string[] Main = ["NotoSans", "DejaVuSans", "LiberationSans"];
    static readonly string[] Rest = ["NotoSansSymbols", "NotoSansSymbols2", "DejaVuSans", "DroidSansFallbackFull", "FreeSans"];

    static readonly (int From, int To, string Family)[] Scripts =
    [
        (0x0530, 0x058F, "NotoSansArmenian"), (0x0590, 0x05FF, "NotoSansHebrew"), (0x0600, 0x08FF, "NotoSansArabic"), (0x0900, 0x097F, "NotoSansDevanagari"),
        (0x0980, 0x09FF, "NotoSansBengali"), (0x0A00, 0x0A7F, "NotoSansGurmukhi"), (0x0A80, 0x0AFF, "NotoSansGujarati"), (0x0B00, 0x0B7F, "NotoSansOriya"),
        (0x0B80, 0x0BFF, "NotoSansTamil"), (0x0C00, 0x0C7F, "NotoSansTelugu"), (0x0C80, 0x0CFF, "NotoSansKannada"), (0x0D00, 0x0D7F, "NotoSansMalayalam"),
        (0x0D80, 0x0DFF, "NotoSansSinhala"), (0x0E00, 0x0E7F, "NotoSansThai"), (0x10A0, 0x10FF, "NotoSansGeorgian"), (0x1C50, 0x1C7F, "NotoSansOlChiki"),
        (0xA8E0, 0xA8FF, "NotoSansDevanagari"), (0xABC0, 0xABFF, "NotoSansMeeteiMayek"), (0xFB1D, 0xFB4F, "NotoSansHebrew"), (0xFB50, 0xFEFF, "NotoSansArabic"),
    ];

    readonly Lazy<Dictionary<string, string>> files;
    readonly ConcurrentDictionary<string, FontFace?> faces = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<(int CodePoint, bool IsBold), FontFace> found = new();

    /// <summary>A library of all fonts in some folders.</summary>
    public FontLibrary(params string[] folders) => files = new(() => Scan(folders));

    /// <summary>The fonts installed on this machine.</summary>
    public static FontLibrary Machine { get; } = new("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/texmf/fonts/truetype");

    /// <summary>Whether any font was found that running text can be set in.</summary>
    public bool IsUsable => MainFamily is not null;

    /// <summary>What is missing for a print to be as it should, in words for the operator; null when nothing is.</summary>
    public string? Shortage => !IsUsable ? "No font was found: install fonts-noto-core or fonts-dejavu-core."
        : MainFamily != Main[0] ? "fonts-noto-core is not installed: Indian scripts print as boxes."
        : HarfBuzz.IsHere ? null : "libharfbuzz0b is not installed: Indian scripts print without joined letters.";

    string? MainFamily => Main.FirstOrDefault(family => Open(family, false) is not null) ?? files.Value.Keys.Order(StringComparer.Ordinal).FirstOrDefault(name => OpenFile(name) is not null);

    /// <summary>The font of the running text.</summary>
    /// <exception cref="InvalidOperationException">The machine has no font.</exception>
    public FontFace MainFace(bool isBold) => found.GetOrAdd((-1, isBold), _ =>
        MainFamily is { } family ? Open(family, isBold) ?? OpenFile(family)! : throw new InvalidOperationException(Shortage));

    /// <summary>The font that sets a character: the main one when it can; a box of the main one when no font can.</summary>
    public FontFace Find(int codePoint, bool isBold)
    {
        var main = MainFace(isBold);
        return main.Font.Glyph(codePoint) != 0 ? main : found.GetOrAdd((codePoint, isBold), key => Search(key.CodePoint, key.IsBold) ?? main);
    }

    FontFace? Search(int codePoint, bool isBold)
    {
        var families = Scripts.Where(s => codePoint >= s.From && codePoint <= s.To).Select(s => s.Family).Concat(Rest);
        return families.Select(family => Open(family, isBold)).FirstOrDefault(face => face is not null && face.Font.Glyph(codePoint) != 0);
    }

    FontFace? Open(string family, bool isBold)
    {
        string[] names = isBold ? [$"{family}-Bold", $"{family}-Regular", family] : [$"{family}-Regular", family];
        return names.Select(OpenFile).FirstOrDefault(face => face is not null);
    }

    FontFace? OpenFile(string name) => faces.GetOrAdd(name, key =>
        files.Value.TryGetValue(key, out var path) && TrueTypeFont.TryRead(path) is { } font
            ? new FontFace(font, Array.Exists(Main, family => key == family || key == $"{family}-Regular" || key == $"{family}-Bold"))
            : null);

    // Where a name is found twice, the first path in order is taken, so that every start takes the same.
    static Dictionary<string, string> Scan(string[] folders)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true };
        return folders.Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.ttf", options).Order(StringComparer.Ordinal))
            .DistinctBy(Path.GetFileNameWithoutExtension, StringComparer.Ordinal)
            .ToDictionary(path => Path.GetFileNameWithoutExtension(path), StringComparer.Ordinal);
    }
}
