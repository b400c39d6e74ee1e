using System.Text.Json;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Tests.Tax;

/// <summary>Published numbers. Data/gstin.json: vectors/gstin.json of the facts, where each names its own source.</summary>
public sealed class GstinTests
{
    static readonly JsonElement Vectors = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Tax", "Data", "gstin.json"))).RootElement;

    public static IEnumerable<TheoryDataRow<string>> Valid => Vectors.GetProperty("valid").EnumerateArray().Select(v => new TheoryDataRow<string>(v.GetProperty("gstin").GetString()!));

    public static IEnumerable<TheoryDataRow<string>> Invalid => Vectors.GetProperty("invalid").EnumerateArray().Select(v => new TheoryDataRow<string>(v.GetProperty("gstin").GetString()!));

    [Theory]
    [MemberData(nameof(Valid))]
    public void A_published_GSTIN_is_taken(string gstin) => Assert.Null(Gstin.Fault(gstin));

    [Theory]
    [MemberData(nameof(Invalid))]
    public void A_wrong_GSTIN_is_not(string gstin) => Assert.NotNull(Gstin.Fault(gstin));

    [Fact]
    public void Every_single_wrong_character_is_found()
    {
        const string Right = "27AAGCG4576J1Z6";
        for (var i = 0; i < Right.Length; i++)
            foreach (var c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".Where(c => c != Right[i]))
                Assert.NotNull(Gstin.Fault(Right[..i] + c + Right[(i + 1)..]));
    }

    [Fact]
    public void PANs_are_told_apart()
    {
        var pan = Vectors.GetProperty("pan");
        foreach (var valid in pan.GetProperty("valid").EnumerateArray())
            Assert.Null(Pan.Fault(valid.GetString()!));
        foreach (var invalid in pan.GetProperty("invalid").EnumerateObject())
            Assert.NotNull(Pan.Fault(invalid.Name));
    }

    [Fact]
    public void State_codes_are_the_lists()
    {
        Assert.Equal(39, GstState.All.Count);
        Assert.Equal("Ladakh", GstState.Find("38")!.Name);
        Assert.Null(GstState.Find("39"));
        Assert.False(GstState.Find("28")!.IsCurrent);
    }
}
