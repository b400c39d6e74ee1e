using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Xml.Linq;
using Balatrix.Modules.Tests.Voice.Calls;

namespace Balatrix.Modules.Tests.Voice.Doors;

/// <summary>mod_xml_curl and mod_httapi. Voice/Data/xml_curl_dialplan_request.txt is what a live FreeSWITCH 1.11.1 posted.</summary>
public sealed class SwitchDoorsOverHttp(VoiceApp app) : IClassFixture<VoiceApp>
{
    const string Uuid = "b735182c-102d-4a00-8bb2-7bab6c47cb1b";

    static readonly string Captured = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Voice", "Data", "xml_curl_dialplan_request.txt")).ReplaceLineEndings("\n").Split("\n\n")[1].Trim();

    [Fact]
    public async Task A_call_of_nobody_is_hung_up_whatever_its_headers_say()
    {
        var dialplan = await AskAsync("xml-curl", Captured);
        Assert.Equal("carrier", dialplan.Descendants("context").Single().Attribute("name")!.Value);
        Assert.Equal([("set", "last_bridge_proto_specific_hangup_cause=sip:403"), ("hangup", "CALL_REJECTED")], Steps(dialplan, "action"));
    }

    [Theory]
    [InlineData("xml-curl", "action")]
    [InlineData("httapi", "execute")]
    public async Task A_call_that_may_go_on_is_guarded_before_it_is_sent_on(string door, string step)
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var account = await lab.AccountAsync("1.20");
        var uuid = Guid.NewGuid().ToString();
        var steps = Steps(await AskAsync(door, Form(account, uuid)), step);
        Assert.Equal(("set", $"api_on_answer=sched_api +60 b-{uuid}-1-0 uuid_kill {uuid} ALLOTTED_TIMEOUT"), steps[^2]);
        Assert.Equal(("transfer", "442071838750 XML billed"), steps[^1]);
        Assert.Contains(("set", $"bill_account={account}"), steps);
        Assert.Equal(1.20m, (await lab.MoneyAsync(account)).Held);
        // The context that it is sent to is the static dialplan's.
        var next = await AskAsync(door, Form(account, uuid) + "&variable_bill_session=1");
        Assert.Empty(Steps(next, step));
        Assert.Equal(door == "httapi" ? 0 : 1, next.Descendants("result").Count(r => r.Attribute("status")!.Value == "not found"));
    }

    [Theory]
    [InlineData("xml-curl", "action")]
    [InlineData("httapi", "execute")]
    public async Task Money_that_is_not_there_is_said_in_SIP(string door, string step)
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var account = await lab.AccountAsync("0.00");
        Assert.Equal([("set", "last_bridge_proto_specific_hangup_cause=sip:402"), ("hangup", "OUTGOING_CALL_BARRED")], Steps(await AskAsync(door, Form(account, Guid.NewGuid().ToString())), step));
    }

    [Theory]
    [InlineData("section=dialplan", "INVALID_NUMBER_FORMAT")]
    [InlineData("section=dialplan&Unique-ID=x&Caller-Destination-Number=442071838750", "INVALID_NUMBER_FORMAT")]
    [InlineData("section=dialplan&Unique-ID=b735182c-102d-4a00-8bb2-7bab6c47cb1b&Caller-Destination-Number=$%7Bsystem%20ls%7D", "UNALLOCATED_NUMBER")]
    [InlineData("section=dialplan&Unique-ID=b735182c-102d-4a00-8bb2-7bab6c47cb1b&Caller-Destination-Number=%00", "NORMAL_TEMPORARY_FAILURE")]
    [InlineData("", "INVALID_NUMBER_FORMAT")]
    [InlineData("%%%&&&===", "INVALID_NUMBER_FORMAT")]
    public async Task Whatever_is_asked_the_answer_is_a_dialplan_that_hangs_up(string form, string cause)
    {
        Assert.Equal(("hangup", cause), Steps(await AskAsync("xml-curl", form), "action")[^1]);
        Assert.Equal(("hangup", cause), Steps(await AskAsync("httapi", form), "execute")[^1]);
    }

    [Fact]
    public async Task A_form_that_is_too_large_hangs_up_too()
    {
        var form = "section=dialplan&x=" + new string('x', 300_000);
        Assert.Equal(("hangup", "NORMAL_TEMPORARY_FAILURE"), Steps(await AskAsync("xml-curl", form), "action")[^1]);
    }

    [Fact]
    public async Task Other_sections_are_not_found_and_without_a_key_nothing_is_answered()
    {
        Assert.Equal("not found", (await AskAsync("xml-curl", "section=directory&Unique-ID=" + Uuid)).Descendants("result").Single().Attribute("status")!.Value);
        using var nobody = app.NewClient(null);
        using var answer = await nobody.PostAsync("/api/v1/webhooks/xml-curl", new StringContent(Captured, Encoding.UTF8, "application/x-www-form-urlencoded"));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    static string Form(string account, string uuid) => Captured.Replace(Uuid, uuid, StringComparison.Ordinal).Replace("15551234567", "442071838750", StringComparison.Ordinal) + $"&variable_accountcode={account}";

    static (string, string)[] Steps(XElement document, string step) => [.. document.Descendants(step).Select(s => (s.Attribute("application")!.Value, s.Attribute("data")!.Value))];

    async Task<XElement> AskAsync(string door, string form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/webhooks/{door}") { Content = new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"fs:{app.AdminKey}")));
        using var response = await app.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        Assert.Equal("text/xml", response.Content.Headers.ContentType?.MediaType);
        return XElement.Parse(text);
    }
}
