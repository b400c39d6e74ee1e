using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Voice.EventSocket;
using Balatrix.Modules.Usage;
using Balatrix.Modules.Voice;
using Balatrix.Modules.Voice.Calls;
using Balatrix.Modules.Voice.EventSocket;
using Balatrix.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>The application that tests ask and post to; it controls no FreeSWITCH itself.</summary>
public sealed class VoiceApp(TestCluster cluster) : TestApp(cluster)
{
    public ManualClock Time { get; } = new();

    protected override TimeProvider Clock => Time;
}

/// <summary>A stand-in FreeSWITCH and processes of Balatrix that control it over real TCP: they may be ended and begun again. All live by one clock that tests put forward.</summary>
sealed class VoiceLab : IAsyncDisposable
{
    /// <summary>Two paisa a second, whatever the length.</summary>
    public const string Deck = "prefix,description,rate,increment_seconds\n91,India,1.20,1\n4420,London,1.20,1\n";

    /// <summary>A London number.</summary>
    public const string London = "442071838750";

    static int labs;

    readonly VoiceApp app;
    readonly List<(WebApplication Process, Database Database)> processes = [];

    VoiceLab(VoiceApp app) => this.app = app;

    public StandInFreeSwitch Switch { get; private set; } = null!;

    public string Plan { get; private set; } = "";

    public string NodeName { get; } = $"fs{Interlocked.Increment(ref labs)}";

    public TestApp App => app;

    public ManualClock Time => app.Time;

    public LiveCalls Live => processes[^1].Process.Services.GetRequiredService<LiveCalls>();

    public static async Task<VoiceLab> StartAsync(VoiceApp app, string deck = Deck, bool isControlled = true)
    {
        var lab = new VoiceLab(app) { Switch = StandInFreeSwitch.Start(app.Time) };
        lab.Plan = await lab.PlanAsync(deck);
        if (isControlled)
            await lab.ControlAsync();
        return lab;
    }

    /// <summary>A plan with prices of its own.</summary>
    public async Task<string> PlanAsync(string deck)
    {
        var name = $"lab-{Guid.NewGuid():N}"[..20];
        var (_, made) = await app.PostAsync("/api/v1/rate-decks", new { name, kind = "voice", currency = "INR" });
        var (imported, answer) = await app.SendAsync(HttpMethod.Post, $"/api/v1/rate-decks/{made.GetProperty("id").GetInt32()}/import", deck, "text/csv");
        Assert.True(imported is 200 or 201, answer.ToString());
        var terms = new { decks = new Dictionary<string, string[]> { ["voice.outbound"] = [name], ["voice.inbound"] = [name] } };
        Assert.Equal(201, (await app.PostAsync("/api/v1/plans", new { code = name, name, currency = "INR", terms })).Status);
        Assert.Equal(200, (await app.PostAsync($"/api/v1/plans/{name}/publish", null)).Status);
        return name;
    }

    public async Task<string> AccountAsync(string balance, string? plan = null) => await app.OpenAccountAsync(balance, plan ?? Plan);

