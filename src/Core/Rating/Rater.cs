using Balatrix.Core.Usage;

namespace Balatrix.Core.Rating;

/// <summary>Prices use. Pure: the same inputs give the same charge, at any time, on any node.</summary>
public static class Rater
{
    /// <summary>The longest use that is priced, in seconds or units; more is beyond any real use.</summary>
    public const long MaxQuantity = 10_000_000_000;

    /// <summary>Finds the deck and rate that price a use: the first deck in order of preference that has one.</summary>
    public static bool TryFind(ReadOnlySpan<RateDeck> decks, ReadOnlySpan<char> key, DateTimeOffset at, out int deck, out int rate)
    {
        for (deck = 0; deck < decks.Length; deck++)
            if (decks[deck].TryFind(key, at, out rate))
                return true;
        (deck, rate) = (-1, -1);
        return false;
    }

    /// <summary>Prices a use. Allocates nothing when <paramref name="trace"/> is null.</summary>
    /// <param name="decks">First preference first.</param>
    /// <param name="service">Decides the unit: voice is given in milliseconds and billed in seconds.</param>
    /// <param name="key">E.164 digits, <c>mcc-mnc</c> or a channel.</param>
    /// <param name="at">Start of the use; its prices are those valid then.</param>
    /// <param name="quantity">Milliseconds, segments or events; not negative.</param>
    /// <param name="covered">Billed seconds or units that an allowance pays for, first ones first; what is left of it.</param>
    /// <param name="trace">Receives the steps.</param>
    public static RatedCharge Rate(
        ReadOnlySpan<RateDeck> decks, Service service, ReadOnlySpan<char> key, DateTimeOffset at, long quantity, long covered, TraceBuffer? trace) =>
        TryFind(decks, key, at, out var deck, out var rate)
            ? Price(decks[deck], deck, rate, service, at, quantity, covered, trace)
            : default;

    /// <summary>Prices a use by a rate that was found already.</summary>
    /// <inheritdoc cref="Rate"/>
    public static RatedCharge Price(
        RateDeck deck, int deckNo, int rate, Service service, DateTimeOffset at, long quantity, long covered, TraceBuffer? trace)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(quantity);
        var schedule = deck.ScheduleOf(rate, at);
        var band = schedule.IsSimple ? schedule.Only : schedule.BandAt(at)!;
        var terms = band.Terms;
        trace?.AddMatch(deck.Name, deck.PrefixOf(rate), deck.DescriptionOf(rate, at));
        var isVoice = service is Service.VoiceOutbound or Service.VoiceInbound;
        var used = isVoice ? (quantity / 1000) + (quantity % 1000 > 0 ? 1 : 0) : quantity;
        if (isVoice && quantity % 1000 != 0)
            trace?.AddRaised(quantity, used);
        if (used > MaxQuantity)
            return new(true, long.MaxValue, used, 0, deckNo, rate);
        if (used == 0 || (isVoice && used <= terms.FreeSeconds))
        {
            trace?.AddFree(used, terms.FreeSeconds);
            return new(true, 0, 0, 0, deckNo, rate);
        }
        long billed;
        ExactAmount amount;
        if (isVoice)
        {
            (billed, amount) = schedule.IsSimple
                ? WalkSteps(band.Steps, 0, used, long.MaxValue, covered, ExactAmount.Zero, trace)
                : WalkBands(schedule, band, at, used, covered, trace);
        }
        else
        {
            billed = used;
            var paid = used - Math.Min(used, covered);
            amount = ExactAmount.Of(terms.RateMicros, paid, 1);
            trace?.AddUnits(used, used - paid, terms.RateMicros, amount);
        }
        var coveredQuantity = Math.Min(billed, covered);
        if (billed > coveredQuantity && terms.ConnectFeeMicros > 0)
        {
            amount = amount.Plus(terms.ConnectFeeMicros);
            trace?.AddConnectFee(terms.ConnectFeeMicros);
        }
        if (terms.MaxChargeMicros is { } cap && amount.Exceeds(cap))
        {
            trace?.AddCap(cap, amount);
            amount = ExactAmount.Zero.Plus(cap);
        }
        var rounded = amount.Round(terms.Rounding, terms.Decimals);
        trace?.AddRounding(terms.Rounding, terms.Decimals, amount, rounded);
        return new(true, rounded, billed, coveredQuantity, deckNo, rate);
    }

    /// <summary>The longest use (whole seconds of voice, else units) that costs no more than a balance, at most a limit.</summary>
    /// <remarks>The price never falls as use grows, so the answer is exact: one more would cost more than the balance, or pass the limit.</remarks>
    public static long LongestFor(
        ReadOnlySpan<RateDeck> decks, Service service, ReadOnlySpan<char> key, DateTimeOffset at, long balanceMicros, long covered, long limit)
    {
        if (!TryFind(decks, key, at, out var deckNo, out var rate) || balanceMicros < 0)
            return 0;
        var unit = service is Service.VoiceOutbound or Service.VoiceInbound ? 1000 : 1;
        long low = 0, high = Math.Clamp(limit, 0, MaxQuantity);
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            if (Price(decks[deckNo], deckNo, rate, service, at, middle * unit, covered, null).AmountMicros <= balanceMicros)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }

    /// <summary>Bills from a second of the call until the use ends or a limit is passed, in whole increments.</summary>
    /// <returns>The second that is billed up to, and the sum so far.</returns>
    static (long Position, ExactAmount Amount) WalkSteps(
        RateStep[] steps, long position, long used, long limit, long covered, ExactAmount amount, TraceBuffer? trace)
    {
        for (var i = 0; i < steps.Length && position < used && position < limit; i++)
        {
            ref readonly var step = ref steps[i];
            var stepEnd = i + 1 < steps.Length ? steps[i + 1].FromSecond : long.MaxValue;
            if (position >= stepEnd)
                continue;
            var wanted = Math.Min(Math.Min(used, stepEnd), limit) - position;
            var first = Math.Max(step.IncrementSeconds, step.FromSecond + step.MinimumSeconds - position);
            var length = wanted <= first ? first : first + RaiseTo(wanted - first, step.IncrementSeconds);
            var free = Math.Clamp(covered - position, 0, length);
            var price = ExactAmount.Of(step.RateMicros, length - free, step.UnitSeconds);
            trace?.AddIncrements(position, Math.Min(wanted, used - position), length, free, step, price);
            amount = amount.Plus(price);
            position += length;
        }
        return (position, amount);
    }

    /// <summary>Splits at the boundaries of time bands; an increment that is under way at a boundary is finished at its own rate.</summary>
    static (long Position, ExactAmount Amount) WalkBands(
        RateSchedule schedule, RateBand band, DateTimeOffset at, long used, long covered, TraceBuffer? trace)
    {
        var position = 0L;
        var amount = ExactAmount.Zero;
        while (position < used)
        {
            var now = at.AddSeconds(position);
            var current = schedule.BandAt(now) ?? band;
            if (!ReferenceEquals(current, band))
                trace?.AddBand(position, now);
            band = current;
            (position, amount) = WalkSteps(band.Steps, position, used, position + schedule.SecondsToNextBand(now, band), covered, amount, trace);
        }
        return (position, amount);
    }

    static long RaiseTo(long quantity, long multiple) => (quantity + multiple - 1) / multiple * multiple;
}
