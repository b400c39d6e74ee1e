using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>Up to where accounts are billed: rows of invoicing.billing.</summary>
static class BillingMarks
{
    /// <summary>The windows of some accounts from where they are billed; the accounts are locked.</summary>
    /// <param name="connection">In the caller's transaction.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="until">Accounts, their last entries and the first instants that are not meant; none, or one before what is billed until, moves nothing.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<List<BillingWindow>> WindowsAsync(
        NpgsqlConnection connection, int tenantId, IReadOnlyList<(BilledAccount Account, DateTimeOffset? Until)> until, CancellationToken cancellationToken)
    {
        var ids = until.Select(u => u.Account.AccountId).ToArray();
        await Database.ExecuteAsync(
            connection,
            """
            insert into invoicing.billing (account_id, tenant_id, billed_until)
            select p.account_id, p.tenant_id, date_trunc('second', p.created_at) from customers.account_profiles p where p.account_id = any($1) and p.tenant_id = $2
            on conflict do nothing
            """,
            [ids, tenantId], cancellationToken);
        var marks = (await Database.QueryAsync(
            connection, "select account_id, open_from_entry, billed_entry_no, billed_until from invoicing.billing where account_id = any($1) and tenant_id = $2", [ids, tenantId],
            r => (Id: r.GetInt64(0), OpenFrom: r.GetInt64(1), Billed: r.GetInt64(2), Until: r.GetFieldValue<DateTimeOffset>(3)), cancellationToken)).ToDictionary(m => m.Id);
        return [.. until.Select(u =>
        {
            var mark = marks[u.Account.AccountId];
            // Before the first invoice nothing is billed, so use of before the account's opening can be left for later, too.
            var isFirst = mark.Billed == 0 && u.Until is not null;
            return new BillingWindow(mark.Id, mark.OpenFrom, mark.Billed + 1, mark.Until, u.Account.EntryNo, isFirst || u.Until > mark.Until ? u.Until!.Value : mark.Until);
        })];
    }

    /// <summary>Moves the marks behind windows that are on documents now.</summary>
    public static Task<int> MoveAsync(NpgsqlConnection connection, int tenantId, IReadOnlyList<(BillingWindow Window, long NextOpenFrom)> billed, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        """
        update invoicing.billing b set billed_entry_no = v.entry_no, billed_until = v.until, open_from_entry = v.open_from
          from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bigint[]) as v(account_id, entry_no, until, open_from)
         where b.account_id = any($1) and b.account_id = v.account_id and b.tenant_id = $5
        """,
        [
            billed.Select(b => b.Window.AccountId).ToArray(), billed.Select(b => b.Window.ToEntryNo).ToArray(), billed.Select(b => b.Window.Until.UtcDateTime).ToArray(),
            billed.Select(b => b.NextOpenFrom).ToArray(), tenantId,
        ],
        cancellationToken);
}
