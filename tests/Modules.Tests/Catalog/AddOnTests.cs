using System.Net;
using System.Net.Http.Headers;

namespace Balatrix.Modules.Tests.Catalog;

/// <summary>Add-ons over HTTP.</summary>
public sealed class AddOnTests(ApiServer server) : IClassFixture<ApiServer>
{
    static object AddOn(string? code, string monthly = "99.00") =>
        new { code, name = "Extension", currency = "INR", terms = new { prices = new { monthly }, limits = new { extensions = 1 } } };

    [Fact]
    public async Task It_is_made_listed_changed_and_retired()
    {
        var code = server.NewName("extension");
        using (var made = await server.Admin.PostAsync("/api/v1/addons", ApiServer.Json(AddOn(code))))
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        using (var again = await server.Admin.PostAsync("/api/v1/addons", ApiServer.Json(AddOn(code))))
            await ApiServer.ProblemAsync(again, 409, "code_taken");
        Assert.Contains(code, await server.Anonymous.GetStringAsync("/api/v1/addons"));

        using (var changed = await server.Admin.PutAsync($"/api/v1/addons/{code}", ApiServer.Json(AddOn(null, "119.00"))))
        {
            Assert.Equal("\"2\"", changed.Headers.ETag!.Tag);
            Assert.Equal("119.00", (await ApiServer.BodyAsync(changed)).GetProperty("terms").GetProperty("prices").GetProperty("monthly").GetString());
        }
        using var stale = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/addons/{code}") { Content = ApiServer.Json(AddOn(null)) };
        stale.Headers.IfMatch.Add(new EntityTagHeaderValue("\"1\""));
        using (var refused = await server.Admin.SendAsync(stale))
            await ApiServer.ProblemAsync(refused, 412, "version_changed");

        using (var retired = await server.Admin.DeleteAsync($"/api/v1/addons/{code}"))
            Assert.Equal("retired", (await ApiServer.BodyAsync(retired)).GetProperty("status").GetString());
        Assert.DoesNotContain(code, await server.Anonymous.GetStringAsync("/api/v1/addons?all=true"));
        Assert.Contains(code, await server.Admin.GetStringAsync("/api/v1/addons?all=true"));
        using var late = await server.Admin.PutAsync($"/api/v1/addons/{code}", ApiServer.Json(AddOn(null)));
        await ApiServer.ProblemAsync(late, 409, "addon_retired");
    }

    [Fact]
    public async Task Another_tenant_neither_sees_nor_changes_it()
    {
        var code = server.NewName("own");
        using (await server.Admin.PostAsync("/api/v1/addons", ApiServer.Json(AddOn(code))))
            Assert.DoesNotContain(code, await server.Foreign.GetStringAsync("/api/v1/addons?all=true"));
        using var foreign = await server.Foreign.PutAsync($"/api/v1/addons/{code}", ApiServer.Json(AddOn(null)));
        await ApiServer.ProblemAsync(foreign, 404, "not_found");
    }

    [Theory]
    [InlineData("""{"code":"UPPER","name":"x","currency":"INR","terms":{"prices":{"monthly":"1"}}}""", "code")]
    [InlineData("""{"code":"a","name":"","currency":"INR","terms":{"prices":{"monthly":"1"}}}""", "name")]
    [InlineData("""{"code":"a","name":"x","currency":"inr","terms":{"prices":{"monthly":"1"}}}""", "currency")]
    [InlineData("""{"code":"a","name":"x","currency":"INR","terms":{}}""", "terms.prices")]
    [InlineData("""{"code":"a","name":"x","currency":"INR","terms":{"prices":{"monthly":"-1"}}}""", "terms.prices")]
    [InlineData("""{"code":"a","name":"x","currency":"INR","terms":{"prices":{"monthly":"1"},"allowances":null}}""", "terms")]
    [InlineData("""{"code":"a","name":"x","currency":"INR","terms":{"prices":{"monthly":"1"},"limits":{"dids":-1}}}""", "terms.limits.dids")]
    public async Task What_is_wrong_is_named(string body, string field)
    {
        using var response = await server.Admin.PostAsync("/api/v1/addons", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(field, (await ApiServer.ProblemAsync(response, 422, "invalid_value")).GetProperty("field").GetString());
    }
}
