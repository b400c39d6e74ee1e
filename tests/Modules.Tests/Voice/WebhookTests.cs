using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Balatrix.Modules.Tests.Voice;

public sealed class WebhookTests(CapturedApp app) : IClassFixture<CapturedApp>
{
    const string Account = "ACC-10003";

    Task<(int Status, JsonElement Body)> PostAsync(byte[] body, string contentType, Action<HttpRequestMessage>? change = null) => app.SendAsync(
        HttpMethod.Post, "/api/v1/webhooks/cdr?uuid=x", body, contentType,
        request =>
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("fsuser:" + app.AdminKey)));
            change?.Invoke(request);
        });

    [Fact]
    public async Task Captured_posts_are_charged_once_and_their_B_legs_are_kept_beside_them()
    {
        var firstOutcomes = new Dictionary<string, int>();
        // Three rounds, since FreeSWITCH repeats a post whose answer was lost.
        for (var round = 0; round < 3; round++)
            foreach (var captured in CapturedCdr.All)
            {
                var (status, body) = await PostAsync(captured.Body, captured.ContentType);
                Assert.True(status is 200 or 201 or 202, $"{captured.File}: {status} {body}");
                if (captured.ALegUuid is not null)
                {
                    Assert.Equal("b", body.GetProperty("leg").GetString());
                    Assert.False(body.GetProperty("charged").GetBoolean());
                }
                else if (captured.Account.Length == 0)
                    Assert.Equal((202, "unknown_account"), (status, body.GetProperty("code").GetString()));
                if (!firstOutcomes.TryAdd(captured.Uuid, status) && firstOutcomes[captured.Uuid] == 201)
                    Assert.Equal(200, status);
            }
        await AssertChargedOnceAsync();
        await app.AssertBooksProveAsync();
    }

    async Task AssertChargedOnceAsync()
    {
        var (_, list) = await app.GetAsync($"/api/v1/cdrs?account={Account}&limit=500&from=2026-11-21T03:00:00Z&to=2026-11-21T04:30:00Z");
        var captured = CapturedCdr.All.ToLookup(c => c.Uuid);
        var charged = list.GetProperty("items").EnumerateArray().Where(i => captured.Contains(i.GetProperty("eventId").GetString()!)).ToList();
        Assert.NotEmpty(charged);
        Assert.Equal(charged.Count, charged.Select(i => i.GetProperty("eventId").GetString()).Distinct().Count());
        foreach (var item in charged)
        {
            var expected = captured[item.GetProperty("eventId").GetString()!].First();
            Assert.Null(expected.ALegUuid);
            Assert.Equal(expected.TalkMs, item.GetProperty("quantity").GetInt64());
            var (_, view) = await app.GetAsync($"/api/v1/cdrs/{item.GetProperty("id").GetString()}");
            var legs = view.GetProperty("legs").EnumerateArray().Select(l => l.GetProperty("legId").GetString()!).Order();
            Assert.Equal(CapturedCdr.All.Where(c => c.ALegUuid == expected.Uuid).Select(c => c.Uuid).Distinct().Order(), legs);
        }
    }

    [Fact]
    public async Task Basic_auth_takes_the_key_as_password_and_nothing_else()
    {
        var body = CapturedCdr.All[0].Body;
        void As(HttpRequestMessage request, string pair) =>
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        Assert.Equal(401, (await PostAsync(body, "application/json", r => As(r, "fsuser:3cret"))).Status);
        Assert.Equal(401, (await PostAsync(body, "application/json", r => As(r, app.AdminKey))).Status);
        Assert.Equal(401, (await PostAsync(body, "application/json", r => r.Headers.Authorization = new AuthenticationHeaderValue("Basic", "%%%"))).Status);
    }

    public static TheoryData<string, int, string> BadBodies => new()
    {
        { "", 400, "unrecognised_body" },
        { "hello", 400, "unrecognised_body" },
        { "{\"variables\":", 400, "malformed_json" },
        { "{\"a\":" + new string('[', 100_000), 400, "malformed_json" },
        { "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><cdr>&b;</cdr>", 400, "malformed_xml" },
        { "{\"variables\":{\"uuid\":\"a\"}}", 400, "missing_field" },
        { Record(1_795_232_179, 1_795_232_171, "0"), 400, "end_before_start" },
        { Record(1_795_232_171, 1_795_232_179, "-1"), 400, "invalid_value" },
        { Record(1_795_232_171, 1_795_232_179, "999999999999999999999999"), 400, "invalid_value" },
        { Record(4_000_000_000, 4_000_000_001, "1"), 422, "event_in_far_future" },
        { Record(1_257_894_000, 1_257_894_001, "1"), 422, "event_in_far_past" },
    };

    static string Record(long start, long end, string talk) => JsonSerializer.Serialize(new
    {
        variables = new { uuid = "bad-" + start, accountcode = "ACME-1", start_epoch = $"{start}", answer_epoch = $"{start}", end_epoch = $"{end}", billusec = talk },
        callflow = new[] { new { caller_profile = new { destination_number = "919812345678", caller_id_number = "1" } } },
    });

    [Theory, MemberData(nameof(BadBodies))]
    public async Task A_bad_post_gets_its_documented_problem(string body, int status, string code)
    {
        var (answered, problem) = await PostAsync(Encoding.UTF8.GetBytes(body), "application/json");
        Assert.True(status == answered, $"{answered} {problem}");
        Assert.Equal(code, problem.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_number_that_is_cut_between_surrogates_is_kept()
    {
        var body = Record(1_795_232_000, 1_795_232_009, "9000000").Replace("\"caller_id_number\":\"1\"", $"\"caller_id_number\":\"{new string('1', 63)}\U0001F4A3\"", StringComparison.Ordinal);
        var (status, answer) = await PostAsync(Encoding.UTF8.GetBytes(body), "application/json");
        Assert.True(status is 201, answer.ToString());
    }

    [Theory]
    [InlineData("application/x-www-form-plaintext"), InlineData("text/plain"), InlineData("application/octet-stream"), InlineData("nonsense")]
    public async Task What_the_body_is_does_not_depend_on_its_label(string contentType) =>
        Assert.InRange((await PostAsync(CapturedCdr.All[0].Body, contentType)).Status, 200, 202);

    [Fact]
    public async Task Gzip_is_taken_and_broken_gzip_refused()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(CapturedCdr.All[0].Body);
        var whole = packed.ToArray();
        void Gzip(HttpRequestMessage request) => request.Content!.Headers.ContentEncoding.Add("gzip");
        Assert.InRange((await PostAsync(whole, "application/json", Gzip)).Status, 200, 202);
        Assert.Equal("broken_gzip", (await PostAsync(whole[..(whole.Length / 2)], "application/json", Gzip)).Body.GetProperty("code").GetString());
        Assert.Equal("broken_gzip", (await PostAsync([.. "not gzip at all"u8], "application/json", Gzip)).Body.GetProperty("code").GetString());
        Assert.Equal(415, (await PostAsync(whole, "application/json", r => r.Content!.Headers.ContentEncoding.Add("br"))).Status);
    }

    [Fact]
    public async Task A_gzip_bomb_is_refused_as_too_large()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            for (var i = 0; i < 100; i++)
                await gzip.WriteAsync(new byte[1024 * 1024]);
        var (status, body) = await PostAsync(packed.ToArray(), "application/json", r => r.Content!.Headers.ContentEncoding.Add("gzip"));
        Assert.Equal((413, "body_too_large"), (status, body.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_body_of_100_MB_is_refused()
    {
        var (status, body) = await PostAsync(new byte[100_000_000], "application/json", r => r.Headers.ExpectContinue = true);
        Assert.Equal((413, "body_too_large"), (status, body.GetProperty("code").GetString()));
    }
}
