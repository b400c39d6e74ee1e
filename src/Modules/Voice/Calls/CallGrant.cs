namespace Balatrix.Modules.Voice.Calls;

/// <summary>What is asked for a segment of a call.</summary>
/// <param name="Ms">How much of it to reserve first; null for a slice when its FreeSWITCH is controlled, else all that may be used.</param>
/// <param name="Owner">Who controls it; empty when nobody does yet.</param>
/// <param name="CallId">The channel that it began as.</param>
/// <param name="Segment">1, and one more after each transfer.</param>
/// <param name="ChannelId">The channel that is metered.</param>
/// <param name="AnsweredAt">When it was answered, if it talks already.</param>
/// <param name="MeterFrom">Paid from here on, when what was before is paid otherwise.</param>
/// <param name="IsLetThrough">Whether it talks to where it goes: it was let through once, and its destination is not judged again.</param>
sealed record CallAsk(long? Ms, string Owner, string CallId, int Segment, string ChannelId, DateTimeOffset? AnsweredAt = null, DateTimeOffset? MeterFrom = null, bool IsLetThrough = false)
{
    /// <summary>A call that nobody controls yet.</summary>
    public static CallAsk ByDoor(string uuid) => new(null, "", uuid, 1, uuid);
}

/// <summary>The answer.</summary>
/// <param name="Permit">It may go on.</param>
/// <param name="Refusal">It may not.</param>
/// <param name="Row">What is kept of it.</param>
/// <param name="Price">What it costs.</param>
/// <param name="GrantedMs">What is reserved.</param>
/// <param name="IsTaken">Another has it.</param>
sealed record CallGrant(CallPermit? Permit, CallRefusal? Refusal, CallRow? Row = null, CallPrice? Price = null, long GrantedMs = 0, bool IsTaken = false)
{
    public static CallGrant Refused(CallRefusal refusal) => new(null, refusal);
}
