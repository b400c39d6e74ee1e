using System.Net;
using System.Text.Json;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Voice.Calls;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Voice.Doors;

/// <summary>GET /calls/active, as a list and as a stream, and POST /calls/{uuid}/hangup, at a process that controls the stand-in FreeSWITCH.</summary>
public sealed class LiveView(VoiceApp app) : IClassFixture<VoiceApp>
{
    [Fact]
    public async Task A_stream_ends_when_its_process_is_stopped_and_does_not_hold_it_up()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var process = await lab.ControlAsync();
        using var client = new HttpClient { BaseAddress = new Uri(process.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", app.AdminKey);
        client.DefaultRequestHeaders.Accept.Add(new("text/event-stream"));
        using var stream = await client.GetAsync("/api/v1/calls/active", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync());
        Assert.Equal("event: snapshot", await LineAsync(lines));
        var stopping = lab.EndProcessAsync();
        Assert.Contains("data: ", await lines.ReadToEndAsync().WaitAsync(Soon.Limit / 2), StringComparison.Ordinal);
        await stopping.WaitAsync(Soon.Limit);
    }

    [Fact]
    public async Task Live_calls_are_shown_with_their_cost_told_of_as_they_change_and_ended_by_hand()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var process = await lab.ControlAsync();
        using var client = new HttpClient { BaseAddress = new Uri(process.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", app.AdminKey);
        using var asked = new HttpRequestMessage(HttpMethod.Get, "/api/v1/calls/active");
        asked.Headers.Accept.Add(new("text/event-stream"));
        using var stream = await client.SendAsync(asked, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType?.MediaType);
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync());
        Assert.Equal("event: snapshot", await LineAsync(lines));
        using var talkAsked = new HttpRequestMessage(HttpMethod.Get, "/api/v1/calls/active?state=talking");
        talkAsked.Headers.Accept.Add(new("text/event-stream"));
        using var talkStream = await client.SendAsync(talkAsked, HttpCompletionOption.ResponseHeadersRead);
        using var talks = new StreamReader(await talkStream.Content.ReadAsStreamAsync());
        Assert.Equal("event: snapshot", await LineAsync(talks));

        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(30);
        var page = JsonElement.Parse(await client.GetStringAsync($"/api/v1/calls/active?account={account}&state=talking"));
        var item = page.GetProperty("items").EnumerateArray().Single();
        Assert.Equal((call.Uuid, account, "outbound", lab.NodeName), (item.GetProperty("uuid").GetString(), item.GetProperty("account").GetString(), item.GetProperty("direction").GetString(), item.GetProperty("node").GetString()));
        Assert.Equal("0.60", item.GetProperty("runningCost").GetString());
        Assert.Equal(0, JsonElement.Parse(await client.GetStringAsync($"/api/v1/calls/active?account={account}&direction=inbound")).GetProperty("count").GetInt32());
        Assert.Equal(1, JsonElement.Parse(await client.GetStringAsync($"/api/v1/calls/active?number=%2B{VoiceLab.London}&node={lab.NodeName}")).GetProperty("count").GetInt32());
        using (var bad = await client.GetAsync("/api/v1/calls/active?state=odd"))
            await ApiServer.ProblemAsync(bad, 422, "invalid_value");

        await using (var tenant = app.Database.Owner.CreateCommand("insert into platform.tenants (tenant_id, slug, name) values (98, 'live-other', 'Other') on conflict do nothing"))
            await tenant.ExecuteNonQueryAsync();
        using var foreign = new HttpClient { BaseAddress = client.BaseAddress };
        foreign.DefaultRequestHeaders.Authorization = new("Bearer", (await app.Services.GetRequiredService<ApiKeys>().CreateAsync(98, "foreign", [Scope.All], [], null, CancellationToken.None)).Key);
        Assert.Equal(0, JsonElement.Parse(await foreign.GetStringAsync("/api/v1/calls/active")).GetProperty("count").GetInt32());
        using (var strange = await foreign.PostAsync($"/api/v1/calls/{call.Uuid}/hangup", ApiServer.Json(new { })))
            await ApiServer.ProblemAsync(strange, 404, "not_found");
        // Nor when it named the channel to a door as a call of its own.
        using (var opened = await foreign.PostAsync("/api/v1/accounts", ApiServer.Json(new { name = "Thief", kind = "prepaid" })))
        await using (var copy = app.Database.Owner.CreateCommand(
            $"""
            create temp table stolen as select * from voice.live_calls where call_id = '{call.Uuid}';
            update stolen set tenant_id = 98, owner = 'nobody', account_id = substr('{(await ApiServer.BodyAsync(opened)).GetProperty("id").GetString()}', 5)::bigint;
            insert into voice.live_calls select * from stolen; drop table stolen
            """))
            await copy.ExecuteNonQueryAsync();
        Assert.Equal(1, JsonElement.Parse(await foreign.GetStringAsync("/api/v1/calls/active")).GetProperty("count").GetInt32());
        using (var stolen = await foreign.PostAsync($"/api/v1/calls/{call.Uuid}/hangup", ApiServer.Json(new { })))
            await ApiServer.ProblemAsync(stolen, 404, "not_found");
        using (var bad = await client.PostAsync($"/api/v1/calls/{call.Uuid}/hangup", ApiServer.Json(new { cause = "x y" })))
            await ApiServer.ProblemAsync(bad, 422, "invalid_value");
        Assert.Null(call.HangupCause);

        using var ended = await client.PostAsync($"/api/v1/calls/{call.Uuid}/hangup", ApiServer.Json(new { reason = "Reported" }));
        Assert.Equal(HttpStatusCode.OK, ended.StatusCode);
        await Soon.UntilAsync(() => call.HangupCause == "MANAGER_REQUEST", "The call is ended");
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
        Assert.Equal(1, await CountAsync(app, $"select count(*) from audit.records where action = 'call.hung-up' and entity_id = '{call.Uuid}'"));
        using (var gone = await client.PostAsync($"/api/v1/calls/{call.Uuid}/hangup", ApiServer.Json(new { })))
            await ApiServer.ProblemAsync(gone, 404, "not_found");

        var kinds = new HashSet<string>();
        while (!kinds.Contains("event: ended"))
            kinds.Add(await LineAsync(lines));
        Assert.Contains("event: answered", kinds);
        List<string> told = [];
        while (told is not [.., "event: ended"])
            told.Add(await LineAsync(talks));
        Assert.Contains("event: answered", told);
        Assert.DoesNotContain("event: started", told);
    }

    [Fact]
    public async Task The_list_comes_in_pages_even_of_calls_that_began_at_once()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var process = await lab.ControlAsync();
        using var client = new HttpClient { BaseAddress = new Uri(process.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", app.AdminKey);
        var account = await lab.AccountAsync("100.00");
        List<string> begun = [];
        for (var n = 0; n < 5; n++)
        {
            if (n == 3)
                lab.Time.Advance(TimeSpan.FromSeconds(1));
            begun.Add((await lab.TalkAsync(account)).Uuid);
        }
        List<string> seen = [];
        for (string? cursor = null; ;)
        {
            var page = JsonElement.Parse(await client.GetStringAsync($"/api/v1/calls/active?account={account}&limit=2{(cursor is null ? "" : "&cursor=" + cursor)}"));
            Assert.Equal(5, page.GetProperty("count").GetInt32());
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("uuid").GetString()!));
            cursor = page.GetProperty("next").GetString();
            Assert.Equal(seen.Count < 5, cursor is not null);
            if (cursor is null)
                break;
        }
        Assert.Equal(begun.Order(), seen.Order());
        Assert.Equal(begun[3..], seen[3..].OrderBy(begun.IndexOf));
        foreach (var wrong in (string[])["limit=0", "limit=5001", "cursor=x", "cursor=WyJ4IiwieCIsIngiXQ"])
            await ApiServer.ProblemAsync(await client.GetAsync($"/api/v1/calls/active?{wrong}"), 422, "invalid_value");
    }

