using System.Text.Json;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing.EInvoices;

/// <summary>How far the registration of a document is.</summary>
/// <param name="Status">pending, registered, failed or cancelled.</param>
/// <param name="Irn">Invoice reference number.</param>
/// <param name="Attempts">Times that the portal was asked.</param>
/// <param name="LastError">Why the last one came to nothing.</param>
/// <param name="AckNumber">The portal's acknowledgement.</param>
/// <param name="AckAt">When it acknowledged.</param>
/// <param name="SignedQrCode">What it signed, as printed.</param>
/// <param name="RegisteredAt">When that was here.</param>
/// <param name="CancelledAt">When the registration was cancelled.</param>
public sealed record EInvoiceState(
    string Status, string Irn, int Attempts, string? LastError, string? AckNumber, DateTimeOffset? AckAt, string? SignedQrCode, DateTimeOffset? RegisteredAt, DateTimeOffset? CancelledAt);

/// <summary>A document and how far its registration is; null when none was asked for.</summary>
sealed record RegisteredDocument(long Id, InvoiceDocument Document, bool IsVoid, string? VoidReason, EInvoiceState? State);

/// <summary>Registrations in the database, in the caller's transaction of the tenant.</summary>
public static class EInvoiceStore
{
    const int ErrorLengthMax = 2000;

    /// <summary>What the portal returned for a document, or null while it did not, or when the registration was cancelled.</summary>
    public static async Task<EInvoiceRegistration?> RegistrationAsync(NpgsqlConnection connection, int tenantId, long documentId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select irn, ack_number, ack_at, signed_qr from invoicing.e_invoices where document_id = $1 and tenant_id = $2 and status = 'registered'", [documentId, tenantId],
        r => new EInvoiceRegistration(r.GetString(0), r.GetString(1), r.GetFieldValue<DateTimeOffset>(2), r.GetString(3)), cancellationToken)).SingleOrDefault();

    internal static async Task<RegisteredDocument?> FindAsync(NpgsqlConnection connection, int tenantId, long documentId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection,
        """
        select d.document_id, d.content, d.status = 2, d.void_reason, e.status, e.irn, e.attempts, e.last_error, e.ack_number, e.ack_at, e.signed_qr, e.registered_at, e.cancelled_at
          from invoicing.documents d left join invoicing.e_invoices e using (document_id) where d.document_id = $1 and d.tenant_id = $2
        """,
        [documentId, tenantId],
        r => new RegisteredDocument(
            r.GetInt64(0), JsonSerializer.Deserialize<InvoiceDocument>(r.GetString(1), JsonSerializerOptions.Web)!, r.GetBoolean(2), Text(r, 3),
            r.IsDBNull(4) ? null : new(r.GetString(4), r.GetString(5), r.GetInt32(6), Text(r, 7), Text(r, 8), Time(r, 9), Text(r, 10), Time(r, 11), Time(r, 12))),
        cancellationToken)).SingleOrDefault();

    internal static Task<int> AddAsync(NpgsqlConnection connection, int tenantId, long[] documentIds, string[] irns, DateTimeOffset now, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        """
        insert into invoicing.e_invoices (tenant_id, document_id, status, irn, requested_at)
        select $1, v.id, 'pending', v.irn, $2 from unnest($3::bigint[], $4::text[]) as v(id, irn) on conflict do nothing
        """,
        [tenantId, now, documentIds, irns], cancellationToken);

    /// <summary>Counts an attempt before it is made, so that what a lost answer may have done is known.</summary>
    internal static Task<int> CountAttemptAsync(NpgsqlConnection connection, int tenantId, long documentId, CancellationToken cancellationToken) =>
        Database.ExecuteAsync(connection, "update invoicing.e_invoices set attempts = attempts + 1 where document_id = $1 and tenant_id = $2", [documentId, tenantId], cancellationToken);

    internal static Task<int> NoteErrorAsync(NpgsqlConnection connection, int tenantId, long documentId, string status, string error, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection, "update invoicing.e_invoices set status = $3, last_error = $4 where document_id = $1 and tenant_id = $2 and status in ('pending', 'failed')",
        [documentId, tenantId, status, error.Replace('\0', ' ')[..Math.Min(error.Length, ErrorLengthMax)]], cancellationToken);

    internal static Task<int> RegisterAsync(NpgsqlConnection connection, int tenantId, long documentId, PortalRegistration answer, DateTimeOffset now, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        """
        update invoicing.e_invoices set status = 'registered', last_error = null, ack_number = $3, ack_at = $4, signed_invoice = $5, signed_qr = $6, registered_at = $7
         where document_id = $1 and tenant_id = $2
        """,
        [documentId, tenantId, answer.AckNumber, answer.AckAt, answer.SignedInvoice, answer.SignedQrCode, now], cancellationToken);

    internal static Task<int> CancelAsync(NpgsqlConnection connection, int tenantId, long documentId, DateTimeOffset now, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection, "update invoicing.e_invoices set status = 'cancelled', last_error = null, cancelled_at = $3 where document_id = $1 and tenant_id = $2 and status <> 'cancelled'",
        [documentId, tenantId, now], cancellationToken);

    static string? Text(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);

    static DateTimeOffset? Time(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetFieldValue<DateTimeOffset>(column);
}
