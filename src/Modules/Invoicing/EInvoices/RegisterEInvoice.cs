using System.Globalization;
using System.Text.Json;
using Balatrix.Core.Invoices.EInvoice;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Invoicing.EInvoices;

/// <summary>
/// Registers one document with the portal. An attempt is counted before it is made, and the portal knows a document by its reference: an attempt
/// whose answer was lost is found there by the next one, so that each document is registered once.
/// </summary>
sealed class RegisterEInvoice(Database database, RegistrationPortal portal) : IJobHandler
{
    /// <summary>After so many attempts, some eight hours, it has failed and waits for whoever mends it.</summary>
    public const int MostAttempts = JobRegistration.UsualAttempts;

    /// <summary>Registers the document of a job.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var id = run.Payload.GetProperty("documentId").GetInt64();
        var settings = (await TenantSettingsStore.LoadAsync(run.Connection, run.TenantId, cancellationToken)).EInvoice;
        var work = await EInvoiceStore.FindAsync(run.Connection, run.TenantId, id, cancellationToken);
        if (work?.State is not { Status: "pending" or "failed" } state)
            return;
        // Void before it was sent: there is nothing to cancel. What was sent is registered first, and cancelled by the void's own job.
        if (work.IsVoid && state.Attempts == 0)
        {
            await EInvoiceStore.CancelAsync(run.Connection, run.TenantId, id, run.Now, cancellationToken);
            return;
        }
        try
        {
            var answer = await AskAsync(run, work, settings?.PortalUrl is null ? throw new JobImpossibleException("The tenant's settings name no portal.") : settings, cancellationToken);
            await EInvoiceStore.RegisterAsync(run.Connection, run.TenantId, id, answer, run.Now, cancellationToken);
            await DocumentSteps.WriteAsync(run.Connection, run.TenantId, [(id, "e_invoice_registered", new { irn = answer.Irn, ackNumber = answer.AckNumber })], run.Now, cancellationToken);
        }
        catch (Exception e) when (e is JobImpossibleException or PortalUnavailableException)
        {
            // What the handler wrote is rolled back with its failure, so the reason is kept by a transaction of its own.
            var status = e is JobImpossibleException || run.Attempt >= MostAttempts ? "failed" : "pending";
            await database.InTenantAsync(run.TenantId, (connection, ct) => NoteAsync(connection, run, id, status, e.Message, ct), CancellationToken.None);
            throw;
        }
    }

    static async Task<int> NoteAsync(NpgsqlConnection connection, JobRun run, long id, string status, string error, CancellationToken cancellationToken)
    {
        await EInvoiceStore.NoteErrorAsync(connection, run.TenantId, id, status, error, cancellationToken);
        return status == "failed" ? await DocumentSteps.WriteAsync(connection, run.TenantId, [(id, "e_invoice_failed", new { reason = error })], run.Now, cancellationToken) : 0;
    }

    async Task<PortalRegistration> AskAsync(JobRun run, RegisteredDocument work, EInvoiceSettings settings, CancellationToken cancellationToken)
    {
        var (document, state) = (work.Document, work.State!);
        var form = Inv01Builder.Build(document).ToJson();
        using (var json = JsonDocument.Parse(form))
        {
            if (Inv01Check.Faults(json.RootElement) is { Count: > 0 } faults)
                throw new JobImpossibleException("The portal would refuse the document: " + string.Join("; ", faults));
        }
        portal.CheckAwake(settings);
        await database.InTenantAsync(run.TenantId, (connection, ct) => EInvoiceStore.CountAttemptAsync(connection, run.TenantId, work.Id, ct), cancellationToken);
        var requestId = string.Create(CultureInfo.InvariantCulture, $"{run.TenantId}-{work.Id}-{state.Attempts + 1}");
        var (registration, error, isDuplicate) = await portal.RegisterAsync(settings, document.Supplier.Gstin!, form, requestId, cancellationToken);
        if (isDuplicate)
            (registration, error, _) = await portal.FindAsync(settings, document.Supplier.Gstin!, state.Irn, requestId + "-f", cancellationToken);
        if (error is not null)
            throw isDuplicate ? new PortalUnavailableException("The portal has the document and does not show it: " + error) : new JobImpossibleException("The portal refused: " + error);
        return Checked(registration ?? throw new PortalUnavailableException("The portal registered the document and returned no QR."), work, settings);
    }

    // Keys can be added to the settings, so what cannot be checked yet is asked for again; what is of another document never becomes ours.
    static PortalRegistration Checked(PortalRegistration answer, RegisteredDocument work, EInvoiceSettings settings)
    {
        if (RegistrationPortal.SignatureFault(settings, answer.SignedQrCode) is { } fault)
            throw new PortalUnavailableException(fault);
        var data = SignedQr.Read(answer.SignedQrCode) ?? throw new PortalUnavailableException("The portal's QR says nothing that can be read.");
        return answer.Irn != work.State!.Irn || SignedQr.Difference(data, work.Document) is not null
            ? throw new JobImpossibleException($"The portal registered another document: {SignedQr.Difference(data, work.Document) ?? answer.Irn}")
            : answer;
    }
}
