using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;

namespace Balatrix.Modules.Invoicing;

/// <summary>A note that is about to be issued.</summary>
/// <param name="Document">What is issued.</param>
/// <param name="ChargedMicros">What the ledger charged (positive) or gave back (negative) for its lines.</param>
sealed record PreparedNote(NewDocument Document, long ChargedMicros);

/// <summary>
/// Notes for calls that were rated again after they were invoiced. What was charged more is a debit note; what was given back is credited on the debit notes first and then
/// on the invoice, as far as these have room; by financial notes when the law no longer lets tax be taken back. What is beyond that is a discount of the next charges.
/// </summary>
static class RatedAgain
{
    /// <summary>Decides about the corrections of one invoice's calls, which the ledger has posted already.</summary>
    /// <param name="tenant">The tenant as issuer.</param>
    /// <param name="account">Whose they are.</param>
    /// <param name="original">The invoice.</param>
    /// <param name="chargedMicros">Charged more when positive, given back when negative.</param>
    /// <param name="reason">Printed on the notes.</param>
    /// <param name="now">The tenant's now.</param>
    /// <param name="dueOn">Until when a debit note is to be paid.</param>
    /// <returns>The notes, and what none of them has.</returns>
    public static (List<PreparedNote> Notes, long RestMicros) Decide(
        BillingTenant tenant, BilledAccount account, InvoicedUse original, long chargedMicros, string reason, DateTimeOffset now, DateOnly dueOn)
    {
        var document = original.Credited.Document;
        var like = document.Totals.Lines.FirstOrDefault(l => l.Service == "voice") ?? document.Totals.Lines[0];
        like = like with { Description = "Calls rated again", Quantity = null, Unit = "", Covered = null, Count = 0, RateMicros = null, DiscountMicros = 0 };
        if (chargedMicros >= 0)
        {
            var micros = Taxable(tenant, document.Treatment, like, chargedMicros);
            if (micros == 0)
                return ([], chargedMicros);
            var totals = InvoiceArithmetic.Total(document.Treatment, [like with { TaxableMicros = micros }], false);
            return ([new(CreditNotes.Note(account, original.DocumentId, document, DocumentKind.DebitNote, totals, reason, dueOn), chargedMicros)], 0);
        }
        var (notes, rest) = (new List<PreparedNote>(), -chargedMicros);
        foreach (var target in original.DebitNotes.Append(original))
        {
            var micros = Taxable(tenant, document.Treatment, like, rest);
            var amounts = target.Credited.Spread(like, micros);
            if (amounts.Sum() is not (var credited and > 0))
                continue;
            var totals = Merge(target.Credited.Credit(amounts), like);
            var given = credited == micros ? rest : tenant.IsInclusive ? totals.TotalMicros : credited;
            var note = CreditNotes.Note(account, target.DocumentId, target.Credited.Document, DocumentKind.CreditNote, totals, reason);
            if (CreditNoteTerm.IsOver(target.Credited.Document, tenant.Day(now)))
                note = CreditNotes.Financial(note, FinancialNote.Of(target.Credited.Document, totals));
            notes.Add(new(note, -given));
            rest -= given;
        }
        return (notes, -rest);
    }

    /// <summary>The taxable value of what was charged, in paisa.</summary>
    static long Taxable(BillingTenant tenant, TaxTreatment treatment, InvoiceLine line, long micros) => tenant.IsInclusive
        ? TaxEngine.OnInclusive(treatment, line.RateBasisPoints, InvoiceArithmetic.ToPaisa(micros)).TaxableMicros
        : InvoiceArithmetic.ToPaisa(micros);

    /// <summary>One line of a service, code and rate: which of the invoice's lines a call was on is not told.</summary>
    static InvoiceTotals Merge(InvoiceTotals totals, InvoiceLine like) => totals with
    {
        Lines =
        [
            .. totals.Lines.GroupBy(l => (l.Service, l.SacCode, l.RateBasisPoints)).Select(g => like with
            {
                Service = g.Key.Service, SacCode = g.Key.SacCode, RateBasisPoints = g.Key.RateBasisPoints, TaxableMicros = g.Sum(l => l.TaxableMicros),
                Tax = g.Aggregate(default(TaxAmounts), (sum, l) => sum + l.Tax), From = g.First().From, To = g.First().To,
            }),
        ],
    };
}
