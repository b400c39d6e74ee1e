namespace Balatrix.Core.Payments;

/// <summary>By what a mandate debits. Numbers are stored.</summary>
public enum MandateKind : short
{
    /// <summary>Card e-mandate.</summary>
    Card = 1,

    /// <summary>UPI AutoPay.</summary>
    Upi = 2,

    /// <summary>Bank account (eNACH).</summary>
    Bank = 3,
}

/// <summary>Where a mandate stands. Numbers are stored.</summary>
public enum MandateStatus : short
{
    /// <summary>Waits for the customer's confirmation.</summary>
    Created = 1,

    /// <summary>May debit.</summary>
    Active = 2,

    /// <summary>Paused by the customer.</summary>
    Paused = 3,

    /// <summary>Taken back.</summary>
    Cancelled = 4,

    /// <summary>Refused by the customer or the bank.</summary>
    Rejected = 5,

    /// <summary>Past its last day.</summary>
    Expired = 6,
}

/// <summary>How often a mandate may debit. Numbers are stored.</summary>
public enum MandateFrequency : short
{
    /// <summary>Whenever there is something to pay.</summary>
    AsPresented = 1,

    /// <summary>Once a calendar month.</summary>
    Monthly = 2,

    /// <summary>Once a quarter of the year.</summary>
    Quarterly = 3,

    /// <summary>Once a calendar year.</summary>
    Yearly = 4,
}

/// <summary>What the customer agreed to.</summary>
/// <param name="Kind">By what it debits.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="MaxAmountMicros">The most that one debit may be.</param>
/// <param name="Frequency">How often.</param>
/// <param name="ExpiresAt">Nothing is debited from then on; null is without end.</param>
public sealed record Mandate(MandateKind Kind, MandateStatus Status, long MaxAmountMicros, MandateFrequency Frequency, DateTimeOffset? ExpiresAt);

/// <summary>A debit that a mandate allows.</summary>
/// <param name="NotBefore">When it may be asked of the gateway at the earliest, after the notice.</param>
/// <param name="NeedsCustomer">True above the limit without a second factor: the customer has to confirm.</param>
public readonly record struct MandateDebit(DateTimeOffset NotBefore, bool NeedsCustomer);

/// <summary>
/// When and how much a mandate may debit in India: RBI's e-mandate framework (notice at least 24 hours before, no second factor up to ₹15,000)
/// and NPCI's hours for UPI AutoPay (not 10:00 to 13:00 and 17:00 to 21:30).
/// </summary>
public static class MandateRules
{
    /// <summary>
    /// Up to this amount, in rupees, no second factor is needed. RBI's ₹1,00,000 is for insurance premiums, mutual funds and credit card bills alone, which nobody pays here.
    /// </summary>
    public const long WithoutSecondFactorMicros = 15_000 * Money.MicrosPerUnit;

    /// <summary>What may pass between planning a debit and the gateway's taking its notice on, so that the notice is not too short by that.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromMinutes(10);

    /// <summary>RBI asks for 24 hours; NPCI debits by itself 25 hours after the notice; sooner is refused.</summary>
    static readonly TimeSpan UpiNotice = TimeSpan.FromHours(25);

    /// <summary>Razorpay refuses card debits sooner than 36 hours and 5 minutes after the notice was asked for.</summary>
    static readonly TimeSpan CardNotice = new TimeSpan(36, 5, 0) + Delay;

    static readonly TimeSpan BankNotice = TimeSpan.FromHours(24) + Delay;

    // NPCI since 1 August 2025: AutoPay is executed before 10:00, from 13:00 to 17:00 and after 21:30 only.
    static readonly (TimeOnly From, TimeOnly To)[] UpiPeaks = [(new(10, 0), new(13, 0)), (new(17, 0), new(21, 30))];

    /// <summary>How long before a debit the customer is told.</summary>
    public static TimeSpan NoticeBefore(MandateKind kind) => kind switch
    {
        MandateKind.Upi => UpiNotice,
        MandateKind.Card => CardNotice,
        _ => BankNotice,
    };

    /// <summary>The debit, or why there can be none.</summary>
    /// <param name="mandate">What was agreed to.</param>
    /// <param name="amountMicros">More than zero.</param>
    /// <param name="lastDebitAt">When it last debited, or null.</param>
    /// <param name="now">The notice goes out now.</param>
    /// <param name="zone">The customer's bank's.</param>
    public static (MandateDebit? Debit, string? Refusal) Plan(Mandate mandate, long amountMicros, DateTimeOffset? lastDebitAt, DateTimeOffset now, TimeZoneInfo zone)
    {
        var at = NotBefore(mandate.Kind, now, zone);
        if (Refusal(mandate, amountMicros, at) is { } refusal)
            return (null, refusal);
        if (lastDebitAt is { } last && PeriodOf(mandate.Frequency, last, zone) is { } period && period == PeriodOf(mandate.Frequency, at, zone))
            return (null, "mandate_debited_this_period");
        return (new(at, amountMicros > WithoutSecondFactorMicros), null);
    }

    /// <summary>Why a mandate allows no debit of an amount at an instant; null when it does. Asked again when the notice is over: customers opt out meanwhile.</summary>
    public static string? Refusal(Mandate mandate, long amountMicros, DateTimeOffset at) =>
        mandate.Status != MandateStatus.Active ? "mandate_not_active"
        : amountMicros > mandate.MaxAmountMicros ? "mandate_amount_exceeded"
        : mandate.ExpiresAt <= at ? "mandate_expired"
        : null;

    /// <summary>The earliest debit of what the customer is told of now.</summary>
    public static DateTimeOffset NotBefore(MandateKind kind, DateTimeOffset now, TimeZoneInfo zone)
    {
        var at = now + NoticeBefore(kind);
        return kind == MandateKind.Upi ? UpiOffPeak(at, zone) : at;
    }

    /// <summary>The first instant from one on at which UPI AutoPay is executed.</summary>
    public static DateTimeOffset UpiOffPeak(DateTimeOffset at, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone);
        var time = TimeOnly.FromTimeSpan(local.TimeOfDay);
        foreach (var (from, to) in UpiPeaks)
            if (time >= from && time < to)
                return at + (to - time);
        return at;
    }

    /// <summary>Names the period that an instant is in; null when the mandate knows no periods.</summary>
    static int? PeriodOf(MandateFrequency frequency, DateTimeOffset at, TimeZoneInfo zone)
    {
        var day = TimeZoneInfo.ConvertTime(at, zone);
        return frequency switch
        {
            MandateFrequency.Monthly => day.Year * 12 + day.Month - 1,
            MandateFrequency.Quarterly => day.Year * 4 + (day.Month - 1) / 3,
            MandateFrequency.Yearly => day.Year,
            _ => null,
        };
    }
}
