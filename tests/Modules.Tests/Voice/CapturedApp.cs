using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice;

/// <summary>The application on the day of the captures, so that they never become too old to be taken.</summary>
public sealed class CapturedApp(TestCluster cluster) : TestApp(cluster)
{
    protected override TimeProvider Clock { get; } = new CaptureDay();

    sealed class CaptureDay : TimeProvider
    {
        readonly long started = TimeProvider.System.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero) + TimeProvider.System.GetElapsedTime(started);
    }
}
