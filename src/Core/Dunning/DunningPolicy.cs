using System.Collections.Immutable;

namespace Balatrix.Core.Dunning;

/// <summary>What a stage does beside writing to the customer.</summary>
public enum DunningAction : short
{
    /// <summary>Only reminds.</summary>
    Remind = 1,

    /// <summary>Bars outgoing use: calls, messages and events that cost; what the customer receives goes on.</summary>
    Restrict = 2,

    /// <summary>Bars all use, and suspends the subscription.</summary>
    Suspend = 3,

    /// <summary>Proposes to staff that the debt be collected or given up.</summary>
    ProposeWriteoff = 4,

    /// <summary>Gives the debt up.</summary>
    WriteOff = 5,

    /// <summary>Charges a fee for paying late.</summary>
    ChargeFee = 6,
}

/// <summary>A day of pursuit.</summary>
/// <param name="Day">Days after the last day to pay; negative before it.</param>
/// <param name="Action">What is done on it; every stage also writes to the customer.</param>
public readonly record struct DunningStage(int Day, DunningAction Action);

/// <summary>A fee for paying late, without tax: GST is due on it when it is received (CGST Act s.13(6)), at the rate of the service.</summary>
/// <param name="Day">Days after the last day to pay when it is charged first.</param>
/// <param name="FixedMicros">So much; 0 when it is by share.</param>
/// <param name="BasisPoints">Hundredths of a per cent of what is unpaid then; 0 when it is fixed.</param>
/// <param name="IsMonthly">Charged again every month until all is paid, otherwise once.</param>
public sealed record LateFee(int Day, long FixedMicros, int BasisPoints, bool IsMonthly)
{
    /// <summary>A fee by share is a whole number of these: paisa.</summary>
    const long UnitMicros = Money.MicrosPerUnit / 100;

    /// <summary>The fee on an amount: here alone it is rounded, half up to the paisa. Fees bear no fees.</summary>
    public long Of(long unpaidMicros)
    {
        var (units, rest) = Int128.DivRem((Int128)unpaidMicros * BasisPoints, 10_000 * UnitMicros);
        return FixedMicros + ((long)(rest * 2 >= 10_000 * UnitMicros ? units + 1 : units) * UnitMicros);
    }
}

/// <summary>How a tenant pursues what is not paid.</summary>
/// <param name="Stages">By day, earliest first; every day at most once.</param>
/// <param name="Fee">For paying late; null for none.</param>
/// <param name="WriteOffDay">Days after the last day to pay when a debt is given up without asking; null for never.</param>
public sealed record DunningPolicy(ImmutableArray<DunningStage> Stages, LateFee? Fee, int? WriteOffDay)
{
    /// <summary>Most stages of a policy.</summary>
    public const int MostStages = 20;

    /// <summary>Reminders three days before and on the day, one after three days; outgoing use barred after seven, all use after fifteen; collection proposed after thirty. No fee.</summary>
    public static DunningPolicy Default { get; } = new(
        [
            new(-3, DunningAction.Remind), new(0, DunningAction.Remind), new(3, DunningAction.Remind),
            new(7, DunningAction.Restrict), new(15, DunningAction.Suspend), new(30, DunningAction.ProposeWriteoff),
        ], null, null);

    /// <summary>What is wrong with it: the field and what is expected there; null when nothing is.</summary>
    public (string Field, string Expected)? Fault()
    {
        if (Stages.IsDefault || Stages.Length > MostStages)
            return ("stages", "at most 20 stages");
        for (var i = 0; i < Stages.Length; i++)
        {
            var (day, action) = Stages[i];
            if (day is < -30 or > 365 || (i > 0 && day <= Stages[i - 1].Day))
                return ("stages", "days from -30 to 365, each later than the one before");
            if (action is < DunningAction.Remind or > DunningAction.ProposeWriteoff)
                return ("stages", "remind, restrict, suspend or propose_writeoff");
            if (day < 1 && action != DunningAction.Remind)
                return ("stages", "nothing but reminders before an invoice is overdue");
            if (action != DunningAction.Remind && Stages.Count(s => s.Action == action) > 1)
                return ("stages", "restrict, suspend and propose_writeoff at most once each");
        }
        if (DayOf(DunningAction.Restrict) is { } restrict && DayOf(DunningAction.Suspend) is { } suspend && restrict > suspend)
            return ("stages", "restrict before suspend");
        if (Fee is { } fee && (fee.Day is < 1 or > 365 || fee.FixedMicros < 0 || fee.FixedMicros > 1_000_000 * Money.MicrosPerUnit || fee.BasisPoints is < 0 or > 10_000 || (fee.FixedMicros > 0) == (fee.BasisPoints > 0)))
            return ("lateFee", "a day from 1 to 365, and either an amount or a share up to 100 per cent");
        return WriteOffDay is < 30 or > 3650 ? ("writeOffAfterDays", "30 to 3650, or nothing") : null;
    }

    int? DayOf(DunningAction action)
    {
        foreach (var stage in Stages)
            if (stage.Action == action)
                return stage.Day;
        return null;
    }
}
