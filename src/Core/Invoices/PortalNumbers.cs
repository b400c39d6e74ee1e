using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Balatrix.Core.Invoices;

/// <summary>Micro-units as JSON numbers of rupees (118.00), as the portals of GST take them.</summary>
sealed class RupeesConverter : JsonConverter<long>
{
    /// <inheritdoc/>
    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Money.TryParse(reader.GetDecimal().ToString("0.######", CultureInfo.InvariantCulture), out var micros) ? micros : throw new JsonException("Not an amount.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) => writer.WriteRawValue(Money.Format(value), skipInputValidation: true);
}

/// <summary>Basis points as JSON numbers of per cent (18, 0.25).</summary>
sealed class PercentConverter : JsonConverter<int>
{
    /// <inheritdoc/>
    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => (int)(reader.GetDecimal() * 100);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteNumberValue(value / 100m);
}

/// <summary>How JSON for the portals of GST is written: names as they are, nothing for what is absent.</summary>
public static class PortalJson
{
    /// <summary>The options.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
