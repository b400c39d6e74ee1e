using System.Text;
using Balatrix.Modules.Voice.FreeSwitch;

namespace Balatrix.Modules.Tests.Voice;

public sealed class FreeSwitchCdrTests
{
    public static TheoryData<string> Files => CapturedCdr.Files;

    static CallRecord Read(byte[] body)
    {
        var (call, problem) = FreeSwitchCdr.Read(body);
        Assert.Null(problem);
        return call!;
    }

    static string Refused(string body) => FreeSwitchCdr.Read(Encoding.UTF8.GetBytes(body)).Problem!.Code;

    static string Json(string variables) => $$$"""{"variables":{"uuid":"u-1",{{{variables}}}},"callflow":[{"caller_profile":{"destination_number":"911"}}]}""";

    const string Answered = "\"start_uepoch\":\"1795232171000000\",\"answer_uepoch\":\"1795232172000000\",\"end_uepoch\":\"1795232179520000\"";

    [Theory, MemberData(nameof(Files))]
    public void A_captured_body_is_read_as_an_independent_parser_reads_it(string file)
    {
        var expected = CapturedCdr.Of(file);
        var call = Read(expected.Body);
        Assert.Equal(
            (expected.Uuid, expected.ALegUuid, expected.TalkMs, expected.Answered, expected.Account),
            (call.Uuid, call.ALegUuid, call.TalkMs, call.AnsweredAt is not null, call.AccountCode));
        Assert.Equal("café&100%/x+y", CdrBody.Read(expected.Body).Fields!.Variables.GetValueOrDefault("x_note", "café&100%/x+y"));
        Assert.InRange(call.Detail().Length, 2, 2000);
    }

    [Fact]
    public void All_captured_forms_are_there()
    {
        Assert.Equal(70, CapturedCdr.All.Count);
        Assert.Equal(4, CapturedCdr.All.Select(c => c.ContentType).Distinct().Count());
    }

    [Fact]
    public void Every_B_leg_names_an_A_leg_that_was_posted_too()
    {
        var aLegs = CapturedCdr.All.Select(c => Read(c.Body)).Where(c => c.ALegUuid is null).Select(c => c.Uuid).ToHashSet();
        var orphans = CapturedCdr.All.Where(c => Read(c.Body).ALegUuid is { } a && !aLegs.Contains(a)).Select(c => c.File);
        Assert.Empty(orphans);
    }

    [Fact]
    public void JSON_and_XML_of_one_leg_say_the_same()
    {
        var pairs = CapturedCdr.All.GroupBy(c => c.Uuid).Where(g => g.Select(c => c.Body.AsSpan().TrimStart(" \n\r"u8)[0]).Distinct().Count() > 1).ToList();
        Assert.NotEmpty(pairs);
        foreach (var pair in pairs)
            Assert.Single(pair.Select(c => Read(c.Body).ToUsageEvent() with { Detail = null }).Distinct());
    }

    [Theory]
    [InlineData("raw"), InlineData("url"), InlineData("base64"), InlineData("plain"), InlineData("file")]
    public void Every_encoding_of_every_body_reads_the_same(string encoding)
    {
        foreach (var captured in CapturedCdr.All.Where(c => !c.Body.AsSpan().StartsWith("cdr="u8)))
        {
            var body = encoding switch
            {
                "url" => [.. "cdr="u8, .. Encoding.ASCII.GetBytes(Uri.EscapeDataString(Encoding.UTF8.GetString(captured.Body)))],
                "base64" => [.. "cdr="u8, .. Encoding.ASCII.GetBytes(Convert.ToBase64String(captured.Body))],
                "plain" => [.. "cdr="u8, .. captured.Body],
                "file" => Encoding.ASCII.GetBytes(Uri.EscapeDataString(Encoding.UTF8.GetString(captured.Body)) + "\n"),
                _ => captured.Body,
            };
            Assert.Equal(Read(captured.Body).ToUsageEvent(), Read(body).ToUsageEvent());
        }
    }

    [Fact]
    public void The_whole_second_that_billsec_adds_is_not_charged() =>
        Assert.Equal(7520, Read(Encoding.UTF8.GetBytes(Json(Answered + ",\"billusec\":\"7520000\",\"billsec\":\"8\""))).TalkMs);

    [Fact]
    public void A_duration_that_the_instants_do_not_bear_out_is_flagged() =>
        Assert.Equal("duration_mismatch", Read(Encoding.UTF8.GetBytes(Json(Answered + ",\"billusec\":\"4520000\""))).Facts["flag"]);

