using Balatrix.Core.Charging;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>
/// Posts money in the transaction of another module, so that the money and its cause are one commit. Accounts are locked in their order,
/// as the pipeline does; a module that locks rows of its own must lock those first.
/// </summary>
public static class LedgerPosting
{
    /// <summary>Locks accounts until the transaction ends.</summary>
    public static async Task LockAsync(NpgsqlConnection connection, int tenantId, long[] accountIds, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Database.Statement("select 1 from ledger.accounts where account_id = any($1) and tenant_id = $2 order by account_id for update", accountIds, tenantId));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Does all of it, or none: a refusal is thrown, so that the caller's transaction goes with it.</summary>
    /// <exception cref="ProblemException">A posting was refused.</exception>
    public static async Task<Decision[]> PostAllAsync(
        NpgsqlConnection connection, int tenantId, IReadOnlyList<(long AccountId, Post Post)> posts, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var decisions = await PostAsync(connection, tenantId, posts, now, cancellationToken);
        return Array.Find(decisions, d => !d.Accepted) is { } refused ? throw new ProblemException(Refusals.ToProblem(refused.Refusal)) : decisions;
    }

    /// <summary>Does what can be done and answers each posting; a refused one has written nothing and spoils none of the others.</summary>
    /// <param name="connection">In a transaction of the tenant.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="posts">Postings and their accounts, in order.</param>
    /// <param name="now">The tenant's now.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<Decision[]> PostAsync(
        NpgsqlConnection connection, int tenantId, IReadOnlyList<(long AccountId, Post Post)> posts, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (posts.Count == 0)
            return [];
        using var batch = new ChargeBatch();
        var answers = new PendingAnswers(posts.Count);
        batch.Begin(tenantId, [.. posts.Select((p, i) => new PendingOperation(tenantId, p.AccountId, p.Post, answers, i))], now, now);
        await LedgerStore.LoadAsync(connection, batch, cancellationToken, isCallersTransaction: true);
        batch.Apply((_, _) => null, new Moment(now, 0));
        if (!batch.WritesAnything)
            return batch.Decisions.ToArray();
        await using var writes = new NpgsqlBatch(connection);
        await LedgerWrites.SaveAsync(writes, batch, now, cancellationToken, isCallersTransaction: true);
        return batch.Decisions.ToArray();
    }
}
