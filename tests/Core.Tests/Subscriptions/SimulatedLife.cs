using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;

namespace Balatrix.Core.Tests.Subscriptions;

/// <summary>
/// Lives a subscription's life and reckons beside it, by its own simple rule, what it should have cost: every second that is paid for costs
/// the price of its period over the period's seconds, time on grace costs the same once it is paid, and nothing else costs anything.
/// </summary>
sealed class SimulatedLife
{
    decimal pendingMicros;

    public SimulatedLife(SubscriptionStep begun, DateTimeOffset at)
    {
        State = begun.After;
        Now = at;
        Take(begun, State);
    }

    public Subscription State { get; private set; }

    public DateTimeOffset Now { get; private set; }

    public List<(SegmentKind Kind, DateTimeOffset From, DateTimeOffset? To)> Segments { get; } = [];

    public List<BillingPeriod> Granted { get; } = [];

    public List<SubscriptionLine> Lines { get; } = [];

    /// <summary>What the time that was paid for costs, exactly.</summary>
    public decimal ExpectedMicros { get; private set; }

    public string? Fault { get; private set; }

    /// <summary>Lets time pass, with what is due; says before each payment whether the money is there.</summary>
    public void LiveUntil(DateTimeOffset until, Func<bool> hasMoney)
    {
        while (Lifecycle.NextAt(State) is { } due && due <= until)
        {
            if (due < Now)
                Fault ??= $"due at {due:O}, before now {Now:O}";
            Pass(due);
            var (ifPaid, ifRefused) = Lifecycle.Due(State);
            Take(ifPaid is not null && (ifRefused is null || hasMoney()) ? ifPaid : ifRefused!, State);
        }
        Pass(until);
    }

    /// <summary>Makes a move; a refused one, or one whose money is not there, changes nothing.</summary>
    public SubscriptionRefusal? Do(SubscriptionCommand command, Func<bool> hasMoney)
    {
        var (step, refusal) = Lifecycle.Move(State, command, Now);
        if (step is not null && (step.NetMicros <= 0 || hasMoney()))
            Take(step, State);
        return refusal;
    }

    void Pass(DateTimeOffset until)
    {
        var rate = (decimal)(State.Plan.PriceMicros + State.AddOns.Sum(a => a.Quantity * a.PriceMicros)) / State.Period.Seconds;
        if (State.IsPaid && until > Now)
            ExpectedMicros += rate * Math.Max(0, ((until < State.Period.To ? until : State.Period.To) - Now).Ticks / TimeSpan.TicksPerSecond);
        else if (State.Status == SubscriptionStatus.PastDue)
            pendingMicros += rate * ((until - Now).Ticks / TimeSpan.TicksPerSecond);
        Now = until;
    }

    void Take(SubscriptionStep step, Subscription before)
    {
        State = step.After;
        Lines.AddRange(step.Lines);
        if (State.Status == SubscriptionStatus.Ended)
            pendingMicros = 0;
        else if (State.IsPaid && !before.IsPaid)
        {
            ExpectedMicros += pendingMicros;
            pendingMicros = 0;
        }
        foreach (var effect in step.Effects)
            Take(effect);
        if (State.Status is SubscriptionStatus.Trial or SubscriptionStatus.Active or SubscriptionStatus.Cancelled && !Granted[^1].Contains(Now))
            Fault ??= $"{State.Status} at {Now:O} without allowances, the last hold {Granted[^1]}";
        if (State.IsInService && !State.Period.Contains(Now))
            Fault ??= $"in service at {Now:O} outside the period {State.Period}";
        if (step.Lines.Any(l => l.AmountMicros == 0))
            Fault ??= "a line of nothing";
    }

    void Take(SubscriptionEffect effect)
    {
        if (effect is SegmentBegun begun)
        {
            if (Segments.Count > 0)
            {
                var last = Segments[^1];
                if (last.Kind == SegmentKind.Ended || begun.From < last.From || begun.From > (last.To ?? DateTimeOffset.MaxValue))
                    Fault ??= $"{begun} does not follow {last}";
                Segments[^1] = last with { To = begun.From };
                if (last.From == begun.From)
                    Segments.RemoveAt(Segments.Count - 1);
            }
            Segments.Add((begun.Kind, begun.From, begun.To));
        }
        if (effect is AllowancesEnded { AddOn: null } ended)
            Granted[^1] = Granted[^1] with { To = ended.At };
        if (effect is AllowancesGranted { AddOn: null } granted)
        {
            if (granted.Span.From < granted.Month.From || granted.Span.To > granted.Month.To)
                Fault ??= $"{granted} is not within its month";
            if (Granted.Count > 0 && granted.Span.From < Granted[^1].To)
                Fault ??= $"{granted} overlaps {Granted[^1]}";
            Granted.Add(granted.Span);
        }
    }
}
