using System.Globalization;
using Balatrix.Core.Payments;

namespace Balatrix.Core.Tests.Payments;

/// <summary>Mandates by the rules of RBI and NPCI; the limits are those of the e-mandate framework of 21-04-2026 and of UPI AutoPay of 01-08-2025.</summary>
public sealed class MandateRuleCases
{
    static readonly TimeZoneInfo Kolkata = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");

    [Theory]
    [InlineData(MandateKind.Upi, "2026-11-10 07:00", "2026-11-11 08:00")]
    [InlineData(MandateKind.Upi, "2026-11-10 09:30", "2026-11-11 13:00")]
    [InlineData(MandateKind.Upi, "2026-11-10 12:00", "2026-11-11 13:00")]
    [InlineData(MandateKind.Upi, "2026-11-10 16:30", "2026-11-11 21:30")]
    [InlineData(MandateKind.Upi, "2026-11-10 20:30", "2026-11-11 21:30")]
    [InlineData(MandateKind.Card, "2026-11-10 09:30", "2026-11-11 21:45")]
    [InlineData(MandateKind.Bank, "2026-11-10 10:30", "2026-11-11 10:40")]
    public void A_debit_comes_after_the_notice_and_UPI_keeps_out_of_the_peaks(MandateKind kind, string now, string debit)
    {
        var (planned, refusal) = MandateRules.Plan(Of(kind), Rupees(500), null, At(now), Kolkata);
        Assert.Null(refusal);
        Assert.Equal(At(debit), planned!.Value.NotBefore);
        Assert.True(planned.Value.NotBefore - At(now) >= TimeSpan.FromHours(24));
    }

    [Theory]
    [InlineData(15_000, false)]
    [InlineData(15_001, true)]
    public void Above_fifteen_thousand_rupees_the_customer_confirms(int rupees, bool needsCustomer) =>
        Assert.Equal(needsCustomer, MandateRules.Plan(Of(MandateKind.Card), Rupees(rupees), null, At("2026-11-10 09:00"), Kolkata).Debit!.Value.NeedsCustomer);

    [Theory]
    [InlineData(MandateStatus.Paused, 500, null, "mandate_not_active")]
    [InlineData(MandateStatus.Active, 20_001, null, "mandate_amount_exceeded")]
    [InlineData(MandateStatus.Active, 500, "2026-11-02 00:00", "mandate_debited_this_period")]
    [InlineData(MandateStatus.Active, 500, "2026-10-31 23:59", null)]
    public void A_mandate_keeps_to_what_was_agreed(MandateStatus status, int rupees, string? last, string? refusal)
    {
        var mandate = Of(MandateKind.Upi) with { Status = status, Frequency = MandateFrequency.Monthly };
        Assert.Equal(refusal, MandateRules.Plan(mandate, Rupees(rupees), last is null ? null : At(last), At("2026-11-10 09:00"), Kolkata).Refusal);
    }

    [Fact]
    public void A_mandate_that_ends_before_the_debit_debits_nothing() =>
        Assert.Equal("mandate_expired", MandateRules.Plan(Of(MandateKind.Upi) with { ExpiresAt = At("2026-11-11 00:00") }, Rupees(1), null, At("2026-11-10 09:00"), Kolkata).Refusal);

    [Theory]
    [InlineData(MandateStatus.Active, 20_000, "2026-11-30 23:59", null)]
    [InlineData(MandateStatus.Cancelled, 20_000, "2026-11-30 23:59", "mandate_not_active")]
    [InlineData(MandateStatus.Active, 20_001, "2026-11-30 23:59", "mandate_amount_exceeded")]
    [InlineData(MandateStatus.Active, 20_000, "2026-12-01 00:00", "mandate_expired")]
    public void A_debit_is_looked_at_again_when_its_notice_is_over(MandateStatus status, int rupees, string at, string? refusal) =>
        Assert.Equal(refusal, MandateRules.Refusal(Of(MandateKind.Upi) with { Status = status, ExpiresAt = At("2026-12-01 00:00") }, Rupees(rupees), At(at)));

    static Mandate Of(MandateKind kind) => new(kind, MandateStatus.Active, Rupees(20_000), MandateFrequency.AsPresented, null);

    static long Rupees(int rupees) => rupees * Money.MicrosPerUnit;

    static DateTimeOffset At(string text) => new(DateTime.Parse(text, CultureInfo.InvariantCulture), TimeSpan.FromMinutes(330));
}
