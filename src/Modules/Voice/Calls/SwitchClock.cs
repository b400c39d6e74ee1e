namespace Balatrix.Modules.Voice.Calls;

/// <summary>
/// Another host's clock, as its events tell it: the event that was least late within the last while gives the offset. An event that waited long says nothing, and a clock
/// that is set back is followed within two spans.
/// </summary>
sealed class SwitchClock
{
    static readonly TimeSpan Span = TimeSpan.FromSeconds(15);

    readonly Lock gate = new();
    long? best;
    long? bestBefore;
    long since;
    long offsetTicks;

    /// <summary>Its time now.</summary>
    public DateTimeOffset Now(TimeProvider here) => here.GetUtcNow().AddTicks(Interlocked.Read(ref offsetTicks));

    /// <summary>An event came that was sent at a time of its clock.</summary>
    public void Heard(DateTimeOffset sentAt, TimeProvider here)
    {
        var offset = (sentAt - here.GetUtcNow()).Ticks;
        lock (gate)
        {
            if (best is null || here.GetElapsedTime(since) > Span)
                (bestBefore, best, since) = (best, offset, here.GetTimestamp());
            else if (offset > best)
                best = offset;
            Interlocked.Exchange(ref offsetTicks, Math.Max(best.Value, bestBefore ?? long.MinValue));
        }
    }
}
