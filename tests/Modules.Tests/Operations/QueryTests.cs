using System.Globalization;

namespace Balatrix.Modules.Tests.Operations;

/// <summary>What the API takes after the question mark.</summary>
public sealed class QueryTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Theory]
    [InlineData("/api/v1/cdrs?acount=ACC-10001", "acount", "account, number")]
    [InlineData("/api/v1/cdrs/analytics?groupBy=cause", "groupBy", "by, digits")]
    [InlineData("/api/v1/accounts/ACC-10001/balance?deep=1", "deep", "no parameters")]
    public async Task A_parameter_that_an_address_does_not_take_is_refused_with_those_it_takes(string path, string field, string expected)
    {
        var problem = await ApiServer.ProblemAsync(await server.Admin.GetAsync(path), 400, "unknown_parameter");
        Assert.Equal(field, problem.GetProperty("field").GetString());
        Assert.Contains(expected, problem.GetProperty("expected").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/cdrs?limit=ten", "limit")]
    [InlineData("/api/v1/cdrs?limit=5000000000", "limit")]
    [InlineData("/api/v1/cdrs?limit=5&limit=6", "limit")]
    [InlineData("/api/v1/cdrs?account=ACC-10001&account=ACC-10002", "account")]
    [InlineData("/api/v1/cdrs?from=02/03/2026", "from")]
    [InlineData("/api/v1/cdrs?to=0001-01-01", "to")]
    [InlineData("/api/v1/invoices?from=02/03/2026", "from")]
    [InlineData("/api/v1/plans?all=yes", "all")]
    public async Task A_value_that_cannot_be_read_is_named(string path, string field)
    {
        var problem = await ApiServer.ProblemAsync(await server.Admin.GetAsync(path), 400, "bad_request");
        Assert.Equal(field, problem.GetProperty("field").GetString());
        Assert.EndsWith("once", problem.GetProperty("expected").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_are_taken_in_any_case() =>
        await ApiServer.ProblemAsync(await server.Admin.GetAsync("/api/v1/cdrs?Limit=0"), 422, "invalid_value");

    [Fact]
    public async Task Public_addresses_let_foreign_parameters_be() =>
        Assert.True((await server.Anonymous.GetAsync("/api/v1/plans?utm_source=mail")).IsSuccessStatusCode);

    /// <summary>Midnight in India is half past six of the evening before in London.</summary>
    [Theory]
    [InlineData("2026-03-01", "2026-02-28T18:30:00+00:00")]
    [InlineData("2026-03-01T00:00", "2026-02-28T18:30:00+00:00")]
    [InlineData("2026-03-01T00:00:00%2B05:30", "2026-02-28T18:30:00+00:00")]
    [InlineData("2026-03-01T00:00:00 05:30", "2026-02-28T18:30:00+00:00")]
    [InlineData("2026-03-01T00:00:00Z", "2026-03-01T00:00:00+00:00")]
    public async Task Times_without_an_offset_are_the_tenants(string from, string expected)
    {
        using var opened = await server.Admin.PostAsync("/api/v1/accounts", ApiServer.Json(new { name = "Query", kind = "prepaid" }));
        var account = (await ApiServer.BodyAsync(opened)).GetProperty("id").GetString();
        var statement = await ApiServer.BodyAsync(await server.Admin.GetAsync($"/api/v1/accounts/{account}/statement?from={from}&to=2026-03-02"));
        Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), statement.GetProperty("from").GetDateTimeOffset());
    }
}
