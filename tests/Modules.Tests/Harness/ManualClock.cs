namespace Balatrix.Modules.Tests.Harness;

/// <summary>The machine's clock, put forward by tests.</summary>
public sealed class ManualClock : TimeProvider
{
    long ahead;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref ahead));

    public void Advance(TimeSpan by) => Interlocked.Add(ref ahead, by.Ticks);
}
