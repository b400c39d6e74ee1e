using Balatrix.Core.Charging;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>An account as it was read without a lock: good to say what a use would cost, while only charging and reserving decide.</summary>
/// <param name="State">Its balance, limits, and the allowances of the time that was asked for.</param>
/// <param name="PlanVersionId">Its present plan, or null.</param>
/// <param name="HasTariffs">Whether it has or had a tariff.</param>
public sealed record AccountReading(AccountState State, int? PlanVersionId, bool HasTariffs)
{
    /// <summary>Reads one in one round trip; null when it is not there.</summary>
    public static Task<AccountReading?> FindAsync(Database database, int tenantId, long accountId, DateTimeOffset at, CancellationToken cancellationToken) =>
        database.ReadInTenantAsync(tenantId, Statements(tenantId, accountId, at), ReadAsync, cancellationToken);

    /// <summary>The statements that <see cref="ReadAsync"/> reads the results of, for a round trip with others.</summary>
    public static NpgsqlBatchCommand[] Statements(int tenantId, long accountId, DateTimeOffset at) => LedgerStore.Peek(tenantId, accountId, at);

    /// <summary>Reads one from the results of <see cref="Statements"/>; null when it is not there.</summary>
    public static async Task<AccountReading?> ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken) =>
        await LedgerStore.PeekedAsync(reader, cancellationToken) is { } slot ? new(slot.State, slot.PlanVersionAt(DateTimeOffset.MaxValue), slot.HasTariffs) : null;
}
