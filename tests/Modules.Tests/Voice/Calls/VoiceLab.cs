using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Balatrix.Core.Voice;
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
using Microsoft.Extensions.Hosting;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>The application that tests ask and post to; it controls no FreeSWITCH itself.</summary>
public sealed class VoiceApp(TestCluster cluster) : TestApp(cluster)
{
    public StillClock Time { get; } = new();

    protected override TimeProvider Clock => Time;

    protected override void Replace(IServiceCollection services)
    {
        services.AddSingleton(CallTimings.Default with { Answer = Soon.Limit });
        services.Configure<HostOptions>(options => options.ShutdownTimeout = Soon.Limit);
    }
}

/// <summary>A stand-in FreeSWITCH and processes of Balatrix that control it over real TCP: they may be ended and begun again. All live by one clock that stands still unless tests put it forward.</summary>
sealed class VoiceLab : IAsyncDisposable
{
    /// <summary>Two paisa a second, whatever the length.</summary>
    public const string Deck = "prefix,description,rate,increment_seconds\n91,India,1.20,1\n4420,London,1.20,1\n";

    /// <summary>A London number.</summary>
    public const string London = "442071838750";

    static int labs;

    readonly VoiceApp app;
    readonly List<(WebApplication Process, Database Database, DatabaseRelay Relay)> processes = [];
    readonly List<(WebApplication Process, Database Database, DatabaseRelay Relay)> crashed = [];

    VoiceLab(VoiceApp app) => this.app = app;

    public StandInFreeSwitch Switch { get; private set; } = null!;

    public string Plan { get; private set; } = "";

    public string NodeName { get; } = $"fs{Interlocked.Increment(ref labs)}";

    public TestApp App => app;

    public StillClock Time => app.Time;

    /// <summary>The way that the latest process has to the database.</summary>
    public DatabaseRelay Relay => processes[^1].Relay;

    public WebApplication Process => processes[^1].Process;

    public LiveCalls Live => LiveOf(processes[^1].Process);

    public static async Task<VoiceLab> StartAsync(VoiceApp app, string deck = Deck, bool isControlled = true)
    {
        var lab = new VoiceLab(app) { Switch = StandInFreeSwitch.Start(app.Time) };
        // The clock that they would beat by stands still.
        lab.Switch.HeartbeatSeconds = 0;
        lab.Plan = await lab.PlanAsync(deck);
        if (isControlled)
            await lab.ControlAsync();
        return lab;
    }

    /// <summary>A plan with prices of its own.</summary>
    public async Task<string> PlanAsync(string deck)
    {
        var name = $"lab-{Guid.NewGuid():N}"[..20];
        Assert.Equal(201, (await app.PostAsync("/api/v1/rate-decks", new { name, kind = "voice", currency = "INR" })).Status);
        await ImportAsync(name, deck);
        var terms = new { decks = new Dictionary<string, string[]> { ["voice.outbound"] = [name], ["voice.inbound"] = [name] } };
        Assert.Equal(201, (await app.PostAsync("/api/v1/plans", new { code = name, name, currency = "INR", terms })).Status);
        Assert.Equal(200, (await app.PostAsync($"/api/v1/plans/{name}/publish", null)).Status);
        return name;
    }

    /// <summary>The prices of a plan of the lab, as they always should have been.</summary>
    public async Task ImportAsync(string plan, string deck)
    {
        var (_, decks) = await app.GetAsync("/api/v1/rate-decks?limit=500");
        var id = decks.GetProperty("items").EnumerateArray().Single(d => d.GetProperty("name").GetString() == plan).GetProperty("id").GetInt32();
        var (imported, answer) = await app.SendAsync(HttpMethod.Post, $"/api/v1/rate-decks/{id}/import?effectiveFrom=2020-01-01", deck, "text/csv");
        Assert.True(imported is 200 or 201, answer.ToString());
    }

    public async Task<string> AccountAsync(string balance, string? plan = null) => await app.OpenAccountAsync(balance, plan ?? Plan);

