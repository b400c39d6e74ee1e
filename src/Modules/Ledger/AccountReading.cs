using Balatrix.Core.Charging;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>An account as it was read without a lock: good to say what a use would cost, while only charging and reserving decide.</summary>
/// <param name="State">Its balance, limits, and the allowances of the time that was asked for.</param>
/// <param name="PlanVersionId">Its present plan, or null.</param>
/// <param name="HasTariffs">Whether it has or had a tariff.</param>
public sealed record AccountReading(AccountState State, int? PlanVersionId, bool HasTariffs)
{
    /// <summary>Reads one in a transaction of the tenant; null when it is not there.</summary>
    public static async Task<AccountReading?> FindAsync(NpgsqlConnection connection, int tenantId, long accountId, DateTimeOffset at, CancellationToken cancellationToken) =>
        await LedgerStore.PeekAsync(connection, tenantId, accountId, at, cancellationToken) is { } slot ? new(slot.State, slot.PlanVersionAt(DateTimeOffset.MaxValue), slot.HasTariffs) : null;
}
