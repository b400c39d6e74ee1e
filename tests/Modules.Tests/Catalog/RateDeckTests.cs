using System.Globalization;
using System.Text;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Catalog;

public sealed class RateDeckTests(ApiServer server) : IClassFixture<ApiServer>
{
    const string India = "prefix,description,rate,increment_seconds\n91,India,1.20,60\n9198,India Mobile,0.60,1\n";

    [Fact]
    public async Task A_deck_is_made_imported_exported_and_imported_again()
    {
        var name = server.NewName("india");
        var id = await server.DeckAsync(India, name);
        var exported = await server.Admin.GetStringAsync($"/api/v1/rate-decks/{id}/export");
        Assert.StartsWith("prefix,description,connect_fee", exported, StringComparison.Ordinal);
        using var again = await server.Admin.PostAsync($"/api/v1/rate-decks/{id}/import?dryRun=true", ApiServer.Csv(exported));
        var diff = (await ApiServer.BodyAsync(again)).GetProperty("diff");
        Assert.Equal((0, 0, 0, 2), (Count("added"), Count("changed"), Count("removed"), Count("same")));

        var listed = await ApiServer.BodyAsync(await server.Admin.GetAsync("/api/v1/rate-decks?limit=500"));
        Assert.Contains(listed.GetProperty("items").EnumerateArray(), d => d.GetProperty("name").GetString() == name && d.GetProperty("rateCount").GetInt32() == 2);

        int Count(string what) => diff.GetProperty(what).GetInt32();
    }

