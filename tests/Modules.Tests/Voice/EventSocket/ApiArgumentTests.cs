using Balatrix.Modules.Voice.EventSocket;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

public sealed class ApiArgumentTests
{
    static readonly Dictionary<string, Func<string, string>> Kinds = new()
    {
        ["Uuid"] = ApiArgument.Uuid,
        ["Number"] = ApiArgument.Number,
        ["Cause"] = ApiArgument.Cause,
        ["Variable"] = ApiArgument.Variable,
        ["Name"] = ApiArgument.Name,
        ["DialString"] = ApiArgument.DialString,
        ["Playback"] = ApiArgument.Playback,
        ["Command"] = ApiArgument.Command,
    };

    [Theory]
    [InlineData("Uuid", "04f2163b-920d-4007-a4c1-e8d9899e9dac")]
    [InlineData("Number", "+919876543210")]
    [InlineData("Number", "1800")]
    [InlineData("Cause", "OUTGOING_CALL_BARRED")]
    [InlineData("Variable", "last_bridge_proto_specific_hangup_cause")]
    [InlineData("Name", "b-04f2163b-920d-4007-a4c1-e8d9899e9dac-1")]
    [InlineData("DialString", "sofia/gateway/one/442071838750|sofia/gateway/two/442071838750")]
    [InlineData("Playback", "tone_stream://%(300,200,800);loops=2")]
    [InlineData("Playback", "/usr/share/sounds/balatrix/low-balance.wav")]
    public void What_a_command_may_hold(string kind, string value) => Assert.Equal(value, Kinds[kind](value));

    [Theory]
    [InlineData("Uuid", "04f2163b-920d-4007-a4c1-e8d9899e9da")]
    [InlineData("Uuid", "------------------------------------")]
    [InlineData("Uuid", "04f2163b-920d-4007-a4c1-e8d9899e9dac\n")]
    [InlineData("Uuid", "04f2163b-920d-4007-a4c1-e8d9899e9dac\n\napi system rm")]
    [InlineData("Number", "12")]
    [InlineData("Number", "911234567890 XML default")]
    [InlineData("Number", "１２３４５")]
    [InlineData("Number", "sip:911234567890@example.org")]
    [InlineData("Number", "911234567890\n")]
    [InlineData("Cause", "NORMAL_CLEARING x")]
    [InlineData("Cause", "normal")]
    [InlineData("Variable", "a=b")]
    [InlineData("Variable", "a;b")]
    [InlineData("Variable", "")]
    [InlineData("Name", "-group")]
    [InlineData("Name", "a;b=c")]
    [InlineData("Name", "${system(rm)}")]
    [InlineData("DialString", "{origination_caller_id_number=1}sofia/gateway/x/1")]
    [InlineData("DialString", "sofia/gateway/x/1,sofia/gateway/y/2")]
    [InlineData("DialString", "sofia/gateway/x/1 XML default")]
    [InlineData("Playback", "shell_stream://a b")]
    [InlineData("Playback", "a'b")]
    [InlineData("Playback", "${x}")]
    [InlineData("Command", "status\n\napi system rm")]
    [InlineData("Command", "status\r")]
    [InlineData("Command", "status\0")]
    [InlineData("Command", "")]
    public void What_it_may_not_hold(string kind, string value)
    {
        var refused = Assert.Throws<ArgumentException>(() => Kinds[kind](value));
        // The text may go to a log: what an attacker wrote does not.
        Assert.True(value.Length < 4 || !refused.Message.Contains(value, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(700_000)]
    public void Seconds_have_bounds(int seconds) => Assert.Throws<ArgumentException>(() => ApiArgument.Seconds(seconds));

    [Fact]
    public async Task No_command_with_a_line_end_leaves_the_house()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        await Assert.ThrowsAsync<ArgumentException>(() => node.Link.ApiAsync("status\n\napi hupall", CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => node.Link.BackgroundAsync("status\nJob-UUID: x\n\napi hupall", CancellationToken.None));
        Assert.Equal("vm", (await node.Link.ApiAsync("hostname", CancellationToken.None)).Text);
        Assert.DoesNotContain(server.Commands, c => c.Contains("hupall", StringComparison.Ordinal));
    }
}
