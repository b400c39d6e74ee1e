using System.Collections.Immutable;

namespace Balatrix.Core.Invoices;

/// <summary>Something that was charged and goes on a document. Amounts are micro-units, exact as they stand in the ledger.</summary>
/// <param name="Service">voice, sms, event, recurring, fee or recharge.</param>
/// <param name="Description">What it was.</param>
/// <param name="Quantity">How much of it, in <paramref name="Unit"/>; null for what has no quantity.</param>
/// <param name="Unit">minutes, messages, events, or empty.</param>
/// <param name="Covered">Of the quantity, paid by allowances.</param>
/// <param name="Count">Calls, messages or events.</param>
/// <param name="AmountMicros">Negative for what was given back.</param>
/// <param name="From">First day.</param>
/// <param name="To">Last day.</param>
public sealed record BilledCharge(string Service, string Description, decimal? Quantity, string Unit, decimal? Covered, long Count, long AmountMicros, DateOnly? From, DateOnly? To)
{
    /// <summary>Taken off before tax; already out of <see cref="AmountMicros"/>.</summary>
    public long DiscountMicros { get; init; }

    /// <summary>Average price of a unit that allowances did not pay, to the micro-unit half up; null without units.</summary>
    public long? RateMicros => Quantity - (Covered ?? 0) is { } paid and > 0 ? (long)decimal.Round((AmountMicros + DiscountMicros) / paid, MidpointRounding.AwayFromZero) : null;
}

/// <summary>Charges of a document after what was given back is taken off them.</summary>
/// <param name="Charges">None negative; those that allowances paid whole are there with 0.</param>
/// <param name="SurplusMicros">What was given back beyond all charges; 0 or more.</param>
public sealed record NetCharges(ImmutableArray<BilledCharge> Charges, long SurplusMicros)
{
    /// <summary>Sum of the charges.</summary>
    public long TotalMicros => Charges.Sum(c => c.AmountMicros);
}

/// <summary>Takes credits off charges: a line of a tax invoice cannot be negative, so they become discounts of other lines (CGST rule 46(k)).</summary>
public static class ChargeNetting
{
    /// <summary>Takes off what was given back: from the same service first, from the largest charge down.</summary>
    public static NetCharges Net(IEnumerable<BilledCharge> charges)
    {
        var all = charges.ToList();
        var net = all.Where(c => c.AmountMicros >= 0).ToList();
        var surplus = 0L;
        foreach (var credit in all.Where(c => c.AmountMicros < 0).GroupBy(c => c.Service, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
            surplus += TakeOff(net, credit.Key, -credit.Sum(c => c.AmountMicros));
        var left = TakeOff(net, null, surplus);
        return new([.. net], left);
    }

    /// <summary>Takes an amount off charges that something else has paid, such as balance that was taxed before.</summary>
    public static NetCharges TakeOff(NetCharges charges, long micros)
    {
        var net = charges.Charges.ToList();
        var left = TakeOff(net, null, micros);
        return new([.. net], charges.SurplusMicros + left);
    }

    /// <summary>Takes as much as there is and says what was left to take.</summary>
    static long TakeOff(List<BilledCharge> net, string? service, long micros)
    {
        foreach (var at in Enumerable.Range(0, net.Count).Where(i => service is null || net[i].Service == service).OrderByDescending(i => net[i].AmountMicros).ThenBy(i => i).ToList())
        {
            var taken = Math.Min(micros, net[at].AmountMicros);
            if (taken == 0)
                continue;
            net[at] = net[at] with { AmountMicros = net[at].AmountMicros - taken, DiscountMicros = net[at].DiscountMicros + taken };
            micros -= taken;
        }
        return micros;
    }
}
