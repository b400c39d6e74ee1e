using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Usage;

public sealed class CloudEventsOverHttp(TestApp app) : IClassFixture<TestApp>
{
    const string Structured = "application/cloudevents+json";

    static string Otp(string account, string id, string data = "{\"quantity\":1}", string type = "balatrix.auth.sms_otp") =>
        $$"""{"specversion":"1.0","id":"{{id}}","source":"tests","type":"{{type}}","subject":"{{account}}","data":{{data}}}""";

    Task<(int Status, JsonElement Body)> PostAsync(string path, string body, string contentType, Action<HttpRequestMessage>? change = null) =>
        app.SendAsync(HttpMethod.Post, "/api/v1/events" + path, body, contentType, change);

    [Fact]
    public async Task One_event_in_structured_and_in_binary_mode_is_charged_once()
    {
        var account = await app.OpenAccountAsync("100.00");
        var (first, charged) = await PostAsync("", Otp(account, "modes"), Structured);
        Assert.True(first == 201, charged.ToString());
        var (second, repeated) = await PostAsync("", "{\"quantity\":1}", "application/json", r =>
        {
            foreach (var (name, value) in new[] { ("specversion", "1.0"), ("id", "modes"), ("source", "tests"), ("type", "balatrix.auth.sms_otp"), ("subject", account) })
                r.Headers.Add("ce-" + name, value);
        });
        Assert.True(second == 200, repeated.ToString());
        Assert.Equal(charged.GetProperty("usageId").GetString(), repeated.GetProperty("usageId").GetString());
        var (third, batch) = await PostAsync("/batch", $"[{Otp(account, "modes")}]", "application/cloudevents-batch+json");
        Assert.Equal((200, 1), (third, batch.GetProperty("duplicates").GetInt32()));
        await app.AssertBooksProveAsync();
    }

