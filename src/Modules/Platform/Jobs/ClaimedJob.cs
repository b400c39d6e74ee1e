using Npgsql;

namespace Balatrix.Modules.Platform.Jobs;

/// <summary>A job whose row is locked by a transaction; letting that go gives the job back to all workers.</summary>
sealed record ClaimedJob(NpgsqlConnection Connection, NpgsqlTransaction Transaction, JobKind Kind, long JobId, int TenantId, string Payload, DateTimeOffset Now) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Transaction.DisposeAsync();
        await Connection.DisposeAsync();
    }
}
