using Balatrix.Core.Charging;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>Sets what dunning bars of an account.</summary>
public static class AccountBars
{
    /// <summary>Sets the bar in the caller's transaction, between two batches of charging, and says what it was; null when it was so already.</summary>
    public static async Task<AccountBar?> SetAsync(NpgsqlConnection connection, int tenantId, long accountId, AccountBar bar, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection,
        """
        with was as (select account_id, bar from ledger.accounts where account_id = $1 and tenant_id = $2 for update)
        update ledger.accounts a set bar = $3 from was where a.account_id = was.account_id and was.bar <> $3 returning was.bar
        """,
        [accountId, tenantId, (short)bar], r => (AccountBar?)r.GetInt16(0), cancellationToken)).SingleOrDefault();
}