    [Fact]
    public void A_record_of_2009_has_its_uuid_in_the_latest_caller_profile()
    {
        const string xml = "<cdr><variables><start_epoch>1257894000</start_epoch><answer_epoch>1257894001</answer_epoch><end_epoch>1257894011</end_epoch><billsec>10</billsec></variables>"
            + "<callflow><caller_profile><uuid>last</uuid><destination_number>1000</destination_number></caller_profile></callflow>"
            + "<callflow><caller_profile><uuid>first</uuid></caller_profile></callflow></cdr>";
        var call = Read(Encoding.UTF8.GetBytes(xml));
        Assert.Equal(("last", 10_000L), (call.Uuid, call.TalkMs));
    }

    [Fact]
    public void Toll_free_calls_and_calls_that_the_dial_plan_marks_are_inbound()
    {
        CallRecord To(string number, string more = "") => Read(Encoding.UTF8.GetBytes(Json(Answered + more).Replace("\"911\"", $"\"{number}\"", StringComparison.Ordinal)));
        Assert.Equal(Core.Usage.Service.VoiceInbound, To("18001234567").ToUsageEvent().Service);
        Assert.Equal(Core.Usage.Service.VoiceOutbound, To("919812345678").ToUsageEvent().Service);
        Assert.Equal(Core.Usage.Service.VoiceInbound, To("919812345678", ",\"bill_direction\":\"inbound\"").ToUsageEvent().Service);
    }

    [Theory]
    [InlineData("", "unrecognised_body")]
    [InlineData("cdr=", "unrecognised_body")]
    [InlineData("cdr=!!!", "unrecognised_body")]
    [InlineData("hello", "unrecognised_body")]
    [InlineData("{\"variables\":", "malformed_json")]
    [InlineData("{\"variables\":{\"uuid\":\"a\"}} x", "malformed_json")]
    [InlineData("{\"variables\":{\"uuid\":\"\\ud800\"}}", "malformed_json")]
    [InlineData("{\"variables\":{\"uuid\":\"a\\u0000b\"}}", "invalid_value")]
    [InlineData("{\"core-uuid\":\"a\\u0000b\",\"variables\":{\"uuid\":\"a\"}}", "invalid_value")]
    [InlineData("{\"switchname\":\"a\\u0000b\",\"variables\":{\"uuid\":\"a\"}}", "invalid_value")]
    [InlineData("{}", "missing_field")]
    [InlineData("<cdr><variables>", "malformed_xml")]
    [InlineData("<cdr/>", "missing_field")]
    [InlineData("<?xml version=\"1.0\" encoding=\"utf-7\"?><cdr/>", "malformed_xml")]
    [InlineData("<!DOCTYPE cdr [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><cdr>&b;</cdr>", "malformed_xml")]
    [InlineData("<!DOCTYPE cdr SYSTEM \"file:///etc/passwd\"><cdr/>", "malformed_xml")]
    public void A_bad_body_gets_its_problem(string body, string code) => Assert.Equal(code, Refused(body));

    [Theory]
    [InlineData("\"start_uepoch\":\"1795232171000000\"", "missing_field")]
    [InlineData("\"start_uepoch\":\"99999999999999999999999\"", "invalid_value")]
    [InlineData("\"start_uepoch\":\"1\",\"end_uepoch\":\"2\"", "invalid_value")]
    [InlineData("\"start_uepoch\":\"9223372036854775807\",\"end_uepoch\":\"9223372036854775807\"", "invalid_value")]
    [InlineData("\"start_epoch\":\"9223372036854775807\",\"end_uepoch\":\"2\"", "invalid_value")]
    [InlineData("\"start_uepoch\":\"1795232179000000\",\"end_uepoch\":\"1795232171000000\"", "end_before_start")]
    [InlineData(Answered + ",\"billusec\":\"-5\"", "invalid_value")]
    [InlineData(Answered + ",\"billusec\":\"1e3\"", "invalid_value")]
    [InlineData(Answered + ",\"billusec\":\"9223372036854775807\"", "invalid_value")]
    public void Values_that_cannot_be_get_their_problem(string variables, string code) => Assert.Equal(code, Refused(Json(variables)));

    [Fact]
    public void Deep_nesting_is_refused()
    {
        Assert.Equal("malformed_json", Refused("{\"variables\":" + string.Concat(Enumerable.Repeat("[", 100)) + string.Concat(Enumerable.Repeat("]", 100)) + "}"));
        Assert.Equal("malformed_xml", Refused(string.Concat(Enumerable.Repeat("<a>", 5000)) + string.Concat(Enumerable.Repeat("</a>", 5000))));
    }
}
