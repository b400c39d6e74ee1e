using Balatrix.Core.Invoices;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>
/// Numbers of documents, gapless in each series and financial year (CGST rule 46(b)): they are taken in the transaction that issues, whose
/// end gives them or takes them back. Take them last, so that others wait for the counter as short as can be.
/// </summary>
static class DocumentNumbers
{
    /// <summary>The series of a document: the tenant's own for invoices, the kind's for notes and vouchers.</summary>
    public static string Series(NewDocument document, TenantSettings settings) => document.Kind switch
    {
        DocumentKind.CreditNote when document.IsCommercial => "FCN",
        DocumentKind.Invoice => settings.InvoiceSeries!,
        DocumentKind.CreditNote => "CRN",
        DocumentKind.DebitNote => "DBN",
        DocumentKind.ReceiptVoucher => "RCV",
        DocumentKind.RefundVoucher => "RFV",
        _ => throw new ArgumentOutOfRangeException(nameof(document), document.Kind, "Not a kind of document."),
    };

    /// <summary>The first of so many numbers in a row.</summary>
    public static async Task<int> TakeAsync(NpgsqlConnection connection, int tenantId, string series, string fy, int count, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection,
        """
        insert into invoicing.series as s (tenant_id, series, fy, last_no) values ($1, $2, $3, $4)
        on conflict (tenant_id, series, fy) do update set last_no = s.last_no + excluded.last_no returning last_no
        """,
        [tenantId, series, fy, count], r => r.GetInt32(0), cancellationToken))[0] - count + 1;

    /// <summary>Identifiers for documents that are about to be written.</summary>
    public static async Task<List<long>> IdsAsync(NpgsqlConnection connection, int count, CancellationToken cancellationToken) => await Database.QueryAsync(
        connection, "select nextval('invoicing.documents_document_id_seq') from generate_series(1, $1)", [count], r => r.GetInt64(0), cancellationToken);
}
