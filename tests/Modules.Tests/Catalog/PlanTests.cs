using System.Net;
using System.Text;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Catalog;

public sealed class PlanTests(ApiServer server) : IClassFixture<ApiServer>
{
    const string Rates = "prefix,description,rate,increment_seconds\n91,India,1.20,60\n";

    [Fact]
    public async Task A_plan_is_drafted_published_changed_and_retired()
    {
        var code = await CreateAsync();
        var path = $"/api/v1/plans/{code}";
        await ApiServer.ProblemAsync(await server.Anonymous.GetAsync(path), 404, "not_found");
        Assert.DoesNotContain(await PublishedAsync(), p => p == code);

        using var published = await server.Admin.PostAsync($"{path}/publish", null);
        Assert.Equal("published", (await ApiServer.BodyAsync(published)).GetProperty("status").GetString());
        Assert.Contains(await PublishedAsync(), p => p == code);
        using var shown = await server.Anonymous.GetAsync(path);
        Assert.Equal("\"1\"", shown.Headers.ETag?.Tag);

        using var changed = await server.Admin.PutAsync(path, ApiServer.Json(new { name = "Better", terms = new { prices = new { monthly = "399.00" } } }));
        var version = await ApiServer.BodyAsync(changed);
        Assert.Equal(2, version.GetProperty("version").GetInt32());
        Assert.Equal("399.00", version.GetProperty("terms").GetProperty("prices").GetProperty("monthly").GetString());

        using var retired = await server.Admin.DeleteAsync(path);
        Assert.Equal(HttpStatusCode.OK, retired.StatusCode);
        Assert.DoesNotContain(await PublishedAsync(), p => p == code);
        await ApiServer.ProblemAsync(await server.Admin.PostAsync($"{path}/publish", null), 409, "plan_retired");
        await ApiServer.ProblemAsync(await server.Admin.PutAsync(path, ApiServer.Json(new { name = "Again", terms = new { } })), 409, "plan_retired");
    }

    [Fact]
    public async Task A_version_is_written_only_over_the_one_that_was_seen()
    {
        var code = await CreateAsync();
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/plans/{code}") { Content = ApiServer.Json(new { name = "Stale", terms = new { } }) };
        request.Headers.Add("If-Match", "\"7\"");
        await ApiServer.ProblemAsync(await server.Admin.SendAsync(request), 412, "version_changed");
    }

