using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>Balances of an account below which something is to happen.</summary>
/// <param name="RechargeMicros">It is recharged; null for never.</param>
/// <param name="LowMicros">Its customer is told; null for never.</param>
readonly record struct BalanceMarks(long? RechargeMicros, long? LowMicros);

/// <summary>What the jobs of a crossing carry.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="EntryNo">The entry after which the balance was below the mark: it names the crossing.</param>
/// <param name="BalanceMicros">The balance after it.</param>
/// <param name="MarkMicros">The mark.</param>
public sealed record BalanceCrossing(long AccountId, long EntryNo, long BalanceMicros, long MarkMicros);

/// <summary>
/// Sees balances fall below their marks, in the commit that makes them fall: the account is locked, so a crossing is seen once however many
/// charges and nodes there are, and never without its job. Marks come with the account, and an account that crosses none costs two comparisons.
/// </summary>
public static class BalanceCrossings
{
    /// <summary>The job that recharges an account from its saved payment method.</summary>
    public const string RechargeQueue = "billing";

    /// <inheritdoc cref="RechargeQueue"/>
    public const string RechargeKind = "auto-recharge";

    /// <summary>The job that tells the customer of a low balance.</summary>
    public const string LowQueue = "notifications";

    /// <inheritdoc cref="LowQueue"/>
    public const string LowKind = "send-low-balance";

    /// <summary>Whether a balance fell below a mark: it was at the mark or above.</summary>
    public static bool IsCrossed(long? mark, long before, long after) => after < mark && before >= mark;

    /// <summary>The recharge of a crossing, for whoever moves a mark over the balance instead.</summary>
    public static Task<long?> EnqueueRechargeAsync(NpgsqlConnection connection, int tenantId, BalanceCrossing crossing, string keySuffix, CancellationToken cancellationToken) =>
        JobQueue.EnqueueAsync(connection, tenantId, Job(RechargeQueue, RechargeKind, crossing, keySuffix), cancellationToken);

    /// <summary>Adds the jobs of what a batch crossed to its last statements.</summary>
    internal static void AddJobs(NpgsqlBatch command, int tenantId, AccountSlot[] changed)
    {
        foreach (var slot in changed)
        {
            var (before, after) = (slot.Loaded.BalanceMicros, slot.State.BalanceMicros);
            if (after >= before)
                continue;
            if (IsCrossed(slot.Marks.RechargeMicros, before, after))
                command.BatchCommands.Add(JobQueue.EnqueueCommand(tenantId, Job(RechargeQueue, RechargeKind, Crossing(slot, slot.Marks.RechargeMicros!.Value))));
            if (IsCrossed(slot.Marks.LowMicros, before, after))
                command.BatchCommands.Add(JobQueue.EnqueueCommand(tenantId, Job(LowQueue, LowKind, Crossing(slot, slot.Marks.LowMicros!.Value))));
        }
    }

    static BalanceCrossing Crossing(AccountSlot slot, long mark) => new(slot.State.AccountId, slot.State.EntryNo, slot.State.BalanceMicros, mark);

    static JobRequest Job(string queue, string kind, BalanceCrossing crossing, string keySuffix = "") => new(
        queue, kind, JsonSerializer.Serialize(crossing, JsonSerializerOptions.Web),
        Key: string.Create(CultureInfo.InvariantCulture, $"{crossing.AccountId}@{crossing.EntryNo}{keySuffix}"));
}
