using System.Globalization;
using Balatrix.Core;
using Balatrix.Modules.Payments.Gateways;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>What gateways settle is posted once: out of the clearing book, to the bank, the fee and the tax on it; what does not agree is shown and not posted.</summary>
public sealed class SettlementPostings(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    [Fact]
    public async Task A_settled_payment_leaves_the_clearing_book_once_and_what_does_not_agree_stays_in_it()
    {
        // The bank, the fees and their tax are of both gateways.
        var before = await AmountsAsync();
        var account = await world.NewAccountAsync();
        var (settled, refunded, short_, unsettled) = (await PaidAsync(account, "118.00"), await PaidAsync(account, "50.00"), await PaidAsync(account, "40.00"), await PaidAsync(account, "7.00"));
        var (status, refund) = await world.PostAsync($"/api/v1/payments/{refunded.Payment}/refund", new { amount = "18.00", reason = "Paid twice" }, world.NewKey());
        Assert.True(status == 201, refund.ToString());
        await world.WorkAsync();
        var refundId = Assert.Single(world.Razorpay.Refunds, r => r.PaymentId == refunded.GatewayId).Id;
        world.Razorpay.Settled.AddRange(
        [
            Line(settled.GatewayId, SettledKind.Payment, settled.GatewayId, 118_000_000, 2_360_000, 360_000),
            Line(refunded.GatewayId, SettledKind.Payment, refunded.GatewayId, 50_000_000, 1_180_000, 180_000),
            Line(refundId, SettledKind.Refund, refunded.GatewayId, -18_000_000, 0, 0, refundId),
            Line(short_.GatewayId, SettledKind.Payment, short_.GatewayId, 39_000_000, 1_000_000, 0),
            Line("adj_1", SettledKind.Adjustment, null, -5_000_000, 0, 0),
            Line("pay_stranger", SettledKind.Payment, "pay_stranger", 9_000_000, 0, 0),
            Line(unsettled.GatewayId, SettledKind.Payment, unsettled.GatewayId, 7_000_000, 0, 0) with { SettlementId = null },
        ]);
        // Each day shows the same lines again.
        await world.PassAsync(TimeSpan.FromDays(3));
        Assert.Equal(["gateway.razorpay 47.00", "bank 146.46", "tax.input 0.54", "fees.gateway 3.00"], await BooksAsync("razorpay", before));
        Assert.Equal(["amount", "not_posted", "payment_unknown_here"], await DifferencesAsync("razorpay"));
        await world.AssertBooksProveAsync();

        // The gateway corrects its line; the one that had to wait is settled.
        world.Razorpay.Settled.RemoveAll(i => i.Id == short_.GatewayId || i.Id == unsettled.GatewayId);
        world.Razorpay.Settled.AddRange(
        [
            Line(short_.GatewayId, SettledKind.Payment, short_.GatewayId, 40_000_000, 1_000_000, 0),
            Line(unsettled.GatewayId, SettledKind.Payment, unsettled.GatewayId, 7_000_000, 0, 0),
            Line("again", SettledKind.Payment, settled.GatewayId, 118_000_000, 0, 0),
        ]);
        await world.PassAsync(TimeSpan.FromDays(2));
        world.Razorpay.Settled.Clear();
        Assert.Equal(["gateway.razorpay 0.00", "bank 192.46", "tax.input 0.54", "fees.gateway 4.00"], await BooksAsync("razorpay", before));
        Assert.Equal(["not_posted", "payment_unknown_here", "settled_twice"], await DifferencesAsync("razorpay"));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_payment_that_is_settled_at_Stripe_is_paid_out_to_the_bank_by_a_line_of_its_own()
    {
        var before = await AmountsAsync();
        var account = await world.NewAccountAsync();
        var paid = await PaidAsync(account, "200.00", "stripe");
        world.Stripe.Settled.AddRange(
        [
            Line("txn_1", SettledKind.Payment, paid.GatewayId, 200_000_000, 4_720_000, 720_000) with { SettlementId = null },
            Line("txn_2", SettledKind.Fee, null, 0, 1_180_000, 180_000) with { SettlementId = null },
            Line("txn_3", SettledKind.Payout, null, -150_000_000, 0, 0) with { SettlementId = null },
        ]);
        await world.PassAsync(TimeSpan.FromDays(3));
        world.Stripe.Settled.Clear();
        Assert.Equal(["gateway.stripe 0.00", "balance.stripe 44.10"], await BooksAsync("stripe", before));
        Assert.Empty(await DifferencesAsync("stripe"));
        await world.AssertBooksProveAsync();

        // What is posted and not as the line says is found.
        await world.RowsAsync("update payments.settlements set net_micros = net_micros + 1 where item_id = 'txn_1' returning 1", r => r.GetInt32(0));
        var report = await new Modules.Ledger.LedgerVerification(world.Database).VerifyAsync(null, PaymentWorld.Stop);
        Assert.Equal(["every settled line is posted exactly once"], report.Proofs.Where(p => !p.Proven).Select(p => p.Name));
        await world.RowsAsync("update payments.settlements set net_micros = net_micros - 1, posted_at = null where item_id = 'txn_1' returning 1", r => r.GetInt32(0));
        report = await new Modules.Ledger.LedgerVerification(world.Database).VerifyAsync(null, PaymentWorld.Stop);
        Assert.Equal(["gateway clearing equals unsettled payments", "every settled line is posted exactly once"], report.Proofs.Where(p => !p.Proven).Select(p => p.Name));
        await world.RowsAsync("update payments.settlements set posted_at = now() where item_id = 'txn_1' returning 1", r => r.GetInt32(0));
        await world.AssertBooksProveAsync();
    }

    async Task<(string Payment, string GatewayId)> PaidAsync(string account, string amount, string gateway = "razorpay")
    {
        var (id, order) = await world.OrderAsync(account, amount, gateway);
        var paid = (gateway == "stripe" ? world.Stripe : world.Razorpay).Pay(order);
        Assert.Equal(200, (await world.VerifyAsync(id, paid)).Status);
        return (id, paid.Id);
    }

    /// <summary>What the gateway's lines have moved since in their books; the other gateway's are not its own.</summary>
    async Task<string[]> BooksAsync(string gateway, List<(string Book, decimal Amount)> before) =>
    [
        .. from b in await AmountsAsync()
           where b.Book.Contains("stripe", StringComparison.Ordinal) == (gateway == "stripe")
           select string.Create(CultureInfo.InvariantCulture, $"{b.Book} {b.Amount - before.Find(o => o.Book == b.Book).Amount:0.00}"),
    ];

    async Task<List<(string Book, decimal Amount)>> AmountsAsync() =>
        [.. (await world.GetAsync("/api/v1/payments/statistics")).Body.GetProperty("books").EnumerateArray().Select(b => (b.GetProperty("book").GetString()!, decimal.Parse(b.GetProperty("amount").GetString()!, CultureInfo.InvariantCulture)))];

    /// <summary>Of the latest run.</summary>
    async Task<string[]> DifferencesAsync(string gateway)
    {
        var run = (await world.GetAsync("/api/v1/payments/statistics")).Body.GetProperty("reconciliations").EnumerateArray().First(r => r.GetProperty("gateway").GetString() == gateway);
        Assert.Equal(run.GetProperty("clearing").GetString(), run.GetProperty("unsettled").GetString());
        return [.. run.GetProperty("differences").EnumerateArray().Select(d => d.GetProperty("what").GetString()!).Order(StringComparer.Ordinal)];
    }

    static SettledItem Line(string id, SettledKind kind, string? paymentId, long gross, long fee, long tax, string? refundId = null) => new(
        id, kind, paymentId, refundId, null, null, Inr(gross), Inr(fee), Inr(tax), Inr(gross - fee), "setl_1", "UTR1", DateTimeOffset.UtcNow, null);

    static Money Inr(long micros) => new(micros, "INR");
}
