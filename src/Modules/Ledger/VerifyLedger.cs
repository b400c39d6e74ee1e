using Balatrix.Modules.Platform.Jobs;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Ledger;

/// <summary>Job: proves a tenant's books. Books that are wrong stay so however often they are added up: the job is a dead letter at once, and says what is wrong.</summary>
public sealed partial class VerifyLedger(LedgerVerification verification, ILogger<VerifyLedger> logger) : IJobHandler
{
    /// <summary>Proves the books, or names the first entry that is wrong.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var report = await verification.VerifyAsync(run.TenantId, cancellationToken);
        if (report.Proven)
            return;
        var wrong = string.Join("; ", report.Proofs.Where(p => !p.Proven).Select(p => $"{p.Name}: {p.FirstWrong}"));
        LogWrong(logger, run.TenantId, wrong);
        throw new JobImpossibleException($"The books are not proven: {wrong}");
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The books of tenant {TenantId} are not proven: {Wrong}")]
    static partial void LogWrong(ILogger logger, int tenantId, string wrong);
}
