using System.Net;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Platform;

/// <summary>What clients are told while connections to the database are lost.</summary>
public sealed class LostDatabase(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task A_lost_connection_is_answered_503_and_the_next_request_is_served()
    {
        var refused = 0;
        await Soon.UntilAsync(
            async () =>
            {
                // Other connections of the pool may have been cut before.
                await Soon.UntilAsync(async () => (await server.Admin.GetAsync("/api/v1/jobs")).IsSuccessStatusCode, "the next request is served");
                await CutAsync();
                using var response = await server.Admin.GetAsync("/api/v1/jobs");
                if (response.StatusCode == HttpStatusCode.OK)
                    return false;
                await ApiServer.ProblemAsync(response, 503, "database_unavailable");
                Assert.Equal(TimeSpan.FromSeconds(2), response.Headers.RetryAfter?.Delta);
                return ++refused == 4;
            },
            "a lost connection is told");
    }

    async Task CutAsync()
    {
        await using var connection = await server.Database.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await Database.ExecuteAsync(
            connection, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name = 'balatrix'", [],
            TestContext.Current.CancellationToken);
    }
}
