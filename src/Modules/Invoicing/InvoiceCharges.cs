using Balatrix.Core.Charging;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>What became of an account that was to be invoiced: documents, nothing to bill, or a problem.</summary>
sealed record InvoiceOutcome(long AccountId, IReadOnlyList<IssuedDocument> Issued, Problem? Problem);

/// <summary>
/// Invoices what accounts were charged. An invoice posts its taxes and rounding, so that the account owes its total; charges that
/// were given back become discounts, corrections of calls on earlier invoices become notes. Doing it again finds nothing to bill.
/// </summary>
static class InvoiceCharges
{
    sealed record Prepared(BilledAccount Account, BillingWindow Window, UninvoicedCharges Found, NewDocument? Invoice, long ChargedMicros, List<PreparedNote> Notes, LotUse? Lots);

    /// <summary>Issues invoices of postpaid accounts, and of prepaid accounts whose balance is taxed as it is used.</summary>
    /// <param name="connection">In a transaction of the tenant, which holds no lock of an account yet or only these.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="tenant">The tenant as issuer.</param>
    /// <param name="until">Accounts and the first instant whose use is not meant; null bills no use beyond what is billed.</param>
    /// <param name="now">The tenant's now.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<List<InvoiceOutcome>> IssueAsync(
        NpgsqlConnection connection, int tenantId, BillingTenant tenant, IReadOnlyDictionary<long, DateTimeOffset?> until, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (prepared, outcomes) = await PrepareAsync(connection, tenantId, tenant, until, now, cancellationToken);
        var documents = prepared.SelectMany(Documents).ToList();
        var issued = await IssueDocuments.IssueAsync(connection, tenantId, tenant, documents, now, cancellationToken);
        var byNew = issued.ToDictionary(i => i.New);
        var posts = new List<(long, Post)>();
        foreach (var p in prepared)
        {
            if (p.Invoice is not null)
                posts.AddRange(Posts(byNew[p.Invoice], p.ChargedMicros, tenant.IsInclusive, p.Lots).Select(post => (p.Account.AccountId, post)));
            foreach (var note in p.Notes)
                posts.AddRange(InvoicePostings.Of(byNew[note.Document].Id, byNew[note.Document].Document, Math.Abs(note.ChargedMicros), EntryKind.Note, tenant.IsInclusive, note.ChargedMicros > 0 ? 1 : -1)
                    .Select(post => (p.Account.AccountId, post)));
        }
        await LedgerPosting.PostAllAsync(connection, tenantId, posts, now, cancellationToken);
        // The postings of the documents are no charges, so the marks may stand behind them or before.
        await BillingMarks.MoveAsync(connection, tenantId, [.. prepared.Select(p => (p.Window, p.Found.NextOpenFrom))], cancellationToken);
        await LotUse.SaveAsync(connection, tenantId, [.. prepared.Select(p => p.Lots).OfType<LotUse>()], cancellationToken);
        await CreditNotes.AddCreditedAsync(connection, tenantId, [.. prepared.SelectMany(p => p.Notes).Where(n => n.Document.Kind == DocumentKind.CreditNote).Select(n => n.Document)], cancellationToken);
        await Allocations.SettleAsync(connection, tenantId, [.. prepared.Where(p => p.Account.Kind == AccountKind.Postpaid).Select(p => p.Account.AccountId)], null, now, cancellationToken);
        outcomes.AddRange(prepared.Select(p => new InvoiceOutcome(p.Account.AccountId, [.. Documents(p).Select(d => byNew[d])], null)));
        return outcomes;
    }

    /// <summary>What is issued for an account together: its invoice first, then its notes.</summary>
    static IEnumerable<NewDocument> Documents(Prepared p) => (p.Invoice is null ? [] : new[] { p.Invoice }).Concat(p.Notes.Select(n => n.Document));

    /// <summary>The invoice and the notes that would be issued, none when there is nothing to bill; nothing is changed.</summary>
    public static async Task<(IReadOnlyList<InvoiceDocument> Drafts, Problem? Problem)> DraftAsync(
        NpgsqlConnection connection, int tenantId, BillingTenant tenant, long accountId, DateTimeOffset? until, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (prepared, outcomes) = await PrepareAsync(connection, tenantId, tenant, new Dictionary<long, DateTimeOffset?> { [accountId] = until }, now, cancellationToken);
        return ([.. prepared.SelectMany(Documents).Select(d => IssueDocuments.Document(tenant, d, "DRAFT", tenant.Day(now)))], outcomes.Select(o => o.Problem).FirstOrDefault());
    }

    static async Task<(List<Prepared>, List<InvoiceOutcome>)> PrepareAsync(
        NpgsqlConnection connection, int tenantId, BillingTenant tenant, IReadOnlyDictionary<long, DateTimeOffset?> until, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await LedgerPosting.LockAsync(connection, tenantId, [.. until.Keys], cancellationToken);
        var accounts = await BilledAccount.ReadAsync(connection, tenantId, [.. until.Keys], cancellationToken);
        var windows = await BillingMarks.WindowsAsync(connection, tenantId, [.. accounts.Select(a => (a, until[a.AccountId]))], cancellationToken);
        var charges = await UninvoicedCharges.ReadAsync(connection, tenantId, windows, tenant.Zone, cancellationToken);
        var originals = await CreditNotes.OriginalsAsync(connection, tenantId, charges, cancellationToken);
        var lots = await LotUse.ReadAsync(connection, tenantId, [.. accounts.Where(a => a.Kind == AccountKind.Prepaid).Select(a => a.AccountId)], cancellationToken);
        var (prepared, outcomes) = (new List<Prepared>(), new List<InvoiceOutcome>());
        foreach (var (account, window) in accounts.Zip(windows))
        {
            var found = charges[account.AccountId];
            var determined = account.Determine(tenant, tenant.Day(now));
            if (determined.Treatment is not { } treatment)
            {
                outcomes.Add(new(account.AccountId, [], found.Charges.Count + found.Corrections.Count == 0 ? null : BilledAccount.ToProblem(determined.Refusal!.Value)));
                continue;
            }
            if (Prepare(tenant, account, window, found, treatment, originals, lots.GetValueOrDefault(account.AccountId), now) is { } one)
                prepared.Add(one);
            else
                outcomes.Add(new(account.AccountId, [], null));
        }
        return (prepared, outcomes);
    }

    /// <summary>Decides about one account; null when there is nothing to bill now, and all stays open for the next time.</summary>
    static Prepared? Prepare(
        BillingTenant tenant, BilledAccount account, BillingWindow window, UninvoicedCharges found, TaxTreatment treatment,
        IReadOnlyDictionary<Guid, InvoicedUse> originals, IReadOnlyList<WalletLot>? lots, DateTimeOffset now)
    {
        // A wallet pays for corrections as for other charges, out of the lots and the tax set aside with them; so they come with the next invoice.
        var late = found.Corrections.Where(c => account.Kind == AccountKind.Postpaid && originals.ContainsKey(c.UsageKey)).ToLookup(c => originals[c.UsageKey]);
        var decided = late.Select(g => (Notes: RatedAgain.Decide(tenant, account, g.Key, g.Sum(c => c.ChargedMicros), Reasons(g), now, DueOn(tenant, account, now)), Reason: Reasons(g))).ToList();
        var own = found.Corrections.Where(c => !late.Contains(originals.GetValueOrDefault(c.UsageKey)!)).Select(c => (c.Reference, c.ChargedMicros))
            .Concat(decided.Where(d => d.Notes.RestMicros != 0).Select(d => (d.Reason, d.Notes.RestMicros)))
            .Select(c => new BilledCharge("voice", c.Item1, null, "", null, 0, c.Item2, tenant.Day(now), tenant.Day(now)));
        var net = ChargeNetting.Net([.. found.Charges, .. own]);
        var use = account.Kind == AccountKind.Prepaid ? LotUse.Of(account.AccountId, lots ?? [], net.TotalMicros) : null;
        // What was taxed when the wallet was filled, or given, bears no tax again.
        var billed = use is null ? net : ChargeNetting.TakeOff(net, net.TotalMicros - use.TaxedAtUseMicros);
        var notes = decided.SelectMany(d => d.Notes.Notes).ToList();
        // Given back beyond all charges: it waits on the account for the next charges.
        if (net.SurplusMicros > 0 || (billed.TotalMicros == 0 && notes.Count == 0))
            return null;
        var invoice = billed.TotalMicros == 0 ? null : Invoice(tenant, account, window, billed, treatment, use, now);
        return new(account, window, found, invoice, billed.TotalMicros, notes, use);
    }

    static string Reasons(IEnumerable<LateCorrection> corrections) => string.Join(", ", corrections.Select(c => c.Reference).Distinct().Take(3));

    static DateOnly DueOn(BillingTenant tenant, BilledAccount account, DateTimeOffset now) => tenant.Day(now).AddDays(account.TermsDays ?? tenant.Settings.PaymentTermsDays!.Value);

    static NewDocument Invoice(BillingTenant tenant, BilledAccount account, BillingWindow window, NetCharges billed, TaxTreatment treatment, LotUse? use, DateTimeOffset now)
    {
        var today = tenant.Day(now);
        var totals = tenant.Total(treatment, billed.Charges.Where(c => c.AmountMicros > 0 || (c.Covered ?? 0) > 0), today);
        if (use is not null)
            // It was paid when the wallet was filled: what rounding made of it then stands.
            totals = totals with { RoundOffMicros = use.PaidMicros - totals.TaxableMicros - totals.Tax.TotalMicros, TotalMicros = use.PaidMicros };
        return new()
        {
            Account = account,
            Kind = DocumentKind.Invoice,
            Totals = totals,
            Treatment = treatment,
            DueOn = use is null ? DueOn(tenant, account, now) : null,
            PeriodFrom = window.BeforeUntil < window.Until ? window.BeforeUntil : null,
            PeriodTo = window.BeforeUntil < window.Until ? window.Until : null,
            Window = window,
            PaidBeforeMicros = use?.PaidMicros ?? 0,
            References = use?.References ?? [],
        };
    }

    /// <summary>A wallet that is taxed as it is used gives the tax out of what was set aside, so that its balance stays as it is.</summary>
    static IEnumerable<Post> Posts(IssuedDocument issued, long chargedMicros, bool isInclusive, LotUse? use)
    {
        if (use is null)
            return InvoicePostings.Of(issued.Id, issued.Document, chargedMicros, EntryKind.InvoicePosting, isInclusive);
        var aside = new Post(
            EventKey.Of("document", $"{issued.Id}/advance"), EntryKind.InvoicePosting, Book.GstAdvance, use.AdvanceTaxMicros, issued.Document.Currency, issued.Document.Number, null, IsOwed: true);
        return (use.AdvanceTaxMicros == 0 ? [] : new[] { aside }).Concat(InvoicePostings.Of(issued.Id, issued.Document, chargedMicros, EntryKind.InvoicePosting, isInclusive: false));
    }
}
