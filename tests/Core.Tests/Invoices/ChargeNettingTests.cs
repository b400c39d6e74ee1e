using Balatrix.Core.Invoices;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Invoices;

/// <summary>Credits are taken off charges without a micro-unit lost.</summary>
public sealed class ChargeNettingTests
{
    static BilledCharge Of(string service, long micros) => new(service, service, null, "", null, 0, micros, null, null);

    [Fact]
    public void Any_charges_and_credits_net_to_their_sum_and_none_stays_negative() => Prop.ForAll(
        ArbMap.Default.ArbFor<(int Service, int Micros)[]>(),
        parts =>
        {
            var charges = parts.Select(p => Of(new[] { "voice", "sms", "recurring" }[((p.Service % 3) + 3) % 3], p.Micros)).ToList();
            var net = ChargeNetting.Net(charges);
            Assert.All(net.Charges, c => Assert.True(c.AmountMicros >= 0 && c.DiscountMicros >= 0));
            Assert.Equal(charges.Sum(c => c.AmountMicros), net.TotalMicros - net.SurplusMicros);
            Assert.True(net.SurplusMicros == 0 || net.TotalMicros == 0);
            Assert.Equal(charges.Where(c => c.AmountMicros > 0).Sum(c => c.AmountMicros), net.Charges.Sum(c => c.AmountMicros + c.DiscountMicros));
            var twice = ChargeNetting.TakeOff(net, 1_000);
            Assert.Equal(net.TotalMicros - Math.Min(1_000, net.TotalMicros), twice.TotalMicros);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_credit_comes_off_its_own_service_first_and_off_the_largest_charge_there()
    {
        var net = ChargeNetting.Net([Of("voice", 900), Of("recurring", 100), Of("recurring", 300), Of("recurring", -350)]);
        Assert.Equal([(900L, 0L), (50, 50), (0, 300)], net.Charges.Select(c => (c.AmountMicros, c.DiscountMicros)));
        Assert.Equal([(850L, 50L), (0, 100), (0, 300)], ChargeNetting.Net([Of("voice", 900), Of("recurring", 100), Of("recurring", 300), Of("recurring", -450)]).Charges.Select(c => (c.AmountMicros, c.DiscountMicros)));
    }

    [Fact]
    public void The_rate_is_the_average_of_what_was_paid_for()
    {
        Assert.Equal(1_990_000, (Of("voice", 19_900_000) with { Quantity = 15, Covered = 5 }).RateMicros);
        Assert.Null((Of("voice", 0) with { Quantity = 15, Covered = 15 }).RateMicros);
        Assert.Null(Of("recurring", 5).RateMicros);
    }
}
