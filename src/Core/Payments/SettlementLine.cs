using Balatrix.Core.Charging;

namespace Balatrix.Core.Payments;

/// <summary>A part of a settlement line: an amount that moves from one book to another.</summary>
/// <param name="Name">Of the part, unique within its line.</param>
/// <param name="Debit">Where it goes.</param>
/// <param name="Credit">Where it comes from.</param>
/// <param name="Micros">More than zero.</param>
public readonly record struct SettlementPart(string Name, Book Debit, Book Credit, long Micros);

/// <summary>What a line that no rule knows is said to be, by hand. Numbers are stored.</summary>
public enum SettledAs : short
{
    /// <summary>A fee of the gateway's, or one that it gave back.</summary>
    Fee = 1,

    /// <summary>Money that a bank took back and no account here pays for: the tenant's loss, or its return.</summary>
    Chargeback = 2,

    /// <summary>Moved to or from the bank, to correct a payout.</summary>
    BankCorrection = 3,

    /// <summary>Anything else.</summary>
    Other = 4,
}

/// <summary>A line of a gateway's own books, by its amounts. What went out is below zero.</summary>
/// <param name="GrossMicros">Before fees.</param>
/// <param name="FeeMicros">What the gateway keeps, with its tax.</param>
/// <param name="FeeTaxMicros">Of the fee, the tax.</param>
public readonly record struct SettlementLine(long GrossMicros, long FeeMicros, long FeeTaxMicros)
{
    /// <summary>Gross less fee.</summary>
    public long NetMicros => GrossMicros - FeeMicros;

    /// <summary>The books of a gateway: where its payments are until they are settled, and where they are then. Razorpay settles to the bank, Stripe to a balance that is paid out later.</summary>
    public static (Book Clearing, Book Settled) BooksOf(GatewayKind gateway) =>
        gateway == GatewayKind.Razorpay ? (Book.GatewayRazorpay, Book.Bank) : (Book.GatewayStripe, Book.BalanceStripe);

    /// <summary>What a payment, a refund, a dispute or a fee by itself posts: its gross leaves the clearing book, as money that is settled, fee and tax on the fee.</summary>
    public IEnumerable<SettlementPart> Settle(GatewayKind gateway)
    {
        var (clearing, settled) = BooksOf(gateway);
        return Parts([("net", settled, NetMicros), ("fee", Book.GatewayFees, FeeMicros - FeeTaxMicros), ("tax", Book.TaxInput, FeeTaxMicros)], clearing);
    }

    /// <summary>What a payout to the bank posts; one that comes back is above zero.</summary>
    public IEnumerable<SettlementPart> PayOut(GatewayKind gateway) =>
        Parts([("payout", Book.Bank, -GrossMicros), ("fee", Book.GatewayFees, FeeMicros - FeeTaxMicros), ("tax", Book.TaxInput, FeeTaxMicros)], BooksOf(gateway).Settled);

    /// <summary>What a line that is in no rule posts: what is settled changes by its net, against the book of what it is said to be. The clearing book, which is payments' own, is not touched.</summary>
    public IEnumerable<SettlementPart> SettleAs(GatewayKind gateway, SettledAs what)
    {
        var settled = BooksOf(gateway).Settled;
        var against = what switch
        {
            SettledAs.Fee => Book.GatewayFees,
            SettledAs.Chargeback => Book.Writeoff,
            // Razorpay settles to the bank itself.
            SettledAs.BankCorrection when settled != Book.Bank => Book.Bank,
            _ => Book.Adjustment,
        };
        return Parts([("net", settled, NetMicros), ("fee", Book.GatewayFees, FeeMicros - FeeTaxMicros), ("tax", Book.TaxInput, FeeTaxMicros)], against).Where(p => p.Debit != p.Credit);
    }

    static IEnumerable<SettlementPart> Parts((string Name, Book To, long Micros)[] parts, Book from)
    {
        foreach (var (name, to, micros) in parts)
            if (micros > 0)
                yield return new(name, to, from, micros);
            else if (micros < 0)
                yield return new(name, from, to, -micros);
    }
}
