using Balatrix.Modules.Identity;
using Balatrix.Modules.Tests.Voice.Calls;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Voice.Doors;

/// <summary>POST /calls/authorize: the answer, what it holds, and what becomes of that.</summary>
public sealed class AuthorizeOverHttp(VoiceApp app) : IClassFixture<VoiceApp>
{
    static object Call(string account, string uuid, string to = "+442071838750") => new { uuid, account, from = "+918045678901", to };

    static string NewUuid() => Guid.NewGuid().ToString();

    [Fact]
    public async Task A_call_that_may_go_on_is_answered_with_its_price_and_length_and_asking_again_holds_nothing_more()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var (account, uuid) = (await lab.AccountAsync("12.00"), NewUuid());
        var (status, body) = await app.PostAsync("/api/v1/calls/authorize", Call(account, uuid));
        Assert.True(status == 200, body.ToString());
        // Nobody extends it, so all that 12.00 buys is held: 600 seconds at 1.20 a minute.
        Assert.Equal((account, 600, 600, "London", "1.20", "INR"), (
            body.GetProperty("account").GetString(), body.GetProperty("grantedSeconds").GetInt32(), body.GetProperty("longestSeconds").GetInt32(), body.GetProperty("destination").GetString(),
            body.GetProperty("pricePerMinute").GetString(), body.GetProperty("currency").GetString()));
        Assert.Equal((12.00m, 12.00m), await lab.MoneyAsync(account));
        var (_, again) = await app.PostAsync("/api/v1/calls/authorize", Call(account, uuid));
        Assert.Equal(body.GetProperty("reservationId").GetString(), again.GetProperty("reservationId").GetString());
        Assert.Equal((12.00m, 12.00m), await lab.MoneyAsync(account));
    }

    [Fact]
    public async Task The_record_settles_what_was_held_and_charges_the_call_once()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var (account, uuid) = (await lab.AccountAsync("12.00"), NewUuid());
        Assert.Equal(200, (await app.PostAsync("/api/v1/calls/authorize", Call(account, uuid))).Status);
        var start = app.Time.GetUtcNow().ToUnixTimeSeconds();
        var record = $$"""
            {"variables":{"uuid":"{{uuid}}","accountcode":"{{account}}","start_epoch":"{{start}}","answer_epoch":"{{start + 2}}","end_epoch":"{{start + 47}}","billusec":"45000000","hangup_cause":"NORMAL_CLEARING"},
             "callflow":[{"caller_profile":{"caller_id_number":"918045678901","destination_number":"442071838750"} }]}
            """;
        Assert.InRange((await app.SendAsync(HttpMethod.Post, "/api/v1/webhooks/cdr", record)).Status, 200, 201);
        Assert.Equal((11.10m, 0.00m), await lab.MoneyAsync(account));
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Post, "/api/v1/webhooks/cdr", record)).Status);
        Assert.Equal((11.10m, 0.00m), await lab.MoneyAsync(account));
        Assert.Equal([(uuid, 45_000L, 0.90m)], await lab.ChargesAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task What_no_call_follows_is_let_go_by_itself()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var account = await lab.AccountAsync("1.20");
        Assert.Equal(200, (await app.PostAsync("/api/v1/calls/authorize", Call(account, NewUuid()))).Status);
        Assert.Equal(1.20m, (await lab.MoneyAsync(account)).Held);
        app.Time.Advance(TimeSpan.FromMinutes(20));
        await app.Services.GetRequiredService<Modules.Ledger.ReservationSweep>().SweepAsync(1, CancellationToken.None);
        Assert.Equal((1.20m, 0.00m), await lab.MoneyAsync(account));
    }

    [Fact]
    public async Task A_call_that_may_not_is_refused_with_the_status_of_SIP_and_the_cause_of_FreeSWITCH()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var (rich, broke) = (await lab.AccountAsync("100.00"), await lab.AccountAsync("0.00"));
        Assert.Equal((402, "insufficient_balance", "OUTGOING_CALL_BARRED"), await RefusedAsync(Call(broke, NewUuid())));
        Assert.Equal((404, "unknown_destination", "UNALLOCATED_NUMBER"), await RefusedAsync(Call(rich, NewUuid(), "+12125550100")));
        Assert.Equal((403, "unknown_account", "CALL_REJECTED"), await RefusedAsync(Call("nobody", NewUuid())));
        var plan = await lab.PlanAsync("prefix,description,rate,increment_seconds\n870,Inmarsat,300.00,1\n53,Cuba,60.00,1\n");
        var abroad = await lab.AccountAsync("1000.00", plan);
        Assert.Equal((403, "fraud_blocked_destination", "OUTGOING_CALL_BARRED"), await RefusedAsync(Call(abroad, NewUuid(), "+870773111632")));
        Assert.Equal((403, "fraud_first_call", "OUTGOING_CALL_BARRED"), await RefusedAsync(Call(abroad, NewUuid(), "+5352123456")));
        Assert.Equal((1000.00m, 0.00m), await lab.MoneyAsync(abroad));
    }

    [Theory]
    [InlineData("""{"to":"+442071838750"}""", "uuid")]
    [InlineData("""{"uuid":"x","to":"+442071838750"}""", "uuid")]
    [InlineData("""{"uuid":"6066ab8e-bff8-4f45-9e7f-2bad4aac639d"}""", "to")]
    [InlineData("""{"uuid":"6066ab8e-bff8-4f45-9e7f-2bad4aac639d","to":"a\u0000"}""", "to")]
    [InlineData("""{"uuid":"6066ab8e-bff8-4f45-9e7f-2bad4aac639d","to":"+44","direction":"sideways"}""", "direction")]
    [InlineData("""{"uuid":"6066ab8e-bff8-4f45-9e7f-2bad4aac639d","to":"+44","account":"a\u0000"}""", "account")]
    public async Task What_makes_no_sense_is_refused_by_its_field(string body, string field)
    {
        var (status, problem) = await app.SendAsync(HttpMethod.Post, "/api/v1/calls/authorize", body);
        Assert.Equal((422, field), (status, problem.GetProperty("field").GetString()));
    }

    [Fact]
    public async Task Another_tenant_cannot_spend_the_money_of_an_account()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var account = await lab.AccountAsync("12.00");
        await using (var tenant = app.Database.Owner.CreateCommand("insert into platform.tenants (tenant_id, slug, name) values (99, 'door-other', 'Other') on conflict do nothing"))
            await tenant.ExecuteNonQueryAsync();
        using var foreign = app.NewClient((await app.Services.GetRequiredService<ApiKeys>().CreateAsync(99, "foreign", [Scope.All], [], null, CancellationToken.None)).Key);
        using var answer = await foreign.PostAsync("/api/v1/calls/authorize", ApiServer.Json(Call(account, NewUuid())));
        Assert.False(answer.IsSuccessStatusCode);
        Assert.Equal((12.00m, 0.00m), await lab.MoneyAsync(account));
    }

    async Task<(int, string?, string?)> RefusedAsync(object call)
    {
        var (status, body) = await app.PostAsync("/api/v1/calls/authorize", call);
        Assert.Equal(status, body.GetProperty("sipStatus").GetInt32());
        return (status, body.GetProperty("code").GetString(), body.GetProperty("cause").GetString());
    }
}
