using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>
/// Money that comes in for a debt that was given up: the giving up is taken back as far as the money reaches (receivable against the write-off book),
/// and the invoice is settled by the money instead. What is recovered whole bars nothing any more. Tax moves neither way.
/// </summary>
static class RecoverDebts
{
    const string GivenUp = """
        select n.document_id, d.number, d.currency, sum(a.amount_micros)::bigint
          from invoicing.dunning n
          join invoicing.documents d on d.document_id = n.document_id and d.status = 1
          join invoicing.allocations a on a.document_id = n.document_id and a.entry_no is not null
         where n.account_id = $1 and n.tenant_id = $2 and n.is_written_off
         group by n.document_id, d.number, d.currency, d.due_on having sum(a.amount_micros) > 0
         order by (n.document_id = $3) desc, d.due_on, n.document_id
        """;

    sealed record Debt(long DocumentId, string Number, string Currency, long Micros);

    /// <summary>What is given up of an invoice and not recovered.</summary>
    public static async Task<long> OfAsync(NpgsqlConnection connection, int tenantId, long documentId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select coalesce(sum(amount_micros), 0)::bigint from invoicing.allocations where document_id = $1 and tenant_id = $2 and entry_no is not null", [documentId, tenantId], r => r.GetInt64(0),
        cancellationToken))[0];

    /// <summary>Settles with what an account has free: the document that the money names first, then what is open, then what was given up, the oldest first.</summary>
    public static async Task<List<Allocation>> SettleAsync(
        NpgsqlConnection connection, int tenantId, MoneyReceived money, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var debts = await Database.QueryAsync(
            connection, GivenUp, [money.AccountId, tenantId, money.DocumentId ?? 0], r => new Debt(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetInt64(3)), cancellationToken);
        if (debts is [var named, ..] && named.DocumentId == money.DocumentId)
        {
            await ReopenAsync(connection, tenantId, money, named, now, cancellationToken);
            debts.RemoveAt(0);
        }
        var settled = await Allocations.SettleAsync(connection, tenantId, [money.AccountId], money.DocumentId, now, cancellationToken);
        foreach (var debt in debts)
            if (await ReopenAsync(connection, tenantId, money, debt, now, cancellationToken))
                settled.AddRange(await Allocations.SettleAsync(connection, tenantId, [money.AccountId], debt.DocumentId, now, cancellationToken));
        return settled;
    }

    /// <summary>Opens a debt again by as much as is free to settle it; false when nothing is.</summary>
    static async Task<bool> ReopenAsync(NpgsqlConnection connection, int tenantId, MoneyReceived money, Debt debt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var free = (await Database.QueryAsync(
            connection,
            "select coalesce(sum(amount_micros - allocated_micros - returned_micros), 0)::bigint from invoicing.receipts where account_id = $1 and tenant_id = $2 and document_id is null",
            [money.AccountId, tenantId], r => r.GetInt64(0), cancellationToken))[0];
        var micros = Math.Min(free, debt.Micros);
        if (micros <= 0)
            return false;
        var post = new Post(EventKey.Of("recovery", $"{debt.DocumentId}/{money.Key}"), EntryKind.Writeoff, Book.Writeoff, -micros, debt.Currency, $"Recovered: {debt.Number}", null, IsOwed: true);
        var decision = (await LedgerPosting.PostAllAsync(connection, tenantId, [(money.AccountId, post)], now, cancellationToken))[0];
        await Database.ExecuteAsync(
            connection, "insert into invoicing.allocations (tenant_id, account_id, document_id, entry_no, amount_micros, made_at) values ($1, $2, $3, $4, $5, $6)",
            [tenantId, money.AccountId, debt.DocumentId, decision.Posting!.Value.EntryNo, -micros, now], cancellationToken);
        await Database.ExecuteAsync(
            connection, "update invoicing.documents set settled_micros = settled_micros - $2 where document_id = $1 and tenant_id = $3", [debt.DocumentId, micros, tenantId], cancellationToken);
        if (micros == debt.Micros)
            await Database.ExecuteAsync(connection, "update invoicing.dunning set is_written_off = false where document_id = $1 and tenant_id = $2", [debt.DocumentId, tenantId], cancellationToken);
        await DocumentSteps.WriteAsync(
            connection, tenantId, [(debt.DocumentId, "debt_recovered", (object?)new { amount = Money.Format(micros), left = Money.Format(debt.Micros - micros) })], now, cancellationToken);
        return true;
    }
}
