using Balatrix.Core.Charging;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Invoicing.Dunning;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>Money that came in for an account.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Key">Unique within the account ("pay:PAY-1001"): the same again is answered with the first outcome.</param>
/// <param name="AmountMicros">More than 0.</param>
/// <param name="Currency">ISO 4217 code; must be the account's.</param>
/// <param name="From">The book that it comes from: a gateway's, or tax that the customer withheld.</param>
/// <param name="Reference">The outside's name of it.</param>
/// <param name="DocumentId">The invoice to settle first; the rest settles what is due longest, then stays as credit.</param>
public sealed record MoneyReceived(long AccountId, string Key, long AmountMicros, string Currency, Book From, string Reference, long? DocumentId);

/// <summary>What became of money received.</summary>
/// <param name="IsRepeat">True when it had been received before.</param>
/// <param name="Posting">The ledger entry of the money.</param>
/// <param name="DocumentId">The tax invoice or receipt voucher that was issued for it, if any.</param>
/// <param name="Settled">Documents that it settled, and by how much.</param>
/// <param name="BalanceMicros">What the account had when the money and its tax were posted.</param>
public sealed record Received(bool IsRepeat, Posting Posting, long? DocumentId, IReadOnlyList<(long DocumentId, long AmountMicros)> Settled, long BalanceMicros)
{
    /// <summary>The number of the money's ledger entry.</summary>
    public long EntryNo => Posting.EntryNo;
}

/// <summary>
/// The one door for money that comes in, in the transaction of whoever knows of it. For a wallet it is taxed as the tenant's mode says,
/// with a tax invoice or a receipt voucher; for a postpaid account it settles what is owed.
/// </summary>
public static class Receivables
{
    const string OtherTerritory = "97";

    /// <summary>Receives money once for its key.</summary>
    /// <exception cref="ProblemException">The account is not there, is closed, or has another currency.</exception>
    public static async Task<Received> ReceiveAsync(NpgsqlConnection connection, int tenantId, MoneyReceived money, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await LedgerPosting.LockAsync(connection, tenantId, [money.AccountId], cancellationToken);
        if (await BilledAccount.ReadAsync(connection, tenantId, [money.AccountId], cancellationToken) is not [var account])
            throw new ProblemException(Problem.NotFound("account"));
        var isWallet = account.Kind == AccountKind.Prepaid;
        var post = new Post(EventKey.Of("receipt", money.Key), isWallet ? EntryKind.TopUp : EntryKind.Payment, money.From, money.AmountMicros, money.Currency, money.Reference, null);
        var decision = (await LedgerPosting.PostAllAsync(connection, tenantId, [(money.AccountId, post)], now, cancellationToken))[0];
        var posting = decision.Posting!.Value;
        if (decision.IsRepeat)
        {
            var before = await DocumentOfAsync(connection, tenantId, money, cancellationToken);
            return new(true, posting, before, [], await BalanceAsync(connection, tenantId, money.AccountId, posting, before, cancellationToken));
        }
        var tenant = await BillingTenant.LoadAsync(connection, tenantId, cancellationToken);
        var documentId = isWallet ? await RechargeAsync(connection, tenantId, tenant, account, money, now, cancellationToken) : null;
        var receiptId = (await Database.QueryAsync(
            connection,
            """
            insert into invoicing.receipts (tenant_id, account_id, receipt_key, entry_no, amount_micros, allocated_micros, book, reference, document_id, received_at)
            values ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9) returning receipt_id
            """,
            [tenantId, money.AccountId, money.Key, posting.EntryNo, money.AmountMicros, (short)money.From, money.Reference, documentId?.Id, now], r => r.GetInt64(0), cancellationToken))[0];
        if (documentId is { } document)
            await WriteLotAsync(connection, tenantId, document, receiptId, cancellationToken);
        var settled = isWallet ? [] : await RecoverDebts.SettleAsync(connection, tenantId, money, now, cancellationToken);
        await AuditLog.WriteAsync(
            connection, tenantId, actor, "account.money_received", "account", AccountDirectory.NumberOf(money.AccountId), null,
            new { amount = Core.Money.Format(money.AmountMicros), money.Currency, money.Reference, from = Books.Name(money.From), document = documentId?.Document.Number, settled = settled.Select(s => s.DocumentId) }, now, cancellationToken);
        return new(
            false, posting, documentId?.Id, [.. settled.Select(s => (s.DocumentId, s.AmountMicros))], await BalanceAsync(connection, tenantId, money.AccountId, posting, documentId?.Id, cancellationToken));
    }

    /// <summary>Why money for a wallet could not be taxed rightly, so that no order is made for it; null when it can. What was paid already is received all the same.</summary>
    public static async Task<Problem?> CheckAsync(NpgsqlConnection connection, int tenantId, long accountId, long amountMicros, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var tenant = await BillingTenant.LoadAsync(connection, tenantId, cancellationToken);
        if (await BilledAccount.ReadAsync(connection, tenantId, [accountId], cancellationToken) is not [{ Kind: AccountKind.Prepaid } account] || tenant.Settings.Gst is null)
            return null;
        if (account.Determine(tenant, tenant.Day(now)).Refusal is { } refusal)
            return BilledAccount.ToProblem(refusal);
        return amountMicros % TaxEngine.UnitMicros == 0 ? null : Problem.Invalid("amount", "whole paisa, such as \"500.00\"");
    }