    [Fact]
    public async Task A_dry_run_counts_what_would_change_and_writes_nothing()
    {
        var id = await server.DeckAsync(India);
        using var response = await server.Admin.PostAsync(
            $"/api/v1/rate-decks/{id}/import?dryRun=true", ApiServer.Csv("prefix,description,rate,increment_seconds\n91,India,1.30,60\n92,Pakistan,9,60\n"));
        var body = await ApiServer.BodyAsync(response);
        var diff = body.GetProperty("diff");
        Assert.Equal((1, 1, 1, 0), (diff.GetProperty("added").GetInt32(), diff.GetProperty("changed").GetInt32(), diff.GetProperty("removed").GetInt32(), diff.GetProperty("same").GetInt32()));
        var deck = await ApiServer.BodyAsync(await server.Admin.GetAsync($"/api/v1/rate-decks/{id}"));
        Assert.Equal(1, deck.GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task A_lookup_shows_the_candidates_the_choice_and_the_charge()
    {
        var id = await server.DeckAsync(India);
        var found = await ApiServer.BodyAsync(await server.Admin.GetAsync($"/api/v1/rate-decks/{id}/lookup?number=%2B919812345678&seconds=61"));
        Assert.Equal("9198", found.GetProperty("prefix").GetString());
        Assert.Equal("0.61", found.GetProperty("amount").GetString());
        Assert.Equal(["9198", "91"], found.GetProperty("candidates").EnumerateArray().Select(c => c.GetProperty("prefix").GetString()));
        Assert.True(found.GetProperty("trace").GetArrayLength() >= 2);
    }

    [Fact]
    public async Task A_lookup_finds_no_rate_outside_the_deck()
    {
        var id = await server.DeckAsync(India);
        await ApiServer.ProblemAsync(await server.Admin.GetAsync($"/api/v1/rate-decks/{id}/lookup?number=4930123456"), 404, "no_rate");
    }

    [Fact]
    public async Task A_lookup_at_an_earlier_time_finds_the_prices_of_that_time()
    {
        var id = await server.DeckAsync(India);
        await ImportAsync(id, India.Replace("0.60", "0.90", StringComparison.Ordinal), "2026-06-01T00:00:00Z");
        await ImportAsync(id, India.Replace("0.60", "0.70", StringComparison.Ordinal), "2026-03-01T00:00:00Z");
        // The last import takes effect before the second one, so the second has no time at all.
        Assert.Equal("0.60", await AmountAsync(id, "2026-02-28T23:59:59Z"));
        Assert.Equal("0.70", await AmountAsync(id, "2026-03-01T00:00:00Z"));
        Assert.Equal("0.70", await AmountAsync(id, "2026-07-01T00:00:00Z"));
        await ImportAsync(id, India.Replace("0.60", "0.80", StringComparison.Ordinal), "2026-09-01T00:00:00Z");
        Assert.Equal("0.70", await AmountAsync(id, "2026-08-31T23:59:59Z"));
        Assert.Equal("0.80", await AmountAsync(id, "2026-09-01T00:00:00Z"));
    }

    [Fact]
    public async Task A_file_with_faults_is_refused_whole_and_every_fault_has_its_line()
    {
        var id = await server.DeckAsync(India);
        using var response = await server.Admin.PostAsync(
            $"/api/v1/rate-decks/{id}/import", ApiServer.Csv("prefix,rate\n91,1.20\n9x,1\n44,-1\n49,abc\n"));
        var problem = await ApiServer.ProblemAsync(response, 422, "rate_deck_errors");
        Assert.Equal(3, problem.GetProperty("errorCount").GetInt32());
        Assert.Equal([3, 4, 5], problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("line").GetInt32()));
        Assert.Equal("0.60", await AmountAsync(id, "2026-02-28T23:59:59Z"));
    }

    [Fact]
    public async Task A_file_that_is_not_UTF_8_or_empty_is_refused()
    {
        var id = await server.DeckAsync(India);
        using var latin = new ByteArrayContent([.. "prefix,description,rate\n49,K"u8, 0xF6, .. "ln,1\n"u8]);
        latin.Headers.ContentType = new("text/csv");
        await ApiServer.ProblemAsync(await server.Admin.PostAsync($"/api/v1/rate-decks/{id}/import", latin), 422, "rate_deck_encoding");
        await ApiServer.ProblemAsync(await server.Admin.PostAsync($"/api/v1/rate-decks/{id}/import", ApiServer.Csv("")), 422, "rate_deck_errors");
        await ApiServer.ProblemAsync(await server.Admin.PostAsync($"/api/v1/rate-decks/{id}/import", ApiServer.Csv("prefix,rate\n")), 422, "rate_count");
        await ApiServer.ProblemAsync(await server.Admin.PostAsync($"/api/v1/rate-decks/{id}/import", ApiServer.Json(new { })), 415, "unsupported_media_type");
    }

    [Fact]
    public async Task An_import_that_fails_in_the_middle_leaves_nothing_behind()
    {
        var id = await server.DeckAsync(India);
        var decks = server.Services.GetRequiredService<DeckStore>();
        var rates = await decks.RatesAsync(1, id, 1, CancellationToken.None);
        // The second chunk breaks the table's own check.
        var broken = Enumerable.Range(0, 25_000).Select(i => rates[0] with { Prefix = $"{i}", Description = i == 24_999 ? "a\0b" : "x" }).ToList();
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => decks.ImportAsync(1, id, broken, DateTimeOffset.UnixEpoch, Actor.System("test"), CancellationToken.None));
        Assert.Equal(1, (await decks.FindAsync(1, id, CancellationToken.None))!.Version);
        Assert.Empty(await decks.RatesAsync(1, id, 2, CancellationToken.None));
    }

    [Fact]
    public async Task A_hundred_thousand_prefixes_are_imported_in_seconds()
    {
        var text = new StringBuilder("prefix,description,rate,increment_seconds\n");
        for (var i = 0; i < 100_000; i++)
            text.Append(CultureInfo.InvariantCulture, $"9{100_000 + i},Place {i % 500},0.{i % 90 + 10},60\n");
        var id = await server.DeckAsync(text.ToString());
        var found = await ApiServer.BodyAsync(await server.Admin.GetAsync($"/api/v1/rate-decks/{id}/lookup?number=91000011234"));
        Assert.Equal("9100001", found.GetProperty("prefix").GetString());
    }

