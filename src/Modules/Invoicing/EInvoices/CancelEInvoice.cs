using System.Globalization;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Invoicing.EInvoices;

/// <summary>Cancels the registration of a document that was voided. The portal takes that for a day.</summary>
sealed class CancelEInvoice(Database database, RegistrationPortal portal) : IJobHandler
{
    /// <summary>Cancels the registration of a job's document.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var id = run.Payload.GetProperty("documentId").GetInt64();
        var settings = (await TenantSettingsStore.LoadAsync(run.Connection, run.TenantId, cancellationToken)).EInvoice;
        if (await EInvoiceStore.FindAsync(run.Connection, run.TenantId, id, cancellationToken) is not { IsVoid: true, State: { Status: not "cancelled" } state } work)
            return;
        // It may be at the portal just now; its own job cancels it when nothing was sent.
        if (state.Status == "pending")
            throw new InvalidOperationException("The document is still being registered.");
        if ((state.Status == "registered" || state.Attempts > 0) && await RefusalAsync(run, work, settings, cancellationToken) is { } refusal)
        {
            await database.InTenantAsync(
                run.TenantId, (connection, ct) => DocumentSteps.WriteAsync(connection, run.TenantId, [(id, "e_invoice_not_cancelled", new { reason = refusal })], run.Now, ct), CancellationToken.None);
            throw new JobImpossibleException(refusal);
        }
        await EInvoiceStore.CancelAsync(run.Connection, run.TenantId, id, run.Now, cancellationToken);
        await DocumentSteps.WriteAsync(run.Connection, run.TenantId, [(id, "e_invoice_cancelled", null)], run.Now, cancellationToken);
    }

    async Task<string?> RefusalAsync(JobRun run, RegisteredDocument work, EInvoiceSettings? settings, CancellationToken cancellationToken)
    {
        var state = work.State!;
        if (run.Now - state.RegisteredAt >= EInvoiceJobs.CancelWithin)
            return "The portal cancels registrations within 24 hours only; a credit note is due.";
        if (settings?.PortalUrl is null)
            return "The tenant's settings name no portal.";
        var (gstin, requestId) = (work.Document.Supplier.Gstin!, string.Create(CultureInfo.InvariantCulture, $"{run.TenantId}-{work.Id}-c{run.Attempt}"));
        var answer = await portal.CancelAsync(settings, gstin, state.Irn, work.VoidReason ?? "Void", requestId, cancellationToken);
        if (answer.Error is null)
            return null;
        // An answer may have been lost: what is cancelled already is cancelled, and what had failed may not be there at all.
        var found = await portal.FindAsync(settings, gstin, state.Irn, requestId + "-f", cancellationToken);
        return found.Registration is { IsCancelled: true } || (state.Status == "failed" && found.Registration is null) ? null : "The portal refused: " + answer.Error;
    }
}
