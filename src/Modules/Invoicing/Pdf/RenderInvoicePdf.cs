using System.Globalization;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>The job render-invoice-pdf: prints a document before anybody asks for it.</summary>
public sealed class RenderInvoicePdf : IJobHandler
{
    /// <summary>Its queue.</summary>
    public const string Queue = "invoice-generation";

    /// <summary>Its kind.</summary>
    public const string Kind = "render-invoice-pdf";

    /// <inheritdoc/>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var documentId = run.Payload.GetProperty("documentId").GetInt64();
        var source = await PrintSource.FindAsync(run.Connection, run.TenantId, documentId, cancellationToken) ?? throw new JobImpossibleException($"There is no document {documentId}.");
        await StoredPdf.GetAsync(run.Connection, run.TenantId, source, withAnnex: true, run.Now, cancellationToken);
    }

    /// <summary>Asks for a document to be printed, in the caller's transaction.</summary>
    internal static Task EnqueueAsync(NpgsqlConnection connection, int tenantId, long documentId, CancellationToken cancellationToken) => JobQueue.EnqueueAsync(
        connection, tenantId, new JobRequest(Queue, Kind, string.Create(CultureInfo.InvariantCulture, $$"""{"documentId":{{documentId}}}""")), cancellationToken);
}
