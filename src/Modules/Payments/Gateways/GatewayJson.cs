using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>Reads what gateways write: fields that are missing, null, empty, or of another type than yesterday are null, never an exception.</summary>
static class GatewayJson
{
    /// <summary>A text that says something.</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.Child(name) is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>A whole number.</summary>
    public static long? Whole(this JsonElement element, string name) => element.Child(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;

    /// <summary>Whether it is true.</summary>
    public static bool Is(this JsonElement element, string name) => element.Child(name)?.ValueKind == JsonValueKind.True;

    /// <summary>Seconds since 1970.</summary>
    public static DateTimeOffset? Instant(this JsonElement element, string name) =>
        element.Whole(name) is >= 0 and < 253_402_300_800 and var seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    /// <summary>An amount in minor units with the currency beside it.</summary>
    public static Money? Amount(this JsonElement element, string name, string? currency) =>
        element.Whole(name) is { } minor && currency is not null && MinorUnits.TryToMoney(minor, currency, out var amount) ? amount : null;

    /// <summary>A field that is there and not null.</summary>
    public static JsonElement? Child(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    /// <summary>An object below; null when it is a list, a text or an id instead.</summary>
    public static JsonElement? Object(this JsonElement element, string name) => element.Child(name) is { ValueKind: JsonValueKind.Object } value ? value : null;

    /// <summary>The items of a list; none when it is not one.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) => element.Child(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];

    /// <summary>An id, or the id of the object that stands in its place.</summary>
    public static string? Id(this JsonElement element, string name) => element.Text(name) ?? element.Object(name)?.Text("id");

    /// <summary>All of a list, or null when one of them cannot be read: then the whole is not known.</summary>
    public static IReadOnlyList<T>? All<T>(this IEnumerable<JsonElement> items, Func<JsonElement, T?> read)
        where T : class
    {
        var list = new List<T>();
        foreach (var item in items)
        {
            if (read(item) is not { } value)
                return null;
            list.Add(value);
        }
        return list;
    }
}
