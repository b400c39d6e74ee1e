using System.Text.Json;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Voice.Fraud;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Voice.Fraud;

/// <summary>The seeded application and its fraud guard.</summary>
public sealed class FraudTenant(TestCluster cluster) : TestApp(cluster)
{
    public FraudGuard Guard => Services.GetRequiredService<FraudGuard>();

    public static long Id(string account) => AccountDirectory.TryParseNumber(account, out var id) ? id : throw new ArgumentException(account);

    public static FraudCall Call(string account, string to, DateTimeOffset? at = null, string group = "") => new(Id(account), to, group, 0, at ?? DateTimeOffset.UtcNow);

    public async Task<FraudVerdict> CheckAsync(string account, string to, DateTimeOffset? at = null) => await Guard.CheckAsync(1, Call(account, to, at), CancellationToken.None);

    /// <summary>Lets calls go on until one is refused; says how many did.</summary>
    public async Task<int> CallUntilRefusedAsync(string account, string to, DateTimeOffset? at = null, int most = 50)
    {
        for (var taken = 0; taken < most; taken++)
        {
            var call = Call(account, to, at);
            if (!(await Guard.CheckAsync(1, call, CancellationToken.None)).Allowed)
                return taken;
            Guard.Started(1, call);
        }
        return most;
    }

    public async Task SetRulesAsync(string account, object rules)
    {
        var (status, body) = await SendAsync(HttpMethod.Put, $"/api/v1/fraud/rules/{account}", rules);
        Assert.True(status == 200, body.ToString());
    }

    public async Task<JsonElement?> OpenAlertAsync(string account)
    {
        var items = (await GetAsync($"/api/v1/fraud/alerts?status=open&account={account}")).Body.GetProperty("items");
        return items.GetArrayLength() > 0 ? items[0] : null;
    }

    /// <summary>What nodes tell each other every second.</summary>
    public static Task SoonAsync(Func<Task<bool>> ask) => Soon.UntilAsync(ask, "nodes have told each other");

    public async Task<JsonElement> AlertSoonAsync(string account) => JsonElement.Parse(await Soon.AnswerAsync(async () => (await OpenAlertAsync(account))?.GetRawText(), "an alert"));

    public async Task<long> CountAsync(string sql)
    {
        await using var command = Database.Owner.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
