using Balatrix.Core.Rating;
using Balatrix.Core.Usage;

namespace Balatrix.Core.Charging;

public static partial class Charging
{
    /// <summary>The longest call that is ever reserved at once, in milliseconds: a day.</summary>
    const long LongestCallMs = 86_400_000;

    static Applied ApplyReserve(AccountState state, Reserve reserve, PriceBook? prices, Moment moment, TraceBuffer? trace)
    {
        if (Find(state, reserve.ReservationId) is { } known)
            return SameReservation(known, reserve)
                ? new(state, new Decision(Refusal.None, Reservation: known, IsRepeat: true))
                : Refused(state, Refusal.Conflict);
        var refusal = state.UseRefusal(reserve.Usage.Service);
        if (refusal != Refusal.None)
            return Refused(state, refusal);
        var isCall = IsCall(reserve.Usage, reserve.AmountMicros is not null);
        if (isCall && state.OpenCalls >= state.MaxCalls)
            return Refused(state, Refusal.TooManyCalls);
        var empty = new ReservationState(
            reserve.ReservationId, ReservationStatus.Open, reserve.Usage with { Quantity = 0 }, reserve.AmountMicros is not null, 0, [], 0, reserve.ExpiresAt);
        refusal = Hold(state, empty, reserve.AmountMicros ?? reserve.Usage.Quantity, reserve.AcceptLess, prices, moment, trace, out var held, out var reservation);
        if (refusal != Refusal.None)
            return Refused(state, refusal);
        held = held with { OpenCalls = held.OpenCalls + (isCall ? 1 : 0), Reservations = held.Reservations.Add(reservation) };
        return new(held, new Decision(Refusal.None, Reservation: reservation));
    }

    static Applied ApplyExtend(AccountState state, Extend extend, PriceBook? prices, Moment moment, TraceBuffer? trace)
    {
        if (Find(state, extend.ReservationId) is not { } known)
            return Refused(state, Refusal.UnknownReservation);
        if (known.Status != ReservationStatus.Open)
            return Refused(state, Refusal.ReservationClosed);
        if (extend.Sequence <= known.Sequence && extend.Sequence > 0)
            return new(state, new Decision(Refusal.None, Reservation: known, IsRepeat: true));
        if (extend.Sequence != known.Sequence + 1)
            return Refused(state, Refusal.ExtensionOutOfOrder);
        var refusal = state.UseRefusal(known.Usage.Service, isGoingOn: true);
        if (refusal != Refusal.None)
            return Refused(state, refusal);
        var more = known.IsAmount ? extend.AmountMicros ?? 0 : extend.Quantity;
        var had = known.IsAmount ? known.HeldMicros : known.Usage.Quantity;
        if (more is <= 0 or > MaxMicros)
            return Refused(state, Refusal.InvalidAmount);
        var freed = GiveBack(state, known);
        refusal = Hold(freed, known, had + more, extend.AcceptLess, prices, moment, trace, out var held, out var reservation);
        // A shorter hold than before would cut what was already granted.
        if (refusal == Refusal.None && (reservation.IsAmount ? reservation.HeldMicros : reservation.Usage.Quantity) <= had)
            refusal = Refusal.InsufficientBalance;
        if (refusal != Refusal.None)
            return Refused(state, refusal);
        reservation = reservation with { Sequence = extend.Sequence, ExpiresAt = extend.ExpiresAt };
        return new(Replace(held, reservation), new Decision(Refusal.None, Reservation: reservation));
    }

    static Applied ApplySettle(AccountState state, Settle settle, PriceBook? prices, Moment moment, TraceBuffer? trace)
    {
        if (Find(state, settle.ReservationId) is not { } known)
            return Refused(state, Refusal.UnknownReservation);
        if (known.Status is ReservationStatus.Settled or ReservationStatus.Released)
            return Refused(state, Refusal.ReservationClosed);
        // An expired hold was given back already; the use that happened is still charged.
        var wasOpen = known.Status == ReservationStatus.Open;
        var freed = wasOpen ? Close(state, known) : state;
        var settled = known with { Status = ReservationStatus.Settled, HeldMicros = 0, Allowances = [] };
        if (settle.AmountMicros is < 0 or > MaxMicros)
            return Refused(state, Refusal.InvalidAmount);
        UsagePrice price;
        if (known.IsAmount)
        {
            if (settle.AmountMicros is not { } amount)
                return Refused(state, Refusal.InvalidAmount);
            price = new(amount, settle.Usage.Quantity, 0, "");
        }
        else
        {
            var refusal = Price(freed, settle.Usage, settle.Usage.Quantity, prices, trace, out price);
            if (refusal != Refusal.None)
                return Refused(state, refusal);
        }
        var posted = PostUsage(freed, settle.Usage, price, prices?.PlanVersionId ?? 0, moment, trace);
        return posted.Decision.Accepted
            ? new(Replace(posted.State, settled), posted.Decision with { Reservation = settled })
            : Refused(state, posted.Decision.Refusal);
    }

