using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Balatrix.Modules.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Bench;

/// <summary>Past use priced again under a plan over HTTP, in one stream: records a second, beside 200,000.</summary>
static class Simulate
{
    const double Goal = 200_000;

    public static async Task<BenchResult> RunAsync(BenchWorld world, int records)
    {
        await world.FillAsync(records);
        var key = (await world.Services.GetRequiredService<ApiKeys>().CreateAsync(BenchWorld.Tenant, "simulate", [Scope.All], [], null, CancellationToken.None)).Key;
        using var http = new HttpClient { BaseAddress = new Uri(world.Url), Timeout = TimeSpan.FromMinutes(4) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var rates = new List<double>();
        for (var round = 0; round < 4; round++)
        {
            using var response = await http.PostAsJsonAsync("/api/v1/plans/simulate", new { plan = "bench", from = DateTimeOffset.UtcNow.AddDays(-100), to = DateTimeOffset.UtcNow.AddDays(1) });
            response.EnsureSuccessStatusCode();
            var report = await response.Content.ReadFromJsonAsync<JsonElement>();
            if (report.GetProperty("records").GetInt64() < records / world.Accounts * world.Accounts)
                throw new InvalidOperationException(report.ToString());
            if (round > 0)
                rates.Add(report.GetProperty("records").GetInt64() * 1000.0 / report.GetProperty("milliseconds").GetInt64());
        }
        var rate = Ingest.Median(rates);
        return new("simulate", "records a second priced again in one stream, beside 200,000", rate, "records/s", Goal, rate / Goal, 1, rate >= Goal);
    }
}
