using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;

namespace Balatrix.Core.Tests.Voice;

/// <summary>One account behind the real charging rules, with each use charged once under its key as the pipeline does it.</summary>
sealed class SimulatedLedger(AccountState opening, PriceBook prices)
{
    readonly Dictionary<Guid, (Decision Decision, long Ms)> recorded = [];
    readonly Dictionary<Guid, long> corrections = [];

    public AccountState State { get; private set; } = opening;

    public int Charges { get; private set; }

    public Decision Apply(Operation operation, DateTimeOffset now)
    {
        if (operation is Settle settle && recorded.TryGetValue(settle.Key, out var known))
        {
            State = Core.Charging.Charging.Apply(State, new Release(settle.ReservationId, false), null, new Moment(now, 0), null).State;
            return known.Decision with { IsRepeat = true };
        }
        var (after, decision) = Core.Charging.Charging.Apply(State, operation, prices, new Moment(now, 0), null);
        State = after;
        if (operation is Settle charged && decision.Accepted)
        {
            Charges++;
            recorded.Add(charged.Key, (decision, charged.Usage.Quantity));
        }
        return decision;
    }

    /// <summary>What a record does: it charges the call, or corrects what was estimated.</summary>
    public void Record(Guid reservation, UsageEvent usage, DateTimeOffset now)
    {
        var key = EventKey.Of(usage.Source, usage.Id);
        if (!recorded.TryGetValue(key, out var known))
        {
            Apply(new Settle(reservation, usage, null), now);
            return;
        }
        var (charged, shortfall) = (known.Decision.Posting!.Value.AmountMicros, known.Decision.Usage!.ShortfallMicros);
        var difference = Rerating.Difference(charged, shortfall, corrections.GetValueOrDefault(key), PriceOf(usage));
        // An estimate that was too low, and what is missing was spent by others since: as much as is there.
        var posted = Math.Min(difference, State.AvailableMicros);
        corrections[key] = corrections.GetValueOrDefault(key) + posted;
        if (posted == 0)
            return;
        var (after, decision) = Core.Charging.Charging.Apply(
            State, new Post(EventKey.Of("correction", usage.Id), EntryKind.Adjustment, Book.RevenueVoice, -posted, "INR", "", null), null, new Moment(now, 0), null);
        Assert.True(decision.Accepted, decision.Refusal.ToString());
        State = after;
    }

    public long PriceOf(UsageEvent usage) => Rater.Rate(prices.Decks(usage.Service), usage.Service, usage.RatingKey, usage.OccurredAt, usage.Quantity, 0, null).AmountMicros;

    /// <summary>What was taken from the balance for a call in all; null when it was never settled.</summary>
    public long? PaidFor(string id) =>
        recorded.TryGetValue(EventKey.Of("cdr", id), out var known) ? known.Decision.Posting!.Value.AmountMicros + corrections.GetValueOrDefault(EventKey.Of("cdr", id)) : null;

    /// <summary>What the balance could not pay of a call when it was settled.</summary>
    public long ShortfallOf(string id) => recorded[EventKey.Of("cdr", id)].Decision.Usage!.ShortfallMicros;

    /// <summary>Whether a record that came later corrected what was settled by estimate.</summary>
    public bool IsCorrected(string id) => corrections.ContainsKey(EventKey.Of("cdr", id));
}
