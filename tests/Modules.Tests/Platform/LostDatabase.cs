using System.Net;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Tests.Platform;

/// <summary>What clients are told while connections to the database are lost.</summary>
public sealed class LostDatabase(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task A_lost_connection_is_answered_503_and_the_next_request_is_served()
    {
        var refused = 0;
        for (var round = 0; round < 8; round++)
        {
            Assert.Equal(HttpStatusCode.OK, (await server.Admin.GetAsync("/api/v1/jobs")).StatusCode);
            await CutAsync();
            using var response = await server.Admin.GetAsync("/api/v1/jobs");
            if (response.StatusCode == HttpStatusCode.OK)
                continue;
            await ApiServer.ProblemAsync(response, 503, "database_unavailable");
            Assert.Equal(TimeSpan.FromSeconds(2), response.Headers.RetryAfter?.Delta);
            refused++;
            while (!(await server.Admin.GetAsync("/api/v1/jobs")).IsSuccessStatusCode)
                await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        Assert.InRange(refused, 1, 8);
    }

    async Task CutAsync()
    {
        await using var connection = await server.Database.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await Database.ExecuteAsync(
            connection, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name = 'balatrix'", [],
            TestContext.Current.CancellationToken);
    }
}
