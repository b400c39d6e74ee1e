using System.Text;
using Balatrix.Modules.Voice.FreeSwitch;

namespace Balatrix.Modules.Tests.Voice;

/// <summary>One request of Data/http, as FreeSWITCH sent it, and what a script that is not ours read off it.</summary>
public sealed record CapturedPost(string File, string ContentType, byte[] Body, string Uuid, bool IsBLeg, string ALeg, long TalkMs, bool Answered, string AccountCode)
{
    static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Voice", "Data");

    public static IReadOnlyList<CapturedPost> All { get; } = [.. File_().Skip(1).Select(line => Read(line.Split('\t')))];

    static string[] File_() => System.IO.File.ReadAllLines(Path.Combine(Folder, "expected.tsv"));

    static CapturedPost Read(string[] f)
    {
        var raw = System.IO.File.ReadAllBytes(Path.Combine(Folder, "http", f[0]));
        var split = raw.AsSpan().IndexOf("\r\n\r\n"u8);
        var gap = 4;
        if (split < 0)
            (split, gap) = (raw.AsSpan().IndexOf("\n\n"u8), 2);
        var head = Encoding.UTF8.GetString(raw, 0, split).Split('\n').Select(l => l.Trim());
        var type = head.First(l => l.StartsWith("Content-Type:", StringComparison.OrdinalIgnoreCase))["Content-Type:".Length..].Trim();
        return new(f[0], type, raw[(split + gap)..], f[1], f[2] == "b", f[3], long.Parse(f[4]), f[5] == "1", f[6] == "-" ? "" : f[6]);
    }
}

public sealed class FreeSwitchBodies
{
    public static TheoryData<string> Files { get; } = [.. CapturedPost.All.Select(p => p.File)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Reads_what_FreeSWITCH_posted(string file)
    {
        var post = CapturedPost.All.Single(p => p.File == file);
        var (call, problem) = FreeSwitchCdr.Read(post.Body);
        Assert.True(call is not null, problem?.ToString());
        Assert.Equal(post.Uuid, call.Uuid);
        Assert.Equal(post.IsBLeg ? post.ALeg : null, call.ALegUuid);
        Assert.Equal(post.Answered, call.AnsweredAt is not null);
        Assert.Equal(post.TalkMs, call.TalkMs);
        Assert.Equal(post.AccountCode, call.AccountCode);
        Assert.True(call.Detail().Length <= 2000);
    }

    [Fact]
    public void Twenty_thousand_mutations_never_throw()
    {
        var random = new Random(20261121);
        var bodies = CapturedPost.All.Select(p => p.Body).ToArray();
        for (var n = 0; n < 20_000; n++)
            FreeSwitchCdr.Read(Mutations.Of(bodies, random));
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
