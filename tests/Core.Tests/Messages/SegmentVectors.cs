using System.Text.Json;
using Balatrix.Core.Messages;

namespace Balatrix.Core.Tests.Messages;

/// <summary>Each vector of Data/sms_segments.json; the vector names its source.</summary>
public sealed class SegmentVectors
{
    public static TheoryData<string> Ids { get; } = [.. Vectors().Select(v => v.GetProperty("id").GetString()!)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Counts_as_its_source_says(string id)
    {
        var vector = Vectors().Single(v => v.GetProperty("id").GetString() == id);
        var counted = SmsSegments.Count(vector.GetProperty("text").GetString());
        Assert.Equal(vector.GetProperty("segments").GetInt32(), counted.Segments);
        Assert.Equal(vector.GetProperty("encoding").GetString(), counted.Encoding == SmsEncoding.Gsm7 ? "GSM-7" : "UCS-2");
        Assert.Equal(vector.GetProperty("units").GetInt32(), counted.Units);
    }

    [Fact]
    public void Every_character_of_the_alphabet_is_GSM_7()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Messages", "Data", "gsm7_alphabet.json")));
        foreach (var entry in document.RootElement.GetProperty("basic").EnumerateArray())
            Assert.Equal(SmsEncoding.Gsm7, SmsSegments.Count(entry.GetProperty("char").GetString()).Encoding);
    }

    static List<JsonElement> Vectors()
    {
        var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Messages", "Data", "sms_segments.json")));
        return [.. document.RootElement.GetProperty("vectors").EnumerateArray()];
    }
}