    [Fact]
    public async Task A_call_that_another_process_controls_is_shown_and_ended_at_any_process()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var waiting = await lab.ControlAsync();
        var account = await lab.AccountAsync("100.00");
        var call = await lab.DialAsync(account);
        await call.RoutedAsync();
        await call.AnswerAsync();
        using var client = new HttpClient { BaseAddress = new Uri(waiting.Urls.First()) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", app.AdminKey);
        JsonElement item = default;
        await Soon.UntilAsync(
            async () =>
            {
                await lab.PassAsync(1);
                var page = JsonElement.Parse(await client.GetStringAsync($"/api/v1/calls/active?account={account}&state=talking"));
                Assert.True(page.GetProperty("isWhole").GetBoolean());
                item = page.GetProperty("items").EnumerateArray().SingleOrDefault();
                return item.ValueKind != JsonValueKind.Undefined;
            },
            "It is seen from the other process");
        Assert.Equal((call.Uuid, false, lab.NodeName), (item.GetProperty("uuid").GetString(), item.GetProperty("isHere").GetBoolean(), item.GetProperty("node").GetString()));
        Assert.True(decimal.Parse(item.GetProperty("runningCost").GetString()!, System.Globalization.CultureInfo.InvariantCulture) > 0);
        // One that is linked to no FreeSWITCH shows it as well, and says that it cannot end it.
        Assert.Equal(1, (await app.GetAsync($"/api/v1/calls/active?account={account}")).Body.GetProperty("count").GetInt32());
        foreach (var other in (string[])["no-uuid", "7%00", Guid.NewGuid().ToString()])
            Assert.InRange((int)(await client.PostAsync($"/api/v1/calls/{other}/hangup", ApiServer.Json(new { }))).StatusCode, 400, 404);
        var (status, problem) = await app.PostAsync($"/api/v1/calls/{call.Uuid}/hangup", new { });
        Assert.Equal((503, "switch_unavailable"), (status, problem.GetProperty("code").GetString()));
        using var ended = await client.PostAsync($"/api/v1/calls/{call.Uuid}/hangup", ApiServer.Json(new { reason = "Reported" }));
        Assert.Equal(HttpStatusCode.OK, ended.StatusCode);
        await Soon.UntilAsync(() => call.HangupCause == "MANAGER_REQUEST", "The call is ended");
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
    }

    static async Task<string> LineAsync(StreamReader lines) => await lines.ReadLineAsync(new CancellationTokenSource(Soon.Limit).Token) ?? throw new EndOfStreamException();

    static async Task<long> CountAsync(TestApp app, string sql)
    {
        await using var command = app.Database.Owner.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
