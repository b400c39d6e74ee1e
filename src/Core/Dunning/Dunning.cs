using System.Collections.Immutable;

namespace Balatrix.Core.Dunning;

/// <summary>How far an invoice has been pursued.</summary>
/// <param name="ThroughDay">Stages up to this day, counted from the last day to pay, are dealt with; null when none is.</param>
/// <param name="LastOn">The day on which something was done last; null when nothing was.</param>
/// <param name="Fees">Fees for paying late that were charged.</param>
/// <param name="IsWrittenOff">Whether the debt was given up.</param>
public sealed record DunningState(int? ThroughDay, DateOnly? LastOn, int Fees, bool IsWrittenOff)
{
    /// <summary>Nothing was done yet.</summary>
    public static DunningState New { get; } = new(null, null, 0, false);
}

/// <summary>An invoice as dunning sees it.</summary>
/// <param name="DueOn">Last day to pay, in the tenant's zone.</param>
/// <param name="UnpaidMicros">What is still unpaid of it; 0 when it is settled or void.</param>
/// <param name="State">How far it was pursued.</param>
public sealed record DunnedInvoice(DateOnly DueOn, long UnpaidMicros, DunningState State);

/// <summary>Something to be done about an invoice today.</summary>
/// <param name="Action">What.</param>
/// <param name="Day">The day of the policy that asks for it, counted from the last day to pay.</param>
/// <param name="AmountMicros">The fee, or the debt that is given up; otherwise what is unpaid.</param>
/// <param name="Number">Of a fee, which one of the invoice, from 1; otherwise 0.</param>
public readonly record struct DunningStep(DunningAction Action, int Day, long AmountMicros, int Number = 0);

/// <summary>
/// What is due on a day to pursue an unpaid invoice: pure, and for one day only once. Days that were missed are made good without a heap of
/// letters: of the reminders that were missed only the latest goes out, and service is never barred in two steps on one day.
/// </summary>
public static class Dunning
{
    /// <summary>The steps of a day, in the order in which they are to be taken, and the state after them.</summary>
    /// <param name="invoice">The invoice.</param>
    /// <param name="policy">The tenant's, without fault.</param>
    /// <param name="today">The tenant's day.</param>
    public static (ImmutableArray<DunningStep> Steps, DunningState After) Next(DunnedInvoice invoice, DunningPolicy policy, DateOnly today)
    {
        var state = invoice.State;
        if (invoice.UnpaidMicros <= 0 || state.IsWrittenOff || state.LastOn >= today)
            return ([], state);
        var day = today.DayNumber - invoice.DueOn.DayNumber;
        if (policy.WriteOffDay <= day)
            return ([new(DunningAction.WriteOff, policy.WriteOffDay.Value, invoice.UnpaidMicros)], state with { LastOn = today, IsWrittenOff = true });
        var steps = ImmutableArray.CreateBuilder<DunningStep>();
        var fees = state.Fees;
        if (policy.Fee is { } fee && fee.Of(invoice.UnpaidMicros) is > 0 and var amount)
            for (; fees < FeesDue(fee, invoice.DueOn, today); fees++)
                steps.Add(new(DunningAction.ChargeFee, fee.Day, amount, fees + 1));
        var through = state.ThroughDay;
        if (StageDue(policy, through, day) is { } stage)
        {
            steps.Add(new(stage.Action, stage.Day, invoice.UnpaidMicros));
            through = stage.Day;
        }
        return steps.Count == 0 ? ([], state) : (steps.ToImmutable(), new(through, today, fees, false));
    }

    /// <summary>The first day on which something is to be done, not before today; null when nothing ever is.</summary>
    public static DateOnly? NextOn(DunnedInvoice invoice, DunningPolicy policy, DateOnly today)
    {
        var state = invoice.State;
        if (invoice.UnpaidMicros <= 0 || state.IsWrittenOff)
            return null;
        DateOnly? first = null;
        foreach (var stage in policy.Stages)
            if (stage.Day > (state.ThroughDay ?? int.MinValue))
            {
                Sooner(invoice.DueOn.AddDays(stage.Day));
                break;
            }
        if (policy.Fee is { } fee && (fee.IsMonthly || state.Fees == 0) && fee.Of(invoice.UnpaidMicros) > 0)
            Sooner(FeeOn(fee, invoice.DueOn, state.Fees));
        if (policy.WriteOffDay is { } last)
            Sooner(invoice.DueOn.AddDays(last));
        var earliest = state.LastOn >= today ? state.LastOn.Value.AddDays(1) : today;
        return first < earliest ? earliest : first;

        void Sooner(DateOnly day) => first = first is null || day < first ? day : first;
    }

    /// <summary>The latest missed stage, but none beyond the first that is more than a reminder.</summary>
    static DunningStage? StageDue(DunningPolicy policy, int? through, int day)
    {
        DunningStage? due = null;
        foreach (var stage in policy.Stages)
        {
            if (stage.Day > day)
                break;
            if (stage.Day <= (through ?? int.MinValue))
                continue;
            due = stage;
            if (stage.Action != DunningAction.Remind)
                break;
        }
        return due;
    }

    static int FeesDue(LateFee fee, DateOnly dueOn, DateOnly today)
    {
        if (today < FeeOn(fee, dueOn, 0))
            return 0;
        var count = 1;
        while (fee.IsMonthly && FeeOn(fee, dueOn, count) <= today)
            count++;
        return count;
    }

    /// <summary>Months are counted from the first fee, so that one on the 31st falls on the 30th and on the 31st again.</summary>
    static DateOnly FeeOn(LateFee fee, DateOnly dueOn, int number) => dueOn.AddDays(fee.Day).AddMonths(number);
}