    [Fact]
    public async Task Of_versions_written_at_once_one_is_taken_or_they_follow_each_other()
    {
        var code = await CreateAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            server.Admin.PutAsync($"/api/v1/plans/{code}", ApiServer.Json(new { name = $"Name {i}", terms = new { } }))));
        Assert.All(answers, a => Assert.True(a.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict, $"{a.StatusCode}"));
        var plan = await ApiServer.BodyAsync(await server.Admin.GetAsync($"/api/v1/plans/{code}"));
        Assert.Equal(1 + answers.Count(a => a.StatusCode == HttpStatusCode.OK), plan.GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task A_price_book_has_the_plans_decks_and_follows_their_changes()
    {
        var deck = server.NewName("deck");
        var id = await server.DeckAsync(Rates, deck);
        var code = await CreateAsync(new { decks = new Dictionary<string, string[]> { ["voice.outbound"] = [deck] } });
        var version = (await ApiServer.BodyAsync(await server.Admin.GetAsync($"/api/v1/plans/{code}"))).GetProperty("planVersionId").GetInt32();
        var books = server.Services.GetRequiredService<PriceBookStore>();
        var first = (await books.GetAsync(1, version, CancellationToken.None))!;
        Assert.Equal(1, first.Decks(Service.VoiceOutbound)[0].Count);
        Assert.Null(await books.GetAsync(2, version, CancellationToken.None));

        using var imported = await server.Admin.PostAsync($"/api/v1/rate-decks/{id}/import", ApiServer.Csv(Rates + "92,Pakistan,9,60\n"));
        imported.EnsureSuccessStatusCode();
        var second = (await books.GetAsync(1, version, CancellationToken.None))!;
        Assert.Equal(2, second.Decks(Service.VoiceOutbound)[0].Count);
    }

    [Fact]
    public async Task Services_that_share_a_deck_share_its_memory()
    {
        var deck = server.NewName("deck");
        await server.DeckAsync(Rates, deck);
        var books = server.Services.GetRequiredService<PriceBookStore>();
        var code = await CreateAsync(new { decks = new Dictionary<string, string[]> { ["voice.outbound"] = [deck], ["voice.inbound"] = [deck] } });
        var version = (await ApiServer.BodyAsync(await server.Admin.GetAsync($"/api/v1/plans/{code}"))).GetProperty("planVersionId").GetInt32();
        var book = (await books.GetAsync(1, version, CancellationToken.None))!;
        Assert.Same(book.Decks(Service.VoiceOutbound)[0], book.Decks(Service.VoiceInbound)[0]);
    }

    [Theory]
    [InlineData("""{"code":"UPPER","name":"x","currency":"INR","terms":{}}""", "code")]
    [InlineData("""{"code":"123","name":"x","currency":"INR","terms":{}}""", "code")]
    [InlineData("""{"code":"ok-1","name":" ","currency":"INR","terms":{}}""", "name")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"inr","terms":{}}""", "currency")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR"}""", "terms")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR","terms":{"allowances":null}}""", "terms")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR","terms":{"allowances":[null]}}""", "terms.allowances[0]")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR","terms":{"allowances":[{"name":"a","service":"fax","quantity":1}]}}""", "terms.allowances[0].service")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR","terms":{"allowances":[{"name":"a","service":"sms","quantity":0}]}}""", "terms.allowances[0].quantity")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR","terms":{"prices":{"monthly":"-1"}}}""", "terms.prices.monthly")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR","terms":{"prices":{"annual":"1e3"}}}""", "terms.prices.annual")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR","terms":{"smsChargeOn":"never"}}""", "terms.smsChargeOn")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR","terms":{"decks":{"sms":["no-such-deck"]}}}""", "terms.decks.sms")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR","terms":{"decks":{"sms":null}}}""", "terms.decks.sms")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR","terms":{"limits":{"dids":-1}}}""", "terms.limits.dids")]
    [InlineData("""{"code":"ok-1","name":"x","currency":"INR","terms":{"features":[null]}}""", "terms.features")]
    public async Task A_wrong_plan_is_refused_by_field(string body, string field)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var problem = await ApiServer.ProblemAsync(await server.Admin.PostAsync("/api/v1/plans", content), 422, "invalid_value");
        Assert.Equal(field, problem.GetProperty("field").GetString());
    }

    [Fact]
    public async Task A_text_with_NUL_is_refused()
    {
        using var content = new StringContent("""{"code":"nul","name":"a\u0000b","currency":"INR","terms":{}}""", Encoding.UTF8, "application/json");
        await ApiServer.ProblemAsync(await server.Admin.PostAsync("/api/v1/plans", content), 422, "invalid_text");
    }

    [Fact]
    public async Task A_statement_that_failed_on_its_parameters_works_again_for_the_next_request()
    {
        for (var i = 0; i < 60; i++)
        {
            using var content = new StringContent("""{"code":"nul","name":"a\u0000b","currency":"INR","terms":{}}""", Encoding.UTF8, "application/json");
            await ApiServer.ProblemAsync(await server.Admin.PostAsync("/api/v1/plans", content), 422, "invalid_text");
            await CreateAsync();
        }
    }

    [Fact]
    public async Task A_plan_of_another_tenant_is_not_there()
    {
        var code = await CreateAsync();
        var path = $"/api/v1/plans/{code}";
        await ApiServer.ProblemAsync(await server.Foreign.GetAsync(path), 404, "not_found");
        await ApiServer.ProblemAsync(await server.Foreign.PutAsync(path, ApiServer.Json(new { name = "Mine", terms = new { } })), 404, "not_found");
        await ApiServer.ProblemAsync(await server.Foreign.PostAsync($"{path}/publish", null), 404, "not_found");
        await ApiServer.ProblemAsync(await server.Foreign.DeleteAsync(path), 404, "not_found");
        using var same = await server.Foreign.PostAsync("/api/v1/plans", ApiServer.Json(new { code, name = "Same code", currency = "INR", terms = new { } }));
        Assert.Equal(HttpStatusCode.Created, same.StatusCode);
    }

    [Fact]
    public async Task A_reader_sees_drafts_and_may_not_write()
    {
        var code = await CreateAsync();
        using var reader = await server.ClientAsync(1, Scope.CatalogRead);
        Assert.Equal(HttpStatusCode.OK, (await reader.GetAsync($"/api/v1/plans/{code}")).StatusCode);
        var problem = await ApiServer.ProblemAsync(await reader.PostAsync($"/api/v1/plans/{code}/publish", null), 403, "insufficient_scope");
        Assert.Equal(Scope.CatalogWrite, problem.GetProperty("expected").GetString());
    }

    [Fact]
    public void A_month_of_allowances_begins_at_local_midnight()
    {
        var (from, to) = PlanTerms.MonthOf(new(2026, 11, 30, 19, 0, 0, TimeSpan.Zero), TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata"));
        Assert.Equal((new DateTimeOffset(2026, 11, 30, 18, 30, 0, TimeSpan.Zero), new DateTimeOffset(2026, 12, 31, 18, 30, 0, TimeSpan.Zero)), (from, to));
        var terms = new PlanTerms { Allowances = [new("500 minutes", "voice.outbound", "India", 30_000, false)] };
        Assert.Equal([new AllowanceGrant(Service.VoiceOutbound, "India", "500 minutes", 30_000, from, to)], terms.AllowancesFor(from, to));
    }

    async Task<string> CreateAsync(object? terms = null)
    {
        var code = server.NewName("plan");
        using var response = await server.Admin.PostAsync("/api/v1/plans", ApiServer.Json(new { code, name = "Plan", currency = "INR", terms = terms ?? new { } }));
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        return code;
    }

    async Task<IEnumerable<string?>> PublishedAsync() =>
        (await ApiServer.BodyAsync(await server.Anonymous.GetAsync("/api/v1/plans"))).GetProperty("items").EnumerateArray().Select(p => p.GetProperty("code").GetString());
}