    [Theory]
    [InlineData("application/cloudevents-batch+json", false), InlineData("application/json", false), InlineData("application/x-ndjson", true), InlineData("application/octet-stream", true)]
    public async Task Each_element_of_a_batch_has_its_own_outcome(string contentType, bool lines)
    {
        var account = await app.OpenAccountAsync("100.00");
        string[] events = [Otp(account, "b1"), "{\"specversion\":\"1.0\"}", Otp(account, "b1"), Otp(account, "b2", "{\"quantity\":-1}"), Otp("ACC-99999", "b3"), Otp(account, "b4", type: "com.example.other")];
        var (status, body) = await PostAsync("/batch", lines ? string.Join("\n\n", events) + "\n" : "[" + string.Join(",", events) + "]", contentType);
        Assert.True(status == 200, body.ToString());
        Assert.Equal([201, 422, 200, 422, 404, 422], body.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("status").GetInt32()));
        Assert.Equal("unknown_event_type", body.GetProperty("results")[5].GetProperty("code").GetString());
    }

    static string Encoded(string account, string id, byte[] data, string more = "") =>
        $$"""{"specversion":"1.0","id":"{{id}}","source":"tests","type":"balatrix.auth.sms_otp","subject":"{{account}}"{{more}},"data_base64":"{{Convert.ToBase64String(data)}}"}""";

    [Fact]
    public async Task Data_in_Base64_is_the_same_data()
    {
        var account = await app.OpenAccountAsync("100.00");
        var (first, charged) = await PostAsync("", Encoded(account, "coded", "{\"quantity\":3}"u8.ToArray(), ",\"datacontenttype\":\"application/json\""), Structured);
        Assert.True(first == 201, charged.ToString());
        Assert.Equal("0.75", charged.GetProperty("amount").GetString());
        var (second, repeated) = await PostAsync("", Otp(account, "coded", "{\"quantity\":3}"), Structured);
        Assert.Equal((200, charged.GetProperty("usageId").GetString()), (second, repeated.GetProperty("usageId").GetString()));
        Assert.Equal("event_id_conflict", (await PostAsync("", Encoded(account, "coded", "{\"quantity\":4}"u8.ToArray()), Structured)).Body.GetProperty("code").GetString());

        var (_, batch) = await PostAsync("/batch", $"[{Encoded(account, "coded", "{\"quantity\":3}"u8.ToArray())},{Encoded(account, "coded2", " {\"quantity\":1} \n"u8.ToArray())}]", "application/cloudevents-batch+json");
        Assert.Equal([200, 201], batch.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("status").GetInt32()));
        var (empty, _) = await PostAsync("", Encoded(account, "none", [], "").Replace("\"data_base64\":\"\"", "\"data_base64\":null", StringComparison.Ordinal), Structured);
        Assert.Equal(201, empty);
    }

    [Theory]
    [InlineData("\"data_base64\":\"\"")]
    [InlineData("\"data_base64\":\"not Base64!\"")]
    [InlineData("\"data_base64\":{\"quantity\":1}")]
    [InlineData("\"data_base64\":\"InRleHQi\"")] // "text"
    [InlineData("\"data_base64\":\"eyJxdWFudGl0eSI6MQ==\"")] // {"quantity":1
    [InlineData("\"data_base64\":\"eyJxdWFudGl0eSI6MX17fQ==\"")] // {"quantity":1}{}
    [InlineData("\"data_base64\":\"PGE+MTwvYT4=\"")] // <a>1</a>
    [InlineData("\"data_base64\":\"/////w==\"")]
    [InlineData("\"data\":{},\"data_base64\":\"e30=\"")]
    [InlineData("\"data_base64\":\"e30=\",\"data\":{}")]
    [InlineData("\"data_base64\":\"e30=\",\"data_base64\":\"e30=\"")]
    [InlineData("\"data\":{},\"data\":{}")]
    public async Task Data_that_is_not_one_object_changes_nothing(string data)
    {
        var account = await app.OpenAccountAsync("10.00");
        var (status, problem) = await PostAsync("", $$"""{"specversion":"1.0","id":"bad","source":"tests","type":"balatrix.auth.sms_otp","subject":"{{account}}",{{data}}}""", Structured);
        Assert.True((422, "invalid_value") == (status, problem.GetProperty("code").GetString()), problem.ToString());
        Assert.Equal("10.00", await app.BalanceAsync(account));
    }

    [Fact]
    public async Task A_line_that_is_not_JSON_spoils_only_itself()
    {
        var account = await app.OpenAccountAsync("100.00");
        var (_, body) = await PostAsync("/batch", $"{Otp(account, "n1")}\n{{broken\n{Otp(account, "n2")}", "application/x-ndjson");
        Assert.Equal([201, 400, 201], body.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task A_gzipped_batch_is_taken()
    {
        var account = await app.OpenAccountAsync("100.00");
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 100).Select(i => Otp(account, $"z{i}")))));
        var (_, body) = await app.SendAsync(
            HttpMethod.Post, "/api/v1/events/batch", packed.ToArray(), "application/x-ndjson", r => r.Content!.Headers.ContentEncoding.Add("gzip"));
        Assert.Equal(100, body.GetProperty("accepted").GetInt32());
    }

    [Fact]
    public async Task Ten_thousand_copies_are_charged_once()
    {
        var account = await app.OpenAccountAsync("100.00");
        var (_, body) = await PostAsync("/batch", "[" + string.Join(',', Enumerable.Repeat(Otp(account, "same"), 10_000)) + "]", "application/cloudevents-batch+json");
        Assert.Equal((1, 9999), (body.GetProperty("accepted").GetInt32(), body.GetProperty("duplicates").GetInt32()));
        await app.AssertBooksProveAsync();
    }

    [Theory]
    [InlineData("", 400, "malformed_json")]
    [InlineData("[]", 400, "malformed_json")]
    [InlineData("{\"specversion\":\"1.0\"", 400, "malformed_json")]
    [InlineData("{\"specversion\":\"0.3\"}", 422, "invalid_value")]
    [InlineData("{\"specversion\":\"1.0\",\"specversion\":\"1.0\"}", 422, "invalid_value")]
    [InlineData("{\"specversion\":1.0}", 422, "invalid_value")]
    [InlineData("{\"specversion\":\"1.0\",\"id\":\"\\ud800\"}", 400, "malformed_json")]
    [InlineData("{\"specversion\":\"1.0\",\"id\":\"a\\u0000\"}", 422, "invalid_value")]
    [InlineData("{\"specversion\":\"1.0\",\"time\":\"yesterday\"}", 422, "invalid_value")]
    [InlineData("{\"specversion\":\"1.0\",\"time\":\"2026-11-21T09:00:00\"}", 422, "invalid_value")]
    public async Task A_bad_event_gets_its_documented_problem(string body, int status, string code)
    {
        var (answered, problem) = await PostAsync("", body, Structured);
        Assert.True((status, code) == (answered, problem.GetProperty("code").GetString()), problem.ToString());
    }

    [Theory]
    [InlineData("{\"quantity\":0}"), InlineData("{\"quantity\":1.5}"), InlineData("{\"quantity\":1e300}"), InlineData("{\"quantity\":99999999999999999999999999999}"), InlineData("{\"quantity\":\"1\"}")]
    [InlineData("{\"channel\":\"A B\"}"), InlineData("\"text\""), InlineData("{\"quantity\":1,\"quantity\":2}")]
    public async Task Bad_data_changes_nothing(string data)
    {
        var account = await app.OpenAccountAsync("10.00");
        var (status, problem) = await PostAsync("", Otp(account, "bad", data), Structured);
        Assert.Equal((422, "invalid_value"), (status, problem.GetProperty("code").GetString()));
        Assert.Equal("10.00", await app.BalanceAsync(account));
    }

    [Fact]
    public async Task A_call_of_a_huge_number_of_seconds_is_refused()
    {
        var account = await app.OpenAccountAsync("10.00");
        var data = "{\"called\":\"+919812345678\",\"durationSeconds\":9999999999999999999999999999}";
        Assert.Equal(422, (await PostAsync("", Otp(account, "huge", data, "balatrix.voice.call"), Structured)).Status);
    }

    [Fact]
    public async Task Times_far_ahead_and_far_back_are_refused()
    {
        var account = await app.OpenAccountAsync("10.00");
        string At(DateTimeOffset time) => Otp(account, "far").Replace("\"id\"", $"\"time\":\"{time:O}\",\"id\"", StringComparison.Ordinal);
        Assert.Equal("event_in_far_future", (await PostAsync("", At(DateTimeOffset.UtcNow.AddDays(3)), Structured)).Body.GetProperty("code").GetString());
        Assert.Equal("event_in_far_past", (await PostAsync("", At(DateTimeOffset.UtcNow.AddYears(-5)), Structured)).Body.GetProperty("code").GetString());
    }
}