    /// <summary>Begins a process that controls the switch, if no other does.</summary>
    public async Task<WebApplication> ControlAsync(bool isWaitedFor = true)
    {
        var before = Switch.Listeners;
        var database = new Database(app.ConnectionString);
        var process = BalatrixServer.Build(database, "http://127.0.0.1:0", Time, data: app.Data, beforeServices: services =>
        {
            services.Configure<FreeSwitchOptions>(options => options.Nodes.Add(Switch.Node(NodeName)));
            services.AddSingleton(new CallTimings(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.2), TimeSpan.FromMilliseconds(20))
            {
                // The stand-in lives by the clock of tests, so that a busy machine may take its time.
                Answer = TimeSpan.FromSeconds(15),
            });
        });
        await process.StartAsync();
        processes.Add((process, database));
        await UntilAsync(() => Switch.Listeners >= before + 2, "The switch is linked");
        if (isWaitedFor)
            await Task.Delay(300);
        return process;
    }

    /// <summary>Ends a process, the first that still runs.</summary>
    public async Task EndProcessAsync()
    {
        var (process, database) = processes[0];
        processes.RemoveAt(0);
        await process.StopAsync();
        await process.DisposeAsync();
        await database.DisposeAsync();
    }

    public Task<StandInChannel> DialAsync(string account, string to = London, StandInCall? like = null) => Switch.DialAsync((like ?? new StandInCall()) with
    {
        To = to,
        AccountCode = account,
        Variables = new Dictionary<string, string> { ["bill_notify"] = "true" },
    });

    /// <summary>A call that was let through and answered.</summary>
    public async Task<StandInChannel> TalkAsync(string account, string to = London)
    {
        var call = await DialAsync(account, to);
        await call.RoutedAsync();
        await call.AnswerAsync();
        await UntilAsync(() => Live.Snapshot(1, Time.GetUtcNow()).Any(c => c.Uuid == call.Uuid && c.State == "talking"), "The call is known to talk");
        return call;
    }

    /// <summary>Time passes, step by step, and everybody does what is due.</summary>
    public async Task PassAsync(double seconds, double step = 5)
    {
        for (; seconds > 0; seconds -= step)
        {
            Time.Advance(TimeSpan.FromSeconds(Math.Min(seconds, step)));
            await Task.Delay(120);
        }
    }

    public async Task<(int Status, JsonElement Body)> PostRecordAsync(string uuid) => await app.SendAsync(
        HttpMethod.Post, $"/api/v1/webhooks/cdr?uuid={uuid}", Encoding.UTF8.GetBytes(Switch.Cdrs.Single(c => c.Uuid == uuid).Json), "application/json",
        r => r.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"fs:{app.AdminKey}"))));

    /// <summary>The record as FreeSWITCH leaves it in a file when it cannot post it.</summary>
    public async Task<IngestSummary> IngestRecordAsync(string uuid)
    {
        var file = new FileInfo(Path.Combine(Directory.CreateDirectory(app.Data).FullName, $"{uuid}.cdr.json"));
        await File.WriteAllTextAsync(file.FullName, Switch.Cdrs.Single(c => c.Uuid == uuid).Json + "\n");
        var ingestion = new FileIngestion(
            app.Services.GetRequiredService<UsageIntake>(), app.Services.GetRequiredService<CallLegs>(), app.Services.GetRequiredService<CallRecords>(), app.Services.GetRequiredService<TenantClock>(),
            TimeZoneInfo.Utc, null, tenantId: 1);
        await ingestion.IngestAsync(file, _ => { }, CancellationToken.None);
        return ingestion.Summary;
    }

    public async Task<(decimal Balance, decimal Held)> MoneyAsync(string account)
    {
        var (_, body) = await app.GetAsync($"/api/v1/accounts/{account}");
        return (Decimal("balance"), Decimal("held"));

        decimal Decimal(string name) => decimal.Parse(body.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);
    }

    /// <summary>The charged calls of an account: their uses and amounts.</summary>
    public async Task<List<(string Id, long Ms, decimal Amount)>> ChargesAsync(string account)
    {
        var (status, body) = await app.GetAsync($"/api/v1/cdrs?account={account}&limit=100&from={Time.GetUtcNow().AddDays(-9):yyyy-MM-dd}T00:00:00Z&to={Time.GetUtcNow().AddDays(9):yyyy-MM-dd}T00:00:00Z");
        Assert.True(status == 200, body.ToString());
        return [.. body.GetProperty("items").EnumerateArray().Select(i => (
            i.GetProperty("eventId").GetString()!, i.GetProperty("quantity").GetInt64(), decimal.Parse(i.GetProperty("amount").GetString()!, CultureInfo.InvariantCulture)))];
    }

    /// <summary>Waits until all that an account's calls held is settled.</summary>
    public Task SettledAsync(string account, int calls = 1) =>
        UntilAsync(async () => (await MoneyAsync(account)).Held == 0 && (await ChargesAsync(account)).Count >= calls, "The call is settled");

    /// <summary>Waits until legs that ended are charged, and those that go on after them are reserved.</summary>
    public Task SettledAfterTransferAsync(string account, int calls) =>
        UntilAsync(async () => (await ChargesAsync(account)).Count == calls && Live.Snapshot(1, Time.GetUtcNow()).Count(c => c.Account == account && c.State == "talking") >= calls, "The legs are paid on");

    public static decimal PriceOf(StandInChannel call) => 0.02m * Math.Ceiling(call.BillUsec / 1_000_000m);

    public static Task UntilAsync(Func<bool> isSo, string what) => UntilAsync(() => Task.FromResult(isSo()), what);

    public static async Task UntilAsync(Func<Task<bool>> isSo, string what)
    {
        for (var tries = 0; tries < 600; tries++)
        {
            if (await isSo())
                return;
            await Task.Delay(25);
        }
        throw new TimeoutException($"{what}: not so after 15 s.");
    }

    public async ValueTask DisposeAsync()
    {
        while (processes.Count > 0)
            await EndProcessAsync();
        await Switch.DisposeAsync();
    }
}
