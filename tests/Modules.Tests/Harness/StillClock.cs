namespace Balatrix.Modules.Tests.Harness;

/// <summary>A clock that stands still until a test puts it forward: whatever happens between takes no time, however slow the machine is. Timers stay the machine's.</summary>
public sealed class StillClock : TimeProvider
{
    // Whole milliseconds, so that what is billed in them is billed exactly.
    long now = System.GetUtcNow().ToUnixTimeMilliseconds() * TimeSpan.TicksPerMillisecond;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(Interlocked.Read(ref now));

    public void Advance(TimeSpan by) => Interlocked.Add(ref now, by.Ticks);
}
