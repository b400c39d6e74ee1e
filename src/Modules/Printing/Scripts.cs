using System.Globalization;
using System.Text;

namespace Balatrix.Modules.Printing;

/// <summary>What setting text must know of characters.</summary>
internal static class Scripts
{
    /// <summary>Joins or parts its neighbours and is not seen itself.</summary>
    public static bool IsJoiner(int c) => c is 0x200C or 0x200D;

    /// <summary>Belongs to its neighbours' script: blanks, and the full stops that the scripts of India share.</summary>
    public static bool IsCommon(Rune rune) => rune.Value is ' ' or 0xA0 or 0x0964 or 0x0965;

    /// <summary>A mark on the character before.</summary>
    public static bool IsMark(Rune rune) => rune.Value > 0x2FF && Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>Needs shaping.</summary>
    public static bool IsComplex(int c) => c is >= 0x0300 and <= 0x036F or >= 0x0590 and <= 0x0EFF or >= 0x0F00 and <= 0x109F or >= 0x1780 and <= 0x17FF
        or >= 0x1C50 and <= 0x1C7F or >= 0xA8E0 and <= 0xA8FF or >= 0xABC0 and <= 0xABFF or >= 0xFB1D and <= 0xFDFF or >= 0xFE70 and <= 0xFEFE;

    /// <summary>Is read from the right.</summary>
    public static bool IsRightToLeft(int c) => c is >= 0x0590 and <= 0x08FF or >= 0xFB1D and <= 0xFDFF or >= 0xFE70 and <= 0xFEFE;

    /// <summary>Is not printed: controls, marks of direction, variation selectors, tags, what is no character.</summary>
    public static bool IsInvisible(Rune rune) => !IsJoiner(rune.Value)
        && (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            || rune.Value is (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF));
}
