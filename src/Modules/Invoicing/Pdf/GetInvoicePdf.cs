using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>A document as a PDF file.</summary>
public static class GetInvoicePdf
{
    internal static async Task<IResult> Handle(
        string id, bool? annex, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var own = await directory.OwnAsync(caller, cancellationToken);
        var now = await clock.NowAsync(caller.TenantId, cancellationToken);
        var found = await database.InTenantAsync(
            caller.TenantId,
            async (connection, ct) =>
            {
                if (await DocumentStore.IdAsync(connection, caller.TenantId, id, ct) is not { } documentId
                    || await PrintSource.FindAsync(connection, caller.TenantId, documentId, ct) is not { } source || own?.Contains(source.AccountId) == false)
                    return ((PrintSource Source, StoredPdf Pdf)?)null;
                return (source, await StoredPdf.GetAsync(connection, caller.TenantId, source, annex ?? true, now, ct));
            },
            cancellationToken);
        if (found is not var (document, pdf))
            return Problem.NotFound("invoice").ToResult();
        var name = $"{document.Document.Number.Replace('/', '-')}.pdf";
        context.Response.Headers.ContentDisposition = new ContentDispositionHeaderValue("inline") { FileName = name }.ToString();
        context.Response.Headers.CacheControl = "private, no-cache";
        return Results.Bytes(pdf.Bytes, "application/pdf", entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(pdf.Hash)}\""));
    }
}
