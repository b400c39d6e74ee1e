using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.Calls;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>The authoriser as doors without control of FreeSWITCH use it, and what it does when charging is away.</summary>
public sealed class AuthorizerTests(VoiceApp app) : IClassFixture<VoiceApp>
{
    CallAuthorizer Authorizer => app.Services.GetRequiredService<CallAuthorizer>();

    CallRequest Request(string? account, string to = VoiceLab.London, string? ip = null) =>
        new(1, "elsewhere", Guid.NewGuid().ToString(), null, account, null, ip, "919876543210", to, IsInbound: false, app.Time.GetUtcNow());

    [Fact]
    public async Task Where_nobody_can_renew_slices_all_is_reserved_at_once_and_asking_again_reserves_nothing_more()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var account = await lab.AccountAsync("10.00");
        var request = Request(account);
        for (var i = 0; i < 3; i++)
        {
            var (permit, refusal) = await Authorizer.AuthorizeAsync(request, CancellationToken.None);
            Assert.Null(refusal);
            Assert.Equal((500, 500, account, "London", "1.20", "INR"), (permit!.GrantedSeconds, permit.MaxSeconds, permit.AccountNumber, permit.Destination, permit.PricePerMinute, permit.Currency));
        }
        Assert.Equal((10, 10), await lab.MoneyAsync(account));
        Assert.Equal("insufficient_balance", (await Authorizer.AuthorizeAsync(Request(account), CancellationToken.None)).Refusal?.Code);
    }

    [Fact]
    public async Task A_call_that_is_asked_for_again_may_last_as_long_as_before()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var request = Request(await lab.AccountAsync("100.00"));
        for (var i = 0; i < 3; i++)
        {
            var (permit, _) = await Authorizer.AuthorizeAsync(request, CancellationToken.None);
            Assert.Equal((3_600, 5_000), (permit!.GrantedSeconds, permit.MaxSeconds));
        }
    }

    [Fact]
    public async Task A_postpaid_account_calls_against_its_credit_limit()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var account = await app.OpenAccountAsync("0.00", lab.Plan, "postpaid", "2.00");
        var (permit, _) = await Authorizer.AuthorizeAsync(Request(account), CancellationToken.None);
        Assert.Equal(100, permit!.GrantedSeconds);
        Assert.Equal("insufficient_balance", (await Authorizer.AuthorizeAsync(Request(account), CancellationToken.None)).Refusal?.Code);
    }

    [Fact]
    public async Task A_trunk_is_known_by_its_address_and_a_caller_from_elsewhere_is_refused()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var account = await lab.AccountAsync("10.00");
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/limits", new { allowedIps = new[] { "198.51.100.16/28" } })).Status);
        Assert.Equal(account, (await Authorizer.AuthorizeAsync(Request(null, ip: "198.51.100.20"), CancellationToken.None)).Permit?.AccountNumber);
        Assert.Equal("unknown_account", (await Authorizer.AuthorizeAsync(Request(null, ip: "198.51.100.60"), CancellationToken.None)).Refusal?.Code);
        Assert.Equal("address_not_allowed", (await Authorizer.AuthorizeAsync(Request(account, ip: "198.51.100.60"), CancellationToken.None)).Refusal?.Code);
    }

    [Fact]
    public async Task While_charging_is_away_calls_are_refused_unless_the_tenant_risks_a_bounded_sum()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var account = await lab.AccountAsync("100.00");
        Assert.NotNull((await Authorizer.AuthorizeAsync(Request(account), CancellationToken.None)).Permit);
        await AwayAsync(async () => Assert.Equal(("unavailable", 503), Of(await Authorizer.AuthorizeAsync(Request(account), CancellationToken.None))));
        // Five rupees for all calls of an outage; a call of a minute costs 1.20.
        var settings = new { calls = new { failOpen = true, failOpenLimit = "5.00", failOpenSeconds = 60 } };
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "/api/v1/settings", settings)).Status);
        await Task.Delay(5_200);
        var next = await lab.AccountAsync("100.00");
        Assert.NotNull((await Authorizer.AuthorizeAsync(Request(next), CancellationToken.None)).Permit);
        await AwayAsync(async () =>
        {
            var answers = new List<(CallPermit? Permit, CallRefusal? Refusal)>();
            for (var i = 0; i < 6; i++)
                answers.Add(await Authorizer.AuthorizeAsync(Request(next), CancellationToken.None));
            Assert.Equal(4, answers.Count(a => a.Permit is { GrantedSeconds: 60 } permit && permit.ReservationId == Guid.Empty));
            Assert.Equal(2, answers.Count(a => a.Refusal?.Code == "unavailable"));
            // Nobody of whom nothing is known.
            Assert.Equal("unavailable", (await Authorizer.AuthorizeAsync(Request("ACC-99999"), CancellationToken.None)).Refusal?.Code);
        });
        Assert.NotNull((await Authorizer.AuthorizeAsync(Request(await lab.AccountAsync("10.00")), CancellationToken.None)).Permit);
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "/api/v1/settings", new { calls = new { failOpen = false } })).Status);
    }

    [Theory]
    [InlineData("{\"sliceSeconds\":1}")]
    [InlineData("{\"warnSeconds\":-1}")]
    [InlineData("{\"longestSeconds\":10}")]
    [InlineData("{\"failOpen\":true}")]
    [InlineData("{\"failOpen\":true,\"failOpenLimit\":\"a lot\"}")]
    public async Task Settings_of_calls_are_checked(string calls) =>
        Assert.Equal((422, "calls"), await FieldAsync($$"""{"calls":{{calls}}}"""));

    async Task<(int, string?)> FieldAsync(string settings)
    {
        var (status, body) = await app.SendAsync(HttpMethod.Put, "/api/v1/settings", settings);
        return (status, body.GetProperty("field").GetString());
    }

    static (string? Code, int? Status) Of((CallPermit? Permit, CallRefusal? Refusal) answer) => (answer.Refusal?.Code, answer.Refusal?.SipStatus);

    /// <summary>The accounts cannot be read for a while.</summary>
    async Task AwayAsync(Func<Task> work)
    {
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        await Database.ExecuteAsync(connection, "alter table ledger.accounts rename to accounts_away", [], CancellationToken.None);
        try
        {
            await work();
        }
        finally
        {
            await Database.ExecuteAsync(connection, "alter table ledger.accounts_away rename to accounts", [], CancellationToken.None);
        }
    }
}
