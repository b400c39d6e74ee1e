using System.Runtime.InteropServices;

namespace Balatrix.Modules.Printing;

/// <summary>Glyphs in the order in which they are drawn, with what they advance and how they are shifted, in font units.</summary>
/// <param name="Glyphs">Glyph numbers.</param>
/// <param name="Advances">How far the pen goes on.</param>
/// <param name="Across">Shift to the right.</param>
/// <param name="Up">Shift upwards.</param>
public sealed record ShapedGlyphs(ushort[] Glyphs, int[] Advances, int[] Across, int[] Up);

/// <summary>The shaping library of the machine (Debian's libharfbuzz0b), when there is one.</summary>
public static class HarfBuzz
{
    const string Library = "libharfbuzz.so.0";
    const int ReadOnlyMemory = 1;

    /// <summary>Whether it is installed.</summary>
    public static bool IsHere { get; } = NativeLibrary.TryLoad(Library, out _);

    /// <summary>A font of the library's own; kept as long as the program runs.</summary>
    public static nint Open(TrueTypeFont font)
    {
        var pin = GCHandle.Alloc(font.File, GCHandleType.Pinned);
        var blob = hb_blob_create(pin.AddrOfPinnedObject(), (uint)font.File.Length, ReadOnlyMemory, 0, 0);
        var opened = hb_font_create(hb_face_create(blob, 0));
        hb_font_make_immutable(opened);
        return opened;
    }

    /// <summary>Shapes text of one script.</summary>
    public static ShapedGlyphs Shape(nint font, string text)
    {
        var buffer = hb_buffer_create();
        try
        {
            hb_buffer_add_utf16(buffer, text, text.Length, 0, text.Length);
            hb_buffer_guess_segment_properties(buffer);
            hb_shape(font, buffer, 0, 0);
            // Each glyph is five 32-bit numbers in both lists.
            var infos = hb_buffer_get_glyph_infos(buffer, out var count);
            var info = new int[count * 5];
            var position = new int[count * 5];
            if (count > 0)
            {
                Marshal.Copy(infos, info, 0, info.Length);
                Marshal.Copy(hb_buffer_get_glyph_positions(buffer, out _), position, 0, position.Length);
            }
            var shaped = new ShapedGlyphs(new ushort[count], new int[count], new int[count], new int[count]);
            for (var i = 0; i < count; i++)
            {
                shaped.Glyphs[i] = (ushort)info[i * 5];
                (shaped.Advances[i], shaped.Across[i], shaped.Up[i]) = (position[i * 5], position[(i * 5) + 2], position[(i * 5) + 3]);
            }
            return shaped;
        }
        finally
        {
            hb_buffer_destroy(buffer);
        }
    }

#pragma warning disable IDE1006, SYSLIB1054 // The library's own names; generated marshalling would need unsafe code.
    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern nint hb_blob_create(nint data, uint length, int mode, nint userData, nint destroy);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern nint hb_face_create(nint blob, uint index);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern nint hb_font_create(nint face);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern void hb_font_make_immutable(nint font);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern nint hb_buffer_create();

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern void hb_buffer_destroy(nint buffer);

    [DllImport(Library, CharSet = CharSet.Unicode), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern void hb_buffer_add_utf16(nint buffer, string text, int textLength, uint itemOffset, int itemLength);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern void hb_buffer_guess_segment_properties(nint buffer);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern void hb_shape(nint font, nint buffer, nint features, uint count);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern nint hb_buffer_get_glyph_infos(nint buffer, out uint length);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern nint hb_buffer_get_glyph_positions(nint buffer, out uint length);
#pragma warning restore IDE1006, SYSLIB1054
}
