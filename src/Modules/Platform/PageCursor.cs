using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Balatrix.Modules.Platform;

/// <summary>Where a page ended, in a form that clients hand back without reading it.</summary>
public static class PageCursor
{
    /// <summary>The opaque form of the last row's keys.</summary>
    public static string Make(params string[] keys) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(keys));

    /// <summary>The keys, or null for what is no cursor.</summary>
    public static string[]? Parse(string cursor)
    {
        if (cursor.Length > 2000 || !Base64Url.IsValid(cursor))
            return null;
        try
        {
            var keys = JsonSerializer.Deserialize<string?[]>(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)));
            return keys is null || Array.Exists(keys, k => k?.Contains('\0', StringComparison.Ordinal) ?? true) ? null : Array.ConvertAll(keys, k => k!);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
