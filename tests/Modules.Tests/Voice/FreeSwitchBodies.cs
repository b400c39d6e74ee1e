using System.Text;
using Balatrix.Modules.Voice.FreeSwitch;

namespace Balatrix.Modules.Tests.Voice;

public sealed class FreeSwitchBodies
{
    public static TheoryData<string> Files => CapturedCdr.Files;

    [Theory]
    [MemberData(nameof(Files))]
    public void Reads_what_FreeSWITCH_posted(string file)
    {
        var post = CapturedCdr.Of(file);
        var (call, problem) = FreeSwitchCdr.Read(post.Body);
        Assert.True(call is not null, problem?.ToString());
        Assert.Equal(post.Uuid, call.Uuid);
        Assert.Equal(post.ALegUuid, call.ALegUuid);
        Assert.Equal(post.Answered, call.AnsweredAt is not null);
        Assert.Equal(post.TalkMs, call.TalkMs);
        Assert.Equal(post.Account, call.AccountCode);
        Assert.True(call.Detail().Length <= 2000);
    }

    [Fact]
    public void Twenty_thousand_mutations_never_throw()
    {
        var mutator = new BodyMutator(20261121, [.. CapturedCdr.All.Select(c => c.Body)]);
        for (var n = 0; n < 20_000; n++)
            FreeSwitchCdr.Read(mutator.Next());
    }

    [Fact]
    public void A_document_type_is_refused_before_it_can_grow()
    {
        const string Bomb = """<?xml version="1.0"?><!DOCTYPE cdr [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><cdr><variables><uuid>&b;</uuid></variables></cdr>""";
        Assert.Equal("malformed_xml", FreeSwitchCdr.Read(Encoding.UTF8.GetBytes(Bomb)).Problem?.Code);
    }

    [Theory]
    [InlineData("", "unrecognised_body")]
    [InlineData("hello", "unrecognised_body")]
    [InlineData("cdr=", "unrecognised_body")]
    [InlineData("{", "malformed_json")]
    [InlineData("<cdr>", "malformed_xml")]
    [InlineData("{}", "missing_field")]
    [InlineData("""{"variables":{"uuid":"u","start_uepoch":"1795232171848089","end_uepoch":"1795232171848088","answer_epoch":"0"}}""", "end_before_start")]
    [InlineData("""{"variables":{"uuid":"u","start_uepoch":"1795232171848089","end_uepoch":"1795232174848089","answer_uepoch":"1795232171848089","billusec":"-5"}}""", "invalid_value")]
    [InlineData("""{"variables":{"uuid":"u","start_uepoch":"99999999999999999999999","end_uepoch":"1795232174848089"}}""", "invalid_value")]
    public void What_is_wrong_is_told(string body, string code) =>
        Assert.Equal(code, FreeSwitchCdr.Read(Encoding.UTF8.GetBytes(body)).Problem?.Code);
}
