using System.Text.Json;
using Balatrix.Core.Numbering;

namespace Balatrix.Core.Tests.Numbering;

public sealed class NumberVectors
{
    /// <summary>Each vector of Data/in_numbers.json, which names its sources.</summary>
    public static TheoryData<string, string> Vectors { get; } = [.. Read().Select(v => (Text(v, "in"), Text(v, "type")))];

    // Those that are no valid numbers too: a call that happened is rated by the digits that were called.
    [Theory]
    [MemberData(nameof(Vectors))]
    public void Vectors_come_out_with_all_their_digits_and_their_country(string dialled, string type)
    {
        var isShort = !dialled.StartsWith('+');
        var expected = isShort ? "91" + dialled : dialled[1..];
        Assert.Equal(expected, E164Number.Normalise(dialled));
        if (isShort || dialled.Length != 13 || !dialled.StartsWith("+91", StringComparison.Ordinal) || type == "not_mobile" || type.StartsWith("service", StringComparison.Ordinal))
            return;
        var national = dialled[3..];
        foreach (var written in new[] { national, "0" + national, "91" + national, "0091" + national, $"+91 {national[..5]}-{national[5..]}", $"+91 ({national[..2]}) {national[2..]}" })
            Assert.Equal(expected, E164Number.Normalise(written));
    }

    [Theory]
    [InlineData("02226591234", "912226591234")]
    [InlineData("1800 123 4567", "9118001234567")]
    [InlineData("18001234567", "9118001234567")]
    [InlineData("+18005551234", "18005551234")]
    [InlineData("0018005551234", "18005551234")]
    [InlineData("+442079460000", "442079460000")]
    [InlineData("442079460000", "442079460000")]
    [InlineData("112", "112")]
    [InlineData("+123456789012345", "123456789012345")]
    [InlineData("00123456789012345", "123456789012345")]
    public void Numbers_as_they_are_dialled_in_India(string dialled, string expected) => Assert.Equal(expected, E164Number.Normalise(dialled));

    [Theory]
    [InlineData("")]
    [InlineData("+")]
    [InlineData("00")]
    [InlineData("1234567890123456")]
    [InlineData("+1234567890123456")]
    [InlineData("001234567890123456")]
    [InlineData("1234567890123456789012345678901234567890")]
    [InlineData("91+9812345678")]
    [InlineData("98123x45678")]
    [InlineData("sip:9812345678@example.com")]
    [InlineData("٩٨١٢٣٤٥٦٧٨")]
    [InlineData("98１２345678")]
    [InlineData("9812345678\n")]
    public void What_is_no_number_comes_out_empty(string dialled) => Assert.Equal("", E164Number.Normalise(dialled));

    [Fact]
    public void A_number_in_E164_form_stays_as_it_is()
    {
        foreach (var dialled in Read().Select(v => Text(v, "in")))
        {
            var number = E164Number.Normalise(dialled);
            Assert.Equal(number, E164Number.Normalise("+" + number));
            Assert.Equal(number, E164Number.Normalise(number));
        }
    }

    [Theory]
    [InlineData("1800 419 1234", true)]
    [InlineData("+9118004191234", true)]
    [InlineData("18604191234", false)]
    [InlineData("+18004191234", false)]
    [InlineData("+919118001234", false)]
    public void Only_the_Indian_1800_series_is_toll_free(string dialled, bool isTollFree) =>
        Assert.Equal(isTollFree, E164Number.IsIndianTollFree(E164Number.Normalise(dialled)));

    static List<JsonElement> Read()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Numbering", "Data", "in_numbers.json")));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => c.Clone())];
    }

    static string Text(JsonElement vector, string name) => vector.GetProperty(name).GetString()!;
}
