using System.Security.Cryptography;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>A document's file and the hash of its bytes.</summary>
sealed record StoredPdf(byte[] Bytes, byte[] Hash)
{
    /// <summary>The file as it was printed last; printed and stored when it was not yet, or when the document stands otherwise now.</summary>
    public static async Task<StoredPdf> GetAsync(NpgsqlConnection connection, int tenantId, PrintSource source, bool withAnnex, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var stored = await Database.QueryAsync(
            connection, "select bytes, content_hash from invoicing.pdfs where document_id = $1 and tenant_id = $2 and has_annex = $3 and layout_version = $4 and state = $5",
            [source.DocumentId, tenantId, withAnnex, InvoicePdf.LayoutVersion, source.State], r => new StoredPdf(r.GetFieldValue<byte[]>(0), r.GetFieldValue<byte[]>(1)), cancellationToken);
        if (stored is [var found])
            return found;
        var bytes = await source.RenderAsync(connection, tenantId, withAnnex, cancellationToken);
        var pdf = new StoredPdf(bytes, SHA256.HashData(bytes));
        await Database.ExecuteAsync(
            connection,
            """
            insert into invoicing.pdfs (tenant_id, document_id, has_annex, layout_version, state, content_hash, bytes, rendered_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (document_id, has_annex) do update
               set layout_version = excluded.layout_version, state = excluded.state, content_hash = excluded.content_hash, bytes = excluded.bytes, rendered_at = excluded.rendered_at
            """,
            [tenantId, source.DocumentId, withAnnex, InvoicePdf.LayoutVersion, source.State, pdf.Hash, bytes, now], cancellationToken);
        return pdf;
    }
}
