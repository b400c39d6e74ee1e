using Balatrix.Core.Voice.Numbers;

namespace Balatrix.Core.Tests.Voice.Numbers;

/// <summary>Numbers, targets and files as people write them.</summary>
public sealed class InventoryTexts
{
    [Theory]
    [InlineData("+91 22 6900 0001", "912269000001", NumberKind.Local)]
    [InlineData("9812345678", "919812345678", NumberKind.Mobile)]
    [InlineData("1800 200 1234", "9118002001234", NumberKind.TollFree)]
    [InlineData("+9118602001234", "9118602001234", NumberKind.National)]
    [InlineData("+442079460000", "442079460000", NumberKind.Local)]
    public void A_number_is_known_by_its_digits(string written, string digits, NumberKind kind)
    {
        Assert.Equal(digits, NumberKinds.Digits(written));
        Assert.Equal(kind, NumberKinds.Of(digits));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("12345")]
    [InlineData("+0012345678")]
    [InlineData("+1234567890123456")]
    [InlineData("91226900000a")]
    [InlineData("sofia/gateway/x/1")]
    public void What_is_no_number_is_none(string? written) => Assert.Null(NumberKinds.Digits(written));

    [Theory]
    [InlineData("sip", "reception.1", "reception.1")]
    [InlineData("number", "+91 98123 45678", "919812345678")]
    [InlineData("dialplan", "ivr-main", "ivr-main")]
    [InlineData("dialplan", "*98", "*98")]
    public void A_target_is_kept_as_FreeSWITCH_wants_it(string kind, string value, string kept) => Assert.Equal(new(kind, kept), InboundTarget.Parse(kind, value));

    [Theory]
    [InlineData("sip", "")]
    [InlineData("sip", "a b")]
    [InlineData("sip", "a@evil.example")]
    [InlineData("sip", "x}{origination=1")]
    [InlineData("sip", "x\napi system rm")]
    [InlineData("number", "12345")]
    [InlineData("dialplan", "x XML public")]
    [InlineData("dialplan", "${system ls}")]
    [InlineData("fax", "1")]
    [InlineData(null, "1")]
    public void What_could_say_more_than_a_name_is_no_target(string? kind, string value) => Assert.Null(InboundTarget.Parse(kind, value));

    [Fact]
    public void A_file_is_read_with_its_columns_in_any_order()
    {
        var (numbers, faults) = NumberCsv.Read(new StringReader("\uFEFFregion,number,type,label\r\n\"Mumbai, West\",+912269000001,,First\r\n,18002001234,,\r\n\r\nDelhi,+911140000001,national,\r\n"));
        Assert.Empty(faults);
        Assert.Equal(
            [
                new(2, "912269000001", NumberKind.Local, "Mumbai, West", "First"), new(3, "9118002001234", NumberKind.TollFree, "", ""),
                new(5, "911140000001", NumberKind.National, "Delhi", ""),
            ],
            numbers);
    }

    [Fact]
    public void Each_fault_is_told_with_its_line()
    {
        var file = $"number,type,region\n+912269000001,local,Mumbai\n12,local,Mumbai\n+912269000002,fax,Mumbai\n+912269000001,,\n+912269000003,local\n+912269000004,,{new string('x', 101)}\n";
        var (_, faults) = NumberCsv.Read(new StringReader(file));
        Assert.Equal([(3, "number"), (4, "type"), (5, "number"), (6, ""), (7, "region")], faults.Select(f => (f.Line, f.Column)));
        Assert.Contains("line 2", faults[2].Expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "number")]
    [InlineData("number,colour\n", "colour")]
    [InlineData("number,number\n", "number")]
    [InlineData("type\n", "number")]
    public void A_header_must_name_the_columns(string file, string column) => Assert.Contains(NumberCsv.Read(new StringReader(file)).Faults, f => f.Line == 1 && f.Column == column);
}
