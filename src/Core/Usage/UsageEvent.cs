namespace Balatrix.Core.Usage;

/// <summary>What is priced. Decks, allowances and books are kept apart by it.</summary>
public enum Service : byte
{
    /// <summary>A call that the account makes; rated by the called number.</summary>
    VoiceOutbound = 1,

    /// <summary>A call that the account receives and pays for (toll-free); rated by the account's own called number.</summary>
    VoiceInbound = 2,

    /// <summary>Text messages; rated by MCC/MNC, one unit a segment.</summary>
    Sms = 3,

    /// <summary>Authentication and other counted events; rated by channel, one unit an event.</summary>
    Event = 4,
}

/// <summary>One use of a service by one account, parsed and checked, from whatever door it came through.</summary>
/// <param name="Source">Who numbered the event; with <paramref name="Id"/> it identifies the event within the account.</param>
/// <param name="Id">The source's identifier: a call's uuid, a message id, a CloudEvents id.</param>
/// <param name="Service">What was used.</param>
/// <param name="OccurredAt">Start of the call (answer time when answered) or the time of the message or event.</param>
/// <param name="RatingKey">What the deck is searched by: E.164 digits for voice, MCC and MNC digits joined by <c>-</c> for SMS ("404-45"), channel for events.</param>
/// <param name="Quantity">Milliseconds of talk time for voice (0 when unanswered), segments for SMS, count for events.</param>
/// <param name="CallingNumber">Who called or sent, as digits or a sender ID; may be empty.</param>
/// <param name="CalledNumber">Who was called or written to; may be empty.</param>
/// <param name="Detail">A JSON object of further facts to keep and show (hang-up cause, segments, template), or null. At most 2,000 characters.</param>
public sealed record UsageEvent(
    string Source,
    string Id,
    Service Service,
    DateTimeOffset OccurredAt,
    string RatingKey,
    long Quantity,
    string CallingNumber,
    string CalledNumber,
    string? Detail)
{
    /// <summary>True when the source tells times and durations in whole seconds only (CSV files): a record of the same event that differs by less than that is the same.</summary>
    public bool WholeSeconds { get; init; }

    /// <summary>True when the source gave no time, so that <see cref="OccurredAt"/> is when it arrived: a repetition then has another time and is the same all the same.</summary>
    public bool TimeIsArrival { get; init; }
}
