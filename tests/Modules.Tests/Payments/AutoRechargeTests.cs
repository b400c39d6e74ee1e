using Balatrix.Core.Charging;
using Balatrix.Core.Payments;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Payments;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>Wallets that fill themselves: once for a crossing, capped by the day, by what the method allows.</summary>
public sealed class AutoRechargeTests(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    int unique;

    /// <summary>A wallet with ₹600 that is recharged by ₹300 below ₹500.</summary>
    async Task<string> WalletAsync(string gateway = "stripe", bool hasMethod = true)
    {
        world.Stripe.Faults.Clear();
        var account = await world.NewAccountAsync("600.00");
        if (hasMethod)
            await world.SaveMethodAsync(account, gateway);
        var (status, body) = await world.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/auto-recharge", new { enabled = true, threshold = "500.00", amount = "300.00" });
        Assert.True(status == 200, body.ToString());
        return account;
    }

    Post Take(long rupees) => new(EventKey.Of("test", $"recharge-{Interlocked.Increment(ref unique)}"), EntryKind.Adjustment, Book.Adjustment, -rupees * 1_000_000, "INR", "use", null);

    async Task UseAsync(string account, long rupees)
    {
        Assert.True((await world.Pipeline.SubmitAsync(1, long.Parse(account[4..]), Take(rupees), PaymentWorld.Stop)).Accepted);
        await WorkAsync();
    }

    /// <summary>Waits until the jobs that are due are done.</summary>
    async Task WorkAsync()
    {
        await Soon.UntilAsync(IsDoneAsync, "recharges are done");

        async Task<bool> IsDoneAsync()
        {
            await world.Services.GetRequiredService<JobRunner>().RunDueAsync(1, PaymentWorld.Stop);
            var due = await world.RowsAsync(
                """
                select 1 from platform.jobs j join platform.tenants t using (tenant_id) where j.tenant_id = 1 and j.status = 'queued' and j.kind in ('auto-recharge', 'retry-failed-payment')
                   and coalesce(j.run_at, '-infinity') <= coalesce(t.test_now, now()) limit 1
                """, r => r.GetInt32(0));
            return due.Count == 0;
        }
    }

    Task<List<string>> PaymentsAsync(string account) => world.RowsAsync(
        $"select status || ' ' || (select count(*) from payments.attempts t where t.payment_id = p.payment_id) from payments.payments p where account_id = {account[4..]} and purpose = 4 order by payment_id", r => r.GetString(0));

    Task<List<string>> LettersAsync(string account, int count) => MailSpool.WaitAsync(world, $"{account}@example.com", count);

    static string Paid(int attempts = 1) => $"{(short)PaymentStatus.Succeeded} {attempts}";

    static string Declined(int attempts = 1) => $"{(short)PaymentStatus.Failed} {attempts}";

    [Fact]
    public async Task Many_charges_at_once_on_two_nodes_that_cross_the_mark_make_one_payment()
    {
        var account = await WalletAsync();
        await using var database = new Database(world.ConnectionString);
        await using var other = BalatrixServer.Build(
            database, "http://127.0.0.1:0", TimeProvider.System, data: world.Data, beforeServices: s => s.AddSingleton<OpenGateway>(c => c.Gateway == GatewayKind.Razorpay ? world.Razorpay : world.Stripe));
        await other.StartAsync();
        var pipelines = new[] { world.Pipeline, other.Services.GetRequiredService<ChargingPipeline>() };
        var id = long.Parse(account[4..]);
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(n => pipelines[n % 2].SubmitAsync(1, id, Take(1), PaymentWorld.Stop)));
        Assert.All(answers, a => Assert.True(a.Accepted));
        await WorkAsync();
        await world.UntilAsync(async () => (await PaymentsAsync(account)).SequenceEqual([Paid()]));
        Assert.Equal([Paid()], await PaymentsAsync(account));
        Assert.Equal(("700.00", "300.00"), (await world.BalanceAsync(account), await world.AtGatewaysAsync(account)));
        // Back above the mark and below it again is another crossing.
        await UseAsync(account, 250);
        Assert.Equal([Paid(), Paid()], await PaymentsAsync(account));
        await other.StopAsync();
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_day_has_no_more_recharges_than_its_cap_and_the_next_day_goes_on()
    {
        var account = await WalletAsync();
        foreach (var rupees in new[] { 150, 300, 300, 300 })
            await UseAsync(account, rupees);
        Assert.Equal([Paid(), Paid(), Paid()], await PaymentsAsync(account));
        Assert.Contains("as often today as it may be", Assert.Single(await LettersAsync(account, 1)), StringComparison.Ordinal);
        Assert.Equal("450.00", await world.BalanceAsync(account));
        await world.PassAsync(TimeSpan.FromDays(1));
        await WorkAsync();
        Assert.Equal(4, (await PaymentsAsync(account)).Count);
        Assert.Equal("750.00", await world.BalanceAsync(account));
    }

    [Fact]
    public async Task A_soft_decline_is_written_about_and_tried_again_the_next_day()
    {
        var account = await WalletAsync();
        world.Stripe.Faults["charge"] = () => new("insufficient_funds", "Too little.", DeclineKind.Soft);
        await UseAsync(account, 150);
        Assert.Equal([Declined()], await PaymentsAsync(account));
        Assert.Contains("We try again on", Assert.Single(await LettersAsync(account, 1)), StringComparison.Ordinal);
        // More use below the mark is no other crossing.
        await UseAsync(account, 10);
        world.Stripe.Faults.Clear();
        await world.PassAsync(TimeSpan.FromHours(25));
        await WorkAsync();
        Assert.Equal([Paid(2)], await PaymentsAsync(account));
        Assert.Equal("740.00", await world.BalanceAsync(account));
    }

    [Fact]
    public async Task A_hard_decline_is_never_tried_again()
    {
        var account = await WalletAsync();
        world.Stripe.Faults["charge"] = () => new("stolen_card", "Stolen.", DeclineKind.Hard);
        await UseAsync(account, 150);
        world.Stripe.Faults.Clear();
        await world.PassAsync(TimeSpan.FromDays(16));
        await WorkAsync();
        Assert.Equal([Declined()], await PaymentsAsync(account));
        Assert.Contains("Please choose another one", Assert.Single(await LettersAsync(account, 1)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wallet_that_was_filled_by_hand_meanwhile_is_not_charged_again()
    {
        var account = await WalletAsync();
        world.Stripe.Faults["charge"] = () => new("insufficient_funds", "Too little.", DeclineKind.Soft);
        await UseAsync(account, 150);
        world.Stripe.Faults.Clear();
        await world.TopUpAsync(account, "1000.00");
        await world.PassAsync(TimeSpan.FromDays(2));
        await WorkAsync();
        Assert.Equal([Declined()], await PaymentsAsync(account));
    }

    [Fact]
    public async Task A_charge_whose_answer_is_lost_is_asked_for_and_not_made_again()
    {
        var account = await WalletAsync();
        world.Stripe.Faults["charged"] = () => FakeGateway.Timeout;
        await UseAsync(account, 150);
        world.Stripe.Faults.Clear();
        // Below, above by hand, and below again while it is not known what became of the first.
        await world.TopUpAsync(account, "100.00");
        await UseAsync(account, 100);
        await world.PassAsync(TimeSpan.FromMinutes(10));
        Assert.Equal([Paid()], await PaymentsAsync(account));
        Assert.Equal("300.00", await world.AtGatewaysAsync(account));
    }

    [Fact]
    public async Task Without_a_method_the_customer_is_told()
    {
        var account = await WalletAsync(hasMethod: false);
        await UseAsync(account, 150);
        Assert.Empty(await PaymentsAsync(account));
        var letter = Assert.Single(await LettersAsync(account, 1));
        Assert.Contains($"Subject: Not recharged: {account}\r\n", letter, StringComparison.Ordinal);
        Assert.Single(await world.RowsAsync($"select 1 from audit.records where action = 'account.not_recharged' and entity_id = '{account}'", r => r.GetInt32(0)));
    }
}
