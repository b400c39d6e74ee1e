using System.Text.Json;
using Balatrix.Core.Charging;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>Money of a receipt that goes back to where it came from.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Key">Unique within the account ("refund:RF-1"): the same again is answered with the first outcome.</param>
/// <param name="ReceiptKey">The key that the money was received under.</param>
/// <param name="AmountMicros">More than 0, with tax; at most what is left of the receipt.</param>
/// <param name="Currency">ISO 4217 code; must be the account's.</param>
/// <param name="To">The book that it goes to: the gateway's.</param>
/// <param name="Reference">The outside's name of it.</param>
/// <param name="Reason">Why; on the note or voucher.</param>
public sealed record MoneyReturned(long AccountId, string Key, string ReceiptKey, long AmountMicros, string Currency, Book To, string Reference, string Reason);

/// <summary>What became of money returned.</summary>
/// <param name="IsRepeat">True when it had been returned before.</param>
/// <param name="EntryNo">The ledger entry of the money.</param>
/// <param name="DocumentId">The credit note or refund voucher that was issued for it, if any.</param>
public sealed record Returned(bool IsRepeat, long EntryNo, long? DocumentId);

/// <summary>
/// Gives money of a receipt back, in the transaction of whoever pays it out. Out of a wallet the tax comes back with a credit note, or with
/// a refund voucher when it was only set aside; on a postpaid account what the receipt had settled is open again.
/// </summary>
public static class ReturnMoney
{
    sealed record Receipt(long Id, long LeftMicros, long FreeMicros, long? DocumentId);

    /// <summary>Returns money once for its key.</summary>
    /// <exception cref="ProblemException">There is no such receipt, less is left of it, or the wallet's balance was used meanwhile.</exception>
    public static async Task<Returned> ReturnAsync(NpgsqlConnection connection, int tenantId, MoneyReturned money, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await LedgerPosting.LockAsync(connection, tenantId, [money.AccountId], cancellationToken);
        if (await BilledAccount.ReadAsync(connection, tenantId, [money.AccountId], cancellationToken) is not [var account])
            throw new ProblemException(Problem.NotFound("account"));
        var post = new Post(EventKey.Of("return", money.Key), EntryKind.PaymentRefund, money.To, -money.AmountMicros, money.Currency, money.Reference, null, IsOwed: account.Kind == AccountKind.Postpaid);
        if (await RepeatAsync(connection, tenantId, account, post, cancellationToken) is { } before)
            return before;
        var receipt = (await Database.QueryAsync(
            connection,
            """
            select receipt_id, amount_micros - returned_micros, amount_micros - returned_micros - allocated_micros, document_id
              from invoicing.receipts where account_id = $1 and receipt_key = $2 and tenant_id = $3
            """,
            [money.AccountId, money.ReceiptKey, tenantId], r => new Receipt(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetInt64(3)), cancellationToken)).SingleOrDefault()
            ?? throw new ProblemException(Problem.NotFound("receipt"));
        if (money.AmountMicros <= 0 || money.AmountMicros > receipt.LeftMicros)
            throw new ProblemException(new(409, "refund_exceeds_payment", "More would be given back than is left of what was paid.", "amount", $"at most {Core.Money.Format(receipt.LeftMicros)}"));
        var issued = receipt.DocumentId is { } recharge ? await UntaxAsync(connection, tenantId, account, money, recharge, now, cancellationToken) : null;
        if (money.AmountMicros > receipt.FreeMicros)
            await Allocations.TakeBackAsync(connection, tenantId, money.AccountId, receipt.Id, money.AmountMicros - receipt.FreeMicros, now, cancellationToken);
        await Database.ExecuteAsync(
            connection, "update invoicing.receipts set returned_micros = returned_micros + $2 where receipt_id = $1 and tenant_id = $3", [receipt.Id, money.AmountMicros, tenantId], cancellationToken);
        var decision = (await LedgerPosting.PostAsync(connection, tenantId, [(money.AccountId, post)], now, cancellationToken))[0];
        if (!decision.Accepted)
            throw new ProblemException(decision.Refusal == Refusal.InsufficientBalance
                ? new(409, "balance_used", "The balance that the payment brought has been used meanwhile.", "amount", "at most what is left of the balance, with its tax")
                : Refusals.ToProblem(decision.Refusal));
        await AuditLog.WriteAsync(
            connection, tenantId, actor, "account.money_returned", "account", AccountDirectory.NumberOf(money.AccountId), null,
            new { amount = Core.Money.Format(money.AmountMicros), money.Currency, money.Reference, to = Books.Name(money.To), money.Reason, document = issued?.Document.Number }, now, cancellationToken);
        return new(false, decision.Posting!.Value.EntryNo, issued?.Id);
    }