    [Fact]
    public async Task Networks_and_channels_are_looked_up_by_their_own_names()
    {
        var sms = await server.DeckAsync("mcc,mnc,description,rate\n404,45,Airtel,0.20\n404,*,India,0.25\n", kind: "sms");
        var network = await ApiServer.BodyAsync(await server.Admin.GetAsync($"/api/v1/rate-decks/{sms}/lookup?mcc=404&mnc=45&quantity=3"));
        Assert.Equal("0.60", network.GetProperty("amount").GetString());
        var country = await ApiServer.BodyAsync(await server.Admin.GetAsync($"/api/v1/rate-decks/{sms}/lookup?mcc=404&mnc=10"));
        Assert.Equal("404-*", country.GetProperty("prefix").GetString());
        var events = await server.DeckAsync("channel,description,rate\nsms_otp,SMS OTP,0.30\n404,Digits,1\n", kind: "event");
        var channel = await ApiServer.BodyAsync(await server.Admin.GetAsync($"/api/v1/rate-decks/{events}/lookup?channel=sms_otp"));
        Assert.Equal("0.30", channel.GetProperty("amount").GetString());
        await ApiServer.ProblemAsync(await server.Admin.GetAsync($"/api/v1/rate-decks/{events}/lookup?channel=4045"), 404, "no_rate");
        await ApiServer.ProblemAsync(await server.Admin.GetAsync($"/api/v1/rate-decks/{sms}/lookup?number=91"), 422, "invalid_value");
    }

    [Fact]
    public async Task A_deck_of_another_tenant_is_not_there()
    {
        var id = await server.DeckAsync(India);
        foreach (var path in new[] { "", "/export", "/lookup?number=9198" })
            await ApiServer.ProblemAsync(await server.Foreign.GetAsync($"/api/v1/rate-decks/{id}{path}"), 404, "not_found");
        await ApiServer.ProblemAsync(await server.Foreign.PostAsync($"/api/v1/rate-decks/{id}/import", ApiServer.Csv(India)), 404, "not_found");
        var listed = await ApiServer.BodyAsync(await server.Foreign.GetAsync("/api/v1/rate-decks"));
        Assert.DoesNotContain(listed.GetProperty("items").EnumerateArray(), d => d.GetProperty("id").GetInt32() == id);
    }

    [Theory]
    [InlineData("""{"name":"","kind":"voice","currency":"INR"}""", "name")]
    [InlineData("""{"name":"x","kind":"fax","currency":"INR"}""", "kind")]
    [InlineData("""{"name":"x","kind":"voice","currency":"rupees"}""", "currency")]
    public async Task A_wrong_deck_is_refused_by_field(string body, string field)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var problem = await ApiServer.ProblemAsync(await server.Admin.PostAsync("/api/v1/rate-decks", content), 422, "invalid_value");
        Assert.Equal(field, problem.GetProperty("field").GetString());
    }

    [Fact]
    public async Task Two_decks_cannot_have_one_name()
    {
        var name = server.NewName("twice");
        await server.DeckAsync(India, name);
        using var again = await server.Admin.PostAsync("/api/v1/rate-decks", ApiServer.Json(new { name, kind = "voice", currency = "INR" }));
        await ApiServer.ProblemAsync(again, 409, "name_taken");
    }

    async Task ImportAsync(int id, string csv, string effectiveFrom)
    {
        using var response = await server.Admin.PostAsync($"/api/v1/rate-decks/{id}/import?effectiveFrom={effectiveFrom}", ApiServer.Csv(csv));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    async Task<string?> AmountAsync(int id, string at) =>
        (await ApiServer.BodyAsync(await server.Admin.GetAsync($"/api/v1/rate-decks/{id}/lookup?number=919812345678&at={at}"))).GetProperty("amount").GetString();
}