    /// <summary>Begins a process that controls the switch, if no other does.</summary>
    public async Task<WebApplication> ControlAsync()
    {
        var relay = new DatabaseRelay(app.ConnectionString);
        var database = new Database(relay.ConnectionString);
        var process = BalatrixServer.Build(database, "http://127.0.0.1:0", Time, data: app.Data, beforeServices: services =>
        {
            // After an outage some services wait before they look again whether they are to stop.
            services.Configure<HostOptions>(options => options.ShutdownTimeout = Soon.Limit);
            services.Configure<FreeSwitchOptions>(options => options.Nodes.Add(Switch.Node(NodeName)));
            services.AddSingleton(new CallTimings(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.2), TimeSpan.FromMilliseconds(20))
            {
                Answer = Soon.Limit,
            });
            services.AddSingleton(new LinkTimings { Handshake = Soon.Limit, Reply = Soon.Limit, Ping = Soon.Limit, Heartbeat = TimeSpan.FromHours(1) });
        });
        await process.StartAsync();
        processes.Add((process, database, relay));
        await Soon.UntilAsync(() => process.Services.GetRequiredService<FreeSwitchNodes>().Links.All(l => l.State == LinkState.Up), "The switch is linked");
        return process;
    }

    /// <summary>Ends a process, the first that still runs.</summary>
    public async Task EndProcessAsync()
    {
        var (process, database, relay) = processes[0];
        processes.RemoveAt(0);
        relay.Mend();
        await process.StopAsync();
        await process.DisposeAsync();
        await database.DisposeAsync();
        await relay.DisposeAsync();
    }

    /// <summary>The first process that still runs ends in the midst of an outage: nothing that it knew is ever written.</summary>
    public void Crash()
    {
        crashed.Add(processes[0]);
        processes.RemoveAt(0);
        crashed[^1].Relay.Cut();
        // Its links are closed, and what waits for the database waits until all is over.
        _ = crashed[^1].Process.Services.GetRequiredService<FreeSwitchNodes>().StopAsync(CancellationToken.None);
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
        await AnswerAsync(call);
        return call;
    }

    /// <summary>A call of some seconds whose end nobody hears.</summary>
    public async Task<StandInChannel> EndUnheardAsync(string account)
    {
        var call = await TalkAsync(account);
        await PassAsync(22.1);
        Switch.Misbehaviour.DropsEvent = (name, _) => name.StartsWith("CHANNEL_HANGUP", StringComparison.Ordinal);
        await call.HangupAsync();
        return call;
    }

    /// <summary>Waits until it is noticed that a call is gone.</summary>
    public Task MissedAsync(StandInChannel call) => Soon.UntilAsync(() => Live.Snapshot(1, Time.GetUtcNow()).Any(c => c.Uuid == call.Uuid && c.State == "ending"), "It is missed");

    /// <summary>A call that was let through is answered, and that is known.</summary>
    public async Task AnswerAsync(StandInChannel call)
    {
        await call.RoutedAsync();
        await call.AnswerAsync();
        await Soon.UntilAsync(() => processes.Exists(p => LiveOf(p.Process).Snapshot(1, Time.GetUtcNow()).Any(c => c.Uuid == call.Uuid && c.State == "talking")), "The call is known to talk");
    }

    /// <summary>Time passes from one thing that is due to the next, and each is done before it passes on.</summary>
    public async Task PassAsync(double seconds)
    {
        for (var until = Time.GetUtcNow().AddSeconds(seconds); Time.GetUtcNow() < until;)
        {
            var next = processes.SelectMany(p => SessionsOf(p.Process)).Select(s => s.WakeAt).Append(Switch.NextDue ?? until).Append(until).Where(t => t > Time.GetUtcNow()).Min();
            Time.Advance(next - Time.GetUtcNow());
            Switch.CatchUp();
            await QuietAsync();
        }
    }

    /// <summary>Waits until nothing is due and nothing is on its way.</summary>
    async Task QuietAsync()
    {
        // What was just written is not yet read.
        var looks = 0;
        await Soon.UntilAsync(() => (looks = processes.TrueForAll(p => IsQuiet(p.Process)) ? looks + 1 : 0) == 3, "All is done that was due");
    }

    bool IsQuiet(WebApplication process) =>
        Switch.IsSilent && process.Services.GetRequiredService<FreeSwitchNodes>().Links.All(l => l.Events.Count == 0)
        && SessionsOf(process).All(s => !s.IsBusy && s.WakeAt > Time.GetUtcNow() && (s.State.Phase != CallPhase.Talking || s.WakeAt < DateTimeOffset.MaxValue));

    IEnumerable<CallSession> SessionsOf(WebApplication process)
    {
        var live = LiveOf(process);
        foreach (var uuid in live.Snapshot(1, Time.GetUtcNow()).Select(c => c.Uuid).Distinct())
            for (var session = live.Find(uuid); session is not null; session = session.Also)
                yield return session;
    }

    static LiveCalls LiveOf(WebApplication process) => process.Services.GetRequiredService<LiveCalls>();

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
        Soon.UntilAsync(async () => (await MoneyAsync(account)).Held == 0 && (await ChargesAsync(account)).Count >= calls, "The call is settled");

    /// <summary>Waits until legs that ended are charged, and those that go on after them are reserved.</summary>
    public Task SettledAfterTransferAsync(string account, int calls) =>
        Soon.UntilAsync(async () => (await ChargesAsync(account)).Count == calls && Live.Snapshot(1, Time.GetUtcNow()).Count(c => c.Account == account && c.State == "talking") >= calls, "The legs are paid on");

    public static decimal PriceOf(StandInChannel call) => 0.02m * Math.Ceiling(call.BillUsec / 1_000_000m);

    public async ValueTask DisposeAsync()
    {
        processes.AddRange(crashed);
        while (processes.Count > 0)
            await EndProcessAsync();
        await Switch.DisposeAsync();
    }
}
