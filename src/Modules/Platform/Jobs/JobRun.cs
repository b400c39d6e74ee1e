using System.Text.Json;
using Npgsql;

namespace Balatrix.Modules.Platform.Jobs;

/// <summary>One attempt at a job. What is written on the connection commits together with the job's end, or not at all.</summary>
/// <param name="JobId">Its number.</param>
/// <param name="TenantId">Whose.</param>
/// <param name="Kind">What is to be done.</param>
/// <param name="Payload">What it was enqueued with.</param>
/// <param name="Attempt">From 1; also attempts whose worker died count.</param>
/// <param name="Connection">In the tenant's transaction that holds the job; it must not be committed or rolled back by the handler.</param>
/// <param name="Now">The tenant's now.</param>
public sealed record JobRun(long JobId, int TenantId, string Kind, JsonElement Payload, int Attempt, NpgsqlConnection Connection, DateTimeOffset Now);

/// <summary>Does jobs of one kind. It may be run again after a failure: what it does elsewhere than on the run's connection must bear repeating.</summary>
public interface IJobHandler
{
    /// <summary>Does one job; an exception is a failed attempt.</summary>
    Task RunAsync(JobRun run, CancellationToken cancellationToken);
}

/// <summary>Thrown by a handler whose job can never succeed: it is dead at once instead of being tried again.</summary>
public sealed class JobImpossibleException : Exception
{
    /// <summary>Without a reason.</summary>
    public JobImpossibleException()
    {
    }

    /// <summary>With a reason, which is shown.</summary>
    public JobImpossibleException(string message)
        : base(message)
    {
    }

    /// <summary>With a reason, which is shown, and what caused it.</summary>
    public JobImpossibleException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
