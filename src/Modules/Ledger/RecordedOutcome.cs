using Balatrix.Core.Charging;
using Balatrix.Core.Usage;

namespace Balatrix.Modules.Ledger;

/// <summary>What is already in the books under an event's key: the use or the posting as it was, and its outcome.</summary>
/// <param name="Usage">The recorded use, or null for a journal entry.</param>
/// <param name="Kind">The journal entry's kind.</param>
/// <param name="Posting">What was posted.</param>
/// <param name="Outcome">What the use came to.</param>
sealed record RecordedOutcome(UsageEvent? Usage, EntryKind Kind, Posting Posting, UsageOutcome? Outcome)
{
    /// <summary>The first outcome again, or a conflict when the content is another.</summary>
    public Decision Answer(Operation operation)
    {
        var same = operation switch
        {
            Charge charge => Usage is not null && Same(Usage, charge.Usage),
            Settle settle => Usage is not null && Same(Usage, settle.Usage),
            Post post => Usage is null && Same(post),
            _ => false,
        };
        return same ? new Decision(Refusal.None, Posting, Outcome, IsRepeat: true) : new Decision(Refusal.Conflict);
    }

    /// <summary>Whether two operations of one key in one batch ask for the same.</summary>
    public static bool SameContent(Operation first, Operation second) => (first, second) switch
    {
        (Post a, Post b) => a.Kind == b.Kind && a.AmountMicros == b.AmountMicros && a.Counter == b.Counter,
        (Post, _) or (_, Post) => false,
        _ => ChargeBatch.UsageOf(first) is { } a && ChargeBatch.UsageOf(second) is { } b && Same(a, b),
    };

    bool Same(Post post) =>
        post.Kind == Kind
        && Posting.AmountMicros == Math.Abs(post.AmountMicros)
        && Posting.Debit == (post.AmountMicros > 0 ? post.Counter : Posting.Debit)
        && Posting.Credit == (post.AmountMicros > 0 ? Posting.Credit : post.Counter);

    static bool Same(UsageEvent a, UsageEvent b) =>
        a.Service == b.Service
        && string.Equals(a.RatingKey, b.RatingKey, StringComparison.Ordinal)
        && string.Equals(a.CallingNumber, b.CallingNumber, StringComparison.Ordinal)
        && string.Equals(a.CalledNumber, b.CalledNumber, StringComparison.Ordinal)
        && (a.WholeSeconds || b.WholeSeconds ? Near(a, b) : (b.TimeIsArrival || SameMicrosecond(a, b)) && a.Quantity == b.Quantity);

    static bool SameMicrosecond(UsageEvent a, UsageEvent b) =>
        a.OccurredAt.UtcTicks / TimeSpan.TicksPerMicrosecond == b.OccurredAt.UtcTicks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Whole seconds are cut off times, and durations are differences of cut times: each is off by up to a second.</summary>
    static bool Near(UsageEvent a, UsageEvent b) =>
        (a.OccurredAt - b.OccurredAt).Duration() <= TimeSpan.FromSeconds(1) && Math.Abs(a.Quantity - b.Quantity) <= 1000;
}