    static Applied ApplyRelease(AccountState state, Release release, Moment moment)
    {
        if (Find(state, release.ReservationId) is not { } known)
            return Refused(state, Refusal.UnknownReservation);
        if (known.Status is ReservationStatus.Released or ReservationStatus.Expired)
            return new(state, new Decision(Refusal.None, Reservation: known, IsRepeat: true));
        if (known.Status != ReservationStatus.Open)
            return Refused(state, Refusal.ReservationClosed);
        if (release.OnlyIfExpired && known.ExpiresAt > moment.Now)
            return Refused(state, Refusal.ReservationNotExpired);
        var closed = known with
        {
            Status = release.OnlyIfExpired ? ReservationStatus.Expired : ReservationStatus.Released,
            HeldMicros = 0,
            Allowances = [],
        };
        return new(Replace(Close(state, known), closed), new Decision(Refusal.None, Reservation: closed));
    }

    /// <summary>Holds money and allowance for the whole wanted amount or quantity of a reservation that holds nothing at the moment.</summary>
    static Refusal Hold(
        AccountState state, ReservationState reservation, long wanted, bool acceptLess, PriceBook? prices, Moment moment,
        TraceBuffer? trace, out AccountState held, out ReservationState result)
    {
        held = state;
        result = reservation;
        if (wanted is <= 0 or > MaxMicros)
            return Refusal.InvalidAmount;
        var spendable = state.AvailableMicros;
        if (state.DailyCapMicros is { } cap)
            spendable = Math.Min(spendable, cap - SpentOn(state, moment.BillingDay) - state.HeldMicros);
        if (reservation.IsAmount)
        {
            if (spendable < wanted)
            {
                if (!acceptLess || spendable <= 0)
                    return state.AvailableMicros < wanted ? Refusal.InsufficientBalance : Refusal.DailyCapReached;
                wanted = spendable;
            }
            held = state with { HeldMicros = state.HeldMicros + wanted };
            result = reservation with { HeldMicros = wanted };
            return Refusal.None;
        }
        var usage = reservation.Usage;
        if (usage.Service is Service.VoiceOutbound or Service.VoiceInbound && wanted > LongestCallMs)
            wanted = LongestCallMs;
        var refusal = Price(state, usage, wanted, prices, null, out var price);
        if (refusal != Refusal.None)
            return refusal;
        if (price.AmountMicros > Math.Max(0, spendable))
        {
            var isCap = price.AmountMicros <= state.AvailableMicros;
            wanted = acceptLess ? Affordable(state, usage, wanted, prices!, price.Destination, Math.Max(0, spendable)) : 0;
            if (wanted == 0)
                return isCap ? Refusal.DailyCapReached : Refusal.InsufficientBalance;
        }
        refusal = Price(state, usage, wanted, prices, trace, out price);
        if (refusal != Refusal.None)
            return refusal;
        var holds = new List<AllowanceHold>();
        held = TakeFromAllowances(state, usage, price, trace, hold: true, holds);
        held = held with { HeldMicros = held.HeldMicros + price.AmountMicros };
        result = reservation with { Usage = usage with { Quantity = wanted }, HeldMicros = price.AmountMicros, Allowances = [.. holds] };
        return Refusal.None;
    }

    static long Affordable(AccountState state, UsageEvent usage, long wanted, PriceBook prices, string destination, long spendable)
    {
        var isVoice = usage.Service is Service.VoiceOutbound or Service.VoiceInbound;
        var unit = isVoice ? 1000 : 1;
        var most = Rater.LongestFor(
            prices.Decks(usage.Service), usage.Service, usage.RatingKey, usage.OccurredAt, spendable, AllowanceLeft(state, usage, destination), wanted / unit);
        return most * unit;
    }

    static AccountState GiveBack(AccountState state, ReservationState reservation)
    {
        var allowances = state.Allowances;
        foreach (var hold in reservation.Allowances)
            allowances = Change(allowances, hold.AllowanceId, a => a with { Held = a.Held - hold.Quantity });
        return state with { HeldMicros = state.HeldMicros - reservation.HeldMicros, Allowances = allowances };
    }

    static AccountState Close(AccountState state, ReservationState reservation)
    {
        var freed = GiveBack(state, reservation);
        return IsCall(reservation.Usage, reservation.IsAmount) ? freed with { OpenCalls = freed.OpenCalls - 1 } : freed;
    }

    static bool IsCall(UsageEvent usage, bool isAmount) =>
        !isAmount && usage.Service is Service.VoiceOutbound or Service.VoiceInbound;

    static bool SameReservation(ReservationState known, Reserve reserve) =>
        known.IsAmount == reserve.AmountMicros is not null
        && known.Usage.Service == reserve.Usage.Service
        && string.Equals(known.Usage.RatingKey, reserve.Usage.RatingKey, StringComparison.Ordinal)
        && string.Equals(known.Usage.Source, reserve.Usage.Source, StringComparison.Ordinal)
        && string.Equals(known.Usage.Id, reserve.Usage.Id, StringComparison.Ordinal);

    static ReservationState? Find(AccountState state, Guid id)
    {
        foreach (var reservation in state.Reservations)
            if (reservation.Id == id)
                return reservation;
        return null;
    }

    static AccountState Replace(AccountState state, ReservationState reservation)
    {
        for (var i = 0; i < state.Reservations.Length; i++)
            if (state.Reservations[i].Id == reservation.Id)
                return state with { Reservations = state.Reservations.SetItem(i, reservation) };
        return state;
    }
}
