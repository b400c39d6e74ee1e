using System.Globalization;
using Balatrix.Core.Invoices;
using Balatrix.Core.Invoices.EInvoice;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Invoicing.EInvoices;

/// <summary>Has documents registered and cancelled: enqueued in the transaction that issues or voids them, done by jobs.</summary>
public static class EInvoiceJobs
{
    /// <summary>Where they wait.</summary>
    public const string Queue = "invoice-generation";

    /// <summary>Registers one document.</summary>
    public const string Register = "register-e-invoice";

    /// <summary>Cancels one registration.</summary>
    public const string Cancel = "cancel-e-invoice";

    /// <summary>How long a registration can be cancelled.</summary>
    public static readonly TimeSpan CancelWithin = TimeSpan.FromHours(24);

    /// <summary>Has those of some documents registered that the law and the tenant's settings have registered.</summary>
    public static async Task EnqueueAsync(
        NpgsqlConnection connection, int tenantId, TenantSettings settings, IEnumerable<(long Id, InvoiceDocument Document)> documents, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (settings.EInvoice?.Enabled != true)
            return;
        var due = documents.Where(d => Inv01Builder.MustBeRegistered(d.Document)).ToList();
        if (due.Count == 0)
            return;
        await EInvoiceStore.AddAsync(connection, tenantId, [.. due.Select(d => d.Id)], [.. due.Select(d => Inv01Builder.IrnOf(d.Document))], now, cancellationToken);
        await JobQueue.EnqueueManyAsync(connection, tenantId, Queue, Register, [.. due.Select(d => Payload(d.Id))], cancellationToken);
    }

    /// <summary>Why a document may not be voided for its registration, or null: after a day the portal keeps it, and a credit note is due.</summary>
    public static async Task<Problem?> VoidRefusalAsync(NpgsqlConnection connection, int tenantId, long documentId, DateTimeOffset now, CancellationToken cancellationToken) =>
        await EInvoiceStore.FindAsync(connection, tenantId, documentId, cancellationToken) is { State: { Status: "registered", RegisteredAt: { } at } } && now - at >= CancelWithin
            ? new(409, "e_invoice_final", "The invoice was registered more than 24 hours ago; the portal cancels it no more.")
            : null;

    /// <summary>Has the registration of a document that is being voided cancelled.</summary>
    public static async Task EnqueueCancelAsync(NpgsqlConnection connection, int tenantId, long documentId, CancellationToken cancellationToken)
    {
        if (await EInvoiceStore.FindAsync(connection, tenantId, documentId, cancellationToken) is { State: { Status: not "cancelled" } })
            await JobQueue.EnqueueAsync(connection, tenantId, new(Queue, Cancel, Payload(documentId), Key: documentId.ToString(CultureInfo.InvariantCulture)), cancellationToken);
    }

    static string Payload(long documentId) => string.Create(CultureInfo.InvariantCulture, $$"""{"documentId":{{documentId}}}""");
}