    static async Task<Returned?> RepeatAsync(NpgsqlConnection connection, int tenantId, BilledAccount account, Post post, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select entry_no, amount_micros from ledger.journal_entries where account_id = $1 and event_key = $2 and tenant_id = $3", [account.AccountId, post.Key, tenantId],
        r => r.GetInt64(1) == -post.AmountMicros ? new Returned(true, r.GetInt64(0), null) : throw new ProblemException(Refusals.ToProblem(Refusal.Conflict)), cancellationToken)).SingleOrDefault();

    /// <summary>Takes the tax of a recharge back into the wallet, so that the whole amount can leave it.</summary>
    static async Task<IssuedDocument> UntaxAsync(
        NpgsqlConnection connection, int tenantId, BilledAccount account, MoneyReturned money, long rechargeId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var tenant = await BillingTenant.LoadAsync(connection, tenantId, cancellationToken);
        var (lotId, left, taxLeft, isAdvance, before, content) = (await Database.QueryAsync(
            connection,
            """
            select l.lot_id, l.net_micros - l.used_micros - l.returned_micros, l.tax_micros - l.adjusted_tax_micros, l.is_taxed_at_use, d.credited_micros, d.content
              from invoicing.lots l join invoicing.documents d on d.document_id = l.document_id where l.document_id = $1 and l.tenant_id = $2
            """,
            [rechargeId, tenantId], r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetBoolean(3), r.GetInt64(4), r.GetString(5)), cancellationToken)).Single();
        var original = JsonSerializer.Deserialize<InvoiceDocument>(content, JsonSerializerOptions.Web)!;
        if (money.AmountMicros > left + taxLeft)
            throw new ProblemException(new(409, "balance_used", "The balance that the payment brought has been used meanwhile.", "amount", $"at most {Core.Money.Format(left + taxLeft)}"));
        // After the term the money goes back all the same; the tax of it stays paid, and is the tenant's cost (CGST Act s.34(2)).
        var isLate = !isAdvance && CreditNoteTerm.IsOver(original, tenant.Day(now));
        var line = original.Totals.Lines[0];
        // Of an advance, what invoices adjusted is gone; the part that takes all that is left takes all of its tax.
        var split = !isAdvance
            ? RechargeReturn.Split(original, before, money.AmountMicros)
            : money.AmountMicros == left + taxLeft
                ? new(left, TaxEngine.OfTotal(original.Treatment.Scheme, taxLeft))
                : TaxEngine.OnInclusive(original.Treatment, line.RateBasisPoints, money.AmountMicros);
        var note = new NewDocument
        {
            Account = account with { Party = original.Recipient },
            Kind = isAdvance ? DocumentKind.RefundVoucher : DocumentKind.CreditNote,
            Totals = new([line with { TaxableMicros = split.TaxableMicros, Tax = split.Tax, Description = "Given back: " + line.Description }], split.TaxableMicros, split.Tax, 0, money.AmountMicros),
            Treatment = original.Treatment,
            PaidBeforeMicros = money.AmountMicros,
            OriginalId = rechargeId,
            References = [new(original.Kind, original.Number, original.IssuedOn, split.Tax.TotalMicros)],
            Reason = money.Reason,
        };
        if (isLate)
            note = Commercial(note, line, money);
        var issued = (await IssueDocuments.IssueAsync(connection, tenantId, tenant, [note], now, cancellationToken))[0];
        var heads = isAdvance ? [(Book.GstAdvance, "advance", split.Tax.TotalMicros)]
            : isLate ? [(Book.TaxUnrecovered, "unrecovered", split.Tax.TotalMicros)]
            : InvoicePostings.Heads(split.Tax, original.Treatment.Scheme);
        await LedgerPosting.PostAllAsync(
            connection, tenantId,
            [.. heads.Where(h => h.Item3 != 0).Select(h => (account.AccountId, new Post(EventKey.Of("document", $"{issued.Id}/{h.Item2}"), EntryKind.RechargeTax, h.Item1, h.Item3, money.Currency, issued.Document.Number, null)))],
            now, cancellationToken);
        await Database.ExecuteAsync(
            connection,
            """
            update invoicing.lots set returned_micros = returned_micros + least($2, net_micros - used_micros - returned_micros),
                   adjusted_tax_micros = adjusted_tax_micros + least($3, tax_micros - adjusted_tax_micros) where lot_id = $1 and tenant_id = $4
            """,
            [lotId, split.TaxableMicros, split.Tax.TotalMicros, tenantId], cancellationToken);
        await CreditNotes.AddCreditedAsync(connection, tenantId, [note], cancellationToken);
        return issued;
    }

    /// <summary>The note of money that goes back too late to lower the tax: for the whole amount, outside of GST and its returns.</summary>
    static NewDocument Commercial(NewDocument note, InvoiceLine line, MoneyReturned money) => CreditNotes.Financial(
        note,
        new([line with { RateBasisPoints = 0, TaxableMicros = money.AmountMicros, Tax = default, Description = "Given back: " + line.Description }], money.AmountMicros, default, 0, money.AmountMicros));
}