    /// <summary>How much must be paid so that so much arrives in an account: a wallet's tax comes out of what is paid.</summary>
    public static async Task<long> GrossForAsync(NpgsqlConnection connection, int tenantId, long accountId, long netMicros, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var tenant = await BillingTenant.LoadAsync(connection, tenantId, cancellationToken);
        if (await BilledAccount.ReadAsync(connection, tenantId, [accountId], cancellationToken) is not [{ Kind: AccountKind.Prepaid } account] || tenant.Settings.Gst is null)
            return InvoiceArithmetic.UpToPaisa(netMicros);
        var treatment = TreatmentOf(account, tenant, tenant.Day(now));
        return TaxEngine.GrossFor(treatment, TaxRates.BasisPoints(tenant.Tax, treatment, tenant.Day(now)), netMicros);
    }

    // Money that is here must be taxed: where the nature of the supply cannot be determined it is between states (CGST rule 50, proviso).
    static TaxTreatment TreatmentOf(BilledAccount account, BillingTenant tenant, DateOnly day) =>
        account.Determine(tenant, day).Treatment ?? new(SupplyType.B2C, TaxScheme.Igst, OtherTerritory, false, null);

    /// <summary>Taxes a recharge: out of the wallet to the tax books with a tax invoice, or set aside with a receipt voucher.</summary>
    static async Task<IssuedDocument?> RechargeAsync(
        NpgsqlConnection connection, int tenantId, BillingTenant tenant, BilledAccount account, MoneyReceived money, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (tenant.Settings.Gst is null)
            return null;
        var today = tenant.Day(now);
        var treatment = TreatmentOf(account, tenant, today);
        var isAdvance = tenant.Settings.PrepaidTaxMode == "usage";
        var line = new InvoiceLine("recharge", "", isAdvance ? "Advance for communication services" : "Recharge of communication services", null, "", null, 0, null, money.AmountMicros, 0, default, today, today);
        var totals = InvoiceArithmetic.TotalOfGross(tenant.Tax, treatment, today, [line]);
        var document = new NewDocument
        {
            Account = account,
            Kind = isAdvance ? DocumentKind.ReceiptVoucher : DocumentKind.Invoice,
            Totals = totals,
            Treatment = treatment,
            PaidBeforeMicros = totals.TotalMicros,
            Reason = money.Reference,
        };
        var issued = (await IssueDocuments.IssueAsync(connection, tenantId, tenant, [document], now, cancellationToken))[0];
        var heads = isAdvance ? [(Book.GstAdvance, "advance", totals.Tax.TotalMicros)] : InvoicePostings.Heads(totals.Tax, treatment.Scheme);
        var posts = heads.Where(h => h.Item3 != 0).Select(h => (account.AccountId, new Post(
            EventKey.Of("document", $"{issued.Id}/{h.Item2}"), EntryKind.RechargeTax, h.Item1, -h.Item3, money.Currency, issued.Document.Number, null, IsOwed: true))).ToList();
        await LedgerPosting.PostAllAsync(connection, tenantId, posts, now, cancellationToken);
        return issued;
    }

    static Task<int> WriteLotAsync(NpgsqlConnection connection, int tenantId, IssuedDocument document, long receiptId, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        "insert into invoicing.lots (tenant_id, account_id, document_id, receipt_id, is_taxed_at_use, net_micros, tax_micros) values ($1, $2, $3, $4, $5, $6, $7)",
        [
            tenantId, document.New.Account.AccountId, document.Id, receiptId, document.New.Kind == DocumentKind.ReceiptVoucher, document.New.Totals.TaxableMicros, document.New.Totals.Tax.TotalMicros,
        ],
        cancellationToken);

    /// <summary>The balance after the tax of a recharge, whose entries follow the money's own at once.</summary>
    static async Task<long> BalanceAsync(NpgsqlConnection connection, int tenantId, long accountId, Posting posting, long? documentId, CancellationToken cancellationToken) => documentId is null
        ? posting.BalanceAfterMicros
        : (await Database.QueryAsync(
            connection,
            """
            select e.balance_after_micros from ledger.journal_entries e join invoicing.documents d on d.document_id = $3
             where e.account_id = $1 and e.tenant_id = $4 and e.entry_no between $2 and $2 + 4 and (e.entry_no = $2 or (e.kind = 13 and e.reference = d.number)) order by e.entry_no desc limit 1
            """,
            [accountId, posting.EntryNo, documentId, tenantId], r => r.GetInt64(0), cancellationToken))[0];

    static async Task<long?> DocumentOfAsync(NpgsqlConnection connection, int tenantId, MoneyReceived money, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select document_id from invoicing.receipts where account_id = $1 and receipt_key = $2 and tenant_id = $3", [money.AccountId, money.Key, tenantId],
        r => r.IsDBNull(0) ? (long?)null : r.GetInt64(0), cancellationToken)).SingleOrDefault();
}
