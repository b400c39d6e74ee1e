using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>Deletes what logins leave behind: sessions a month after their end with their tokens, mailed tokens a week after theirs, and counts that count no more.</summary>
sealed class CleanUpSessions(TimeProvider time) : IJobHandler
{
    /// <summary>Deletes in the job's transaction; what protects logins is of the installation, so any tenant's job does.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        // Logins live in real time, also those of a tenant whose clock is put forward.
        var now = time.GetUtcNow();
        await Database.ExecuteAsync(
            run.Connection, "delete from identity.sessions where tenant_id = $1 and least(expires_at, ended_at) < $2", [run.TenantId, now.AddDays(-30)], cancellationToken);
        await Database.ExecuteAsync(run.Connection, "delete from identity.mail_tokens where tenant_id = $1 and expires_at < $2", [run.TenantId, now.AddDays(-7)], cancellationToken);
        await Database.ExecuteAsync(
            run.Connection, "delete from identity.login_attempts where attempted_at[cardinality(attempted_at)] <= $1", [now - LoginGuard.AttemptWindow], cancellationToken);
        await Database.ExecuteAsync(
            run.Connection, "delete from identity.login_locks where greatest(updated_at, locked_until) < $1", [now.AddDays(-1)], cancellationToken);
    }
}
