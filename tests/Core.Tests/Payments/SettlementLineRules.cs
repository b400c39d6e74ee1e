using Balatrix.Core.Charging;
using Balatrix.Core.Payments;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Payments;

/// <summary>What a line of a gateway's books posts: its gross leaves the clearing book, whatever the signs.</summary>
public sealed class SettlementLineRules
{
    [Fact]
    public void The_clearing_book_loses_the_gross_and_each_other_book_gains_its_part() => Prop.ForAll<int, int, int>((gross, fee, tax) =>
    {
        foreach (var gateway in new[] { GatewayKind.Razorpay, GatewayKind.Stripe })
        {
            var (clearing, settled) = SettlementLine.BooksOf(gateway);
            var line = new SettlementLine(gross, fee, tax);
            var parts = line.Settle(gateway).ToList();
            Assert.All(parts, p => Assert.True(p.Micros > 0));
            Assert.Equal((-(long)gross, line.NetMicros, (long)fee - tax, (long)tax), (Change(parts, clearing), Change(parts, settled), Change(parts, Book.GatewayFees), Change(parts, Book.TaxInput)));
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_payout_takes_its_amount_and_fee_from_the_balance()
    {
        var parts = new SettlementLine(-100, 12, 2).PayOut(GatewayKind.Stripe).ToList();
        Assert.Equal((100L, -112L, 10L, 2L), (Change(parts, Book.Bank), Change(parts, Book.BalanceStripe), Change(parts, Book.GatewayFees), Change(parts, Book.TaxInput)));
        Assert.Equal(-100, Change([.. new SettlementLine(100, 0, 0).PayOut(GatewayKind.Stripe)], Book.Bank));
    }

    [Fact]
    public void A_line_of_no_rule_changes_what_is_settled_by_its_net_and_never_the_clearing_book() => Prop.ForAll<int, int, int>((gross, fee, tax) =>
    {
        foreach (var gateway in new[] { GatewayKind.Razorpay, GatewayKind.Stripe })
            foreach (var what in Enum.GetValues<SettledAs>())
            {
                var (clearing, settled) = SettlementLine.BooksOf(gateway);
                var line = new SettlementLine(gross, fee, tax);
                var parts = line.SettleAs(gateway, what).ToList();
                Assert.All(parts, p => Assert.True(p.Micros > 0 && p.Debit != p.Credit));
                Assert.Equal((0L, line.NetMicros, (long)tax), (Change(parts, clearing), Change(parts, settled), Change(parts, Book.TaxInput)));
                Assert.Equal(parts.Count, parts.Select(p => p.Name).Distinct().Count());
            }
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(GatewayKind.Razorpay, SettledAs.Fee, Book.GatewayFees)]
    [InlineData(GatewayKind.Razorpay, SettledAs.Chargeback, Book.Writeoff)]
    [InlineData(GatewayKind.Razorpay, SettledAs.BankCorrection, Book.Adjustment)]
    [InlineData(GatewayKind.Stripe, SettledAs.BankCorrection, Book.Bank)]
    [InlineData(GatewayKind.Stripe, SettledAs.Other, Book.Adjustment)]
    public void What_it_is_said_to_be_decides_who_bears_it(GatewayKind gateway, SettledAs what, Book against) =>
        Assert.Equal(500, Change([.. new SettlementLine(-500, 0, 0).SettleAs(gateway, what)], against));

    static long Change(List<SettlementPart> parts, Book book) => parts.Sum(p => p.Debit == book ? p.Micros : p.Credit == book ? -p.Micros : 0);
}
