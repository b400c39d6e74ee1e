using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.Fraud;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>What the control of calls works with.</summary>
sealed record CallServices(
    CallAuthorizer Authorizer, CallLedger Ledger, CallRulesDirectory Rules, CallRecords Records, Database Database, FraudGuard Fraud, LiveCalls Live, TimeProvider Time, ILogger<CallControl> Logger, CallTimings Timings);

/// <summary>How often what is done.</summary>
/// <param name="Resync">Between two snapshots of a FreeSWITCH.</param>
/// <param name="Retry">After one that failed.</param>
/// <param name="Settled">A call that is younger may not be in a snapshot yet.</param>
/// <param name="Keep">Between two writes of what was seen of calls.</param>
/// <param name="Tick">The grain of timers.</param>
sealed record CallTimings(TimeSpan Resync, TimeSpan Retry, TimeSpan Settled, TimeSpan Keep, TimeSpan Tick)
{
    public static CallTimings Default { get; } = new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(0.5), TimeSpan.FromMilliseconds(100));

    /// <summary>How long a call waits for its answer: FreeSWITCH lets go of a parked one after three seconds.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Shorter than a call waits for its record in a test; null keeps the rules' own.</summary>
    public int? GraceMs { get; init; }
}
