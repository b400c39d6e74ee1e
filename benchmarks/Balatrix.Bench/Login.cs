using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Balatrix.Modules.Identity.Users;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Bench;

/// <summary>What one login costs, which is what one guess at a password costs: meant to be slow, beside a request of who has logged in.</summary>
static class Login
{
    const int Users = 5;
    const int LoginsEach = 4;
    const string Password = "correct horse battery staple 7";

    /// <summary>Less than this would make guessing cheap.</summary>
    const double LeastMilliseconds = 50;

    public static async Task<BenchResult> RunAsync(BenchWorld world)
    {
        using var http = new HttpClient { BaseAddress = new Uri(world.Url) };
        var (logins, others) = (new List<double>(), new List<double>());
        for (var user = 0; user < Users; user++)
        {
            var email = $"bench{user}@example.test";
            await world.Services.GetRequiredService<UserSeeds>().EnsureAsync(
                BenchWorld.Tenant, new(email, "Bench", UserRole.Admin, Password), mustChangePassword: false, (_, _) => Task.FromResult<long?>(null), CancellationToken.None);
            for (var n = 0; n < LoginsEach; n++)
            {
                var start = Stopwatch.GetTimestamp();
                using var login = await http.PostAsJsonAsync("/api/v1/auth/login", new { email, password = Password });
                login.EnsureSuccessStatusCode();
                logins.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                using var me = new HttpRequestMessage(HttpMethod.Get, "/api/v1/auth/me");
                me.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await login.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("accessToken").GetString());
                start = Stopwatch.GetTimestamp();
                using var who = await http.SendAsync(me);
                who.EnsureSuccessStatusCode();
                others.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
        var (value, baseline) = (Ingest.Median(logins), Ingest.Median(others));
        return new("login", "ms of one login, slow on purpose; a request of the one logged in beside it", value, "ms", baseline, value / baseline, 1, value >= LeastMilliseconds);
    }
}
