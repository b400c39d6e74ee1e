using System.Globalization;

namespace Balatrix.Modules.Printing;

/// <summary>A colour.</summary>
public readonly record struct Ink(byte Red, byte Green, byte Blue)
{
    /// <summary>Text.</summary>
    public static Ink Black { get; } = new(0x1A, 0x1D, 0x23);

    /// <summary>Lesser text.</summary>
    public static Ink Grey { get; } = new(0x5F, 0x66, 0x73);

    /// <summary>Rules of tables.</summary>
    public static Ink Line { get; } = new(0xD5, 0xD9, 0xE0);

    /// <summary>Paper.</summary>
    public static Ink White { get; } = new(0xFF, 0xFF, 0xFF);

    /// <summary>Reads "#0B5FFF"; anything else is the other colour.</summary>
    public static Ink Parse(string? text, Ink other) =>
        text is ['#', .. { Length: 6 } digits] && int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var rgb)
            ? new((byte)(rgb >> 16), (byte)(rgb >> 8), (byte)rgb)
            : other;

    /// <summary>The colour thinned with white: 0 is white, 100 the colour itself.</summary>
    public Ink Tint(int percent) => new(Thin(Red, percent), Thin(Green, percent), Thin(Blue, percent));

    /// <summary>Dark enough for white text on it and for text on white: darkened until it is.</summary>
    public Ink Readable()
    {
        var ink = this;
        while ((ink.Red * 299) + (ink.Green * 587) + (ink.Blue * 114) > 145_000)
            ink = new((byte)(ink.Red * 9 / 10), (byte)(ink.Green * 9 / 10), (byte)(ink.Blue * 9 / 10));
        return ink;
    }

    static byte Thin(byte part, int percent) => (byte)(255 - ((255 - part) * percent / 100));
}
