using Balatrix.Core.Payments;

namespace Balatrix.Core.Dunning;

/// <summary>
/// When a refused charge is tried again: ever more days apart, at the first attempt's time of day, within what networks, NPCI and RBI allow.
/// A hard decline is never tried again, and one that needs the customer waits for the customer.
/// </summary>
public static class RetrySchedule
{
    /// <summary>Card networks punish more attempts than this with one card in <see cref="NetworkWindow"/> (Visa's rule for declines that may be retried).</summary>
    public const int NetworkCap = 15;

    /// <summary>The window of <see cref="NetworkCap"/>.</summary>
    public static readonly TimeSpan NetworkWindow = TimeSpan.FromDays(30);

    /// <summary>Of a decline that says nothing, this many retries at most.</summary>
    public const int RetriesOfUnknown = 2;

    /// <summary>eNACH: working days between two presentations.</summary>
    public const int BankWorkingDays = 3;

    /// <summary>Days after the first attempt.</summary>
    static readonly int[] CardDays = [1, 3, 5, 7, 10, 14];

    static readonly int[] CardMandateDays = [2, 4, 7];

    // NPCI since 1 August 2025: one attempt and three retries.
    static readonly int[] UpiDays = [1, 2, 3];

    // Each bounced presentation costs the customer a fee at the bank: two in all, by working days.
    static readonly int[] BankDays = [BankWorkingDays];

    /// <summary>The next attempt after a failure.</summary>
    /// <param name="failed">What was tried.</param>
    /// <param name="zone">The zone of the customer's bank: Asia/Kolkata for every Indian mandate.</param>
    /// <param name="holidays">Bank holidays in that zone; weekends need not be among them.</param>
    public static NextRetry Next(FailedCharge failed, TimeZoneInfo zone, IReadOnlySet<DateOnly> holidays)
    {
        if (failed.Attempts < 1)
            throw new ArgumentOutOfRangeException(nameof(failed), failed.Attempts, "Nothing has failed yet.");
        if (failed.Decline == DeclineKind.Hard)
            return new(null, null, RetryStop.HardDecline);
        if (failed.Decline == DeclineKind.NeedsCustomer)
            return new(null, null, RetryStop.NeedsCustomer);
        var days = DaysOf(failed.Method);
        var retries = failed.Decline == DeclineKind.Soft ? days.Length : Math.Min(days.Length, RetriesOfUnknown);
        if (failed.Attempts > retries)
            return new(null, null, RetryStop.AttemptsUsed);
        var first = TimeZoneInfo.ConvertTime(failed.FirstAt, zone).DateTime;
        var at = failed.Method == RetryMethod.Bank
            ? zone.InstantOf(WorkingDayAfter(TimeZoneInfo.ConvertTime(failed.LastAt, zone).DateTime, BankWorkingDays, holidays))
            : zone.InstantOf(first.AddDays(days[failed.Attempts - 1]));
        at = Later(at, failed.LastAt + Apart(failed.Method));
        if (failed.Method is RetryMethod.Card or RetryMethod.CardMandate)
            at = WithinNetworkCap(at, failed.OfThirtyDays);
        if (failed.Method == RetryMethod.Upi)
            at = MandateRules.UpiOffPeak(at, zone);
        return new(at, NoticeOf(failed.Method) is { } notice ? at - notice : null, null);
    }

    /// <summary>How long before a debit the customer has to be told; null when the method asks for no notice of ours.</summary>
    public static TimeSpan? NoticeOf(RetryMethod method) => method switch
    {
        RetryMethod.CardMandate => MandateRules.NoticeBefore(MandateKind.Card),
        RetryMethod.Upi => MandateRules.NoticeBefore(MandateKind.Upi),
        RetryMethod.Bank => MandateRules.NoticeBefore(MandateKind.Bank),
        _ => null,
    };

    /// <summary>How many attempts one amount may have, with the first.</summary>
    public static int AttemptsOf(RetryMethod method) => 1 + DaysOf(method).Length;

    /// <summary>Whether UPI AutoPay is executed at an instant.</summary>
    public static bool IsOffPeak(DateTimeOffset at, TimeZoneInfo zone) => MandateRules.UpiOffPeak(at, zone) == at;

    static int[] DaysOf(RetryMethod method) => method switch
    {
        RetryMethod.Card => CardDays,
        RetryMethod.CardMandate => CardMandateDays,
        RetryMethod.Upi => UpiDays,
        RetryMethod.Bank => BankDays,
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "Not a method."),
    };

    /// <summary>The least time between two attempts: long enough to tell the customer after the failure.</summary>
    static TimeSpan Apart(RetryMethod method) => NoticeOf(method) ?? TimeSpan.FromDays(1);

    /// <summary>Puts an attempt off until it would not be one too many in the window that it closes.</summary>
    static DateTimeOffset WithinNetworkCap(DateTimeOffset at, IReadOnlyList<DateTimeOffset> attempts)
    {
        if (attempts.Count < NetworkCap)
            return at;
        var oldest = attempts.OrderDescending().ElementAt(NetworkCap - 1);
        return Later(at, oldest + NetworkWindow);
    }

    static DateTime WorkingDayAfter(DateTime local, int workingDays, IReadOnlySet<DateOnly> holidays)
    {
        while (workingDays > 0)
        {
            local = local.AddDays(1);
            if (local.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && !holidays.Contains(DateOnly.FromDateTime(local)))
                workingDays--;
        }
        return local;
    }

    static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
