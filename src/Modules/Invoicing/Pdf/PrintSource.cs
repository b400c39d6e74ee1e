using System.Globalization;
using System.Text.Json;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Invoicing.EInvoices;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Printing;
using Npgsql;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>All that a document's pages are made of.</summary>
sealed record PrintSource(long DocumentId, long AccountId, InvoiceDocument Document, bool IsVoid, long SettledMicros, BillingWindow? Window, EInvoiceRegistration? Registration)
{
    /// <summary>Longer annexes are left out, and the document says so.</summary>
    public const long LongestAnnex = 20_000;

    /// <summary>What of the document's standing the pages show.</summary>
    public string State => string.Create(CultureInfo.InvariantCulture, $"{(IsVoid ? "void" : "issued")} {(IsDemand ? SettledMicros : 0)} {Registration?.AckNumber ?? "-"}");

    /// <summary>Records of use behind its lines.</summary>
    public long UsageCount => Window is null ? 0 : Document.Totals.Lines.Sum(l => l.Count);

    bool IsDemand => Document.Kind is DocumentKind.Invoice or DocumentKind.DebitNote;

    /// <summary>Reads one, in the caller's transaction, or null.</summary>
    public static async Task<PrintSource?> FindAsync(NpgsqlConnection connection, int tenantId, long documentId, CancellationToken cancellationToken)
    {
        var found = await Database.QueryAsync(
            connection,
            """
            select document_id, account_id, content, status = 2, settled_micros, before_open_from, from_entry_no, before_until, to_entry_no, period_to
              from invoicing.documents where document_id = $1 and tenant_id = $2
            """,
            [documentId, tenantId],
            r => new PrintSource(r.GetInt64(0), r.GetInt64(1), JsonSerializer.Deserialize<InvoiceDocument>(r.GetString(2), JsonSerializerOptions.Web)!, r.GetBoolean(3), r.GetInt64(4), WindowOf(r), null),
            cancellationToken);
        return found is [var source]
            ? source with { Registration = await EInvoiceStore.RegistrationAsync(connection, tenantId, documentId, cancellationToken) }
            : null;
    }

    /// <summary>Prints it, in the caller's transaction.</summary>
    public async Task<byte[]> RenderAsync(NpgsqlConnection connection, int tenantId, bool withAnnex, CancellationToken cancellationToken)
    {
        if (!FontLibrary.Machine.IsUsable)
            throw new ProblemException(new(503, "fonts_missing", FontLibrary.Machine.Shortage!));
        var settings = await TenantSettingsStore.LoadAsync(connection, tenantId, cancellationToken);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(settings.Zone!);
        var isTooLong = UsageCount > LongestAnnex;
        var extras = new PdfExtras
        {
            Branding = settings.Branding,
            Logo = Picture(settings.Branding?.LogoUrl),
            Bank = settings.Bank,
            // The portal acknowledges at an instant; the page shows it by the tenant's clock.
            Registration = Registration is { } registered ? registered with { AckAt = TimeZoneInfo.ConvertTime(registered.AckAt, zone) } : null,
            OwedMicros = Document.Totals.TotalMicros - SettledMicros,
            Mark = IsVoid ? DocumentMark.Void : IsDemand && SettledMicros >= Document.Totals.TotalMicros ? DocumentMark.Paid : DocumentMark.None,
            Notes = withAnnex && isTooLong ? [string.Create(CultureInfo.InvariantCulture, $"The {UsageCount} records of use behind this document are too many to print; ask for them as CSV.")] : [],
        };
        return withAnnex && UsageCount > 0 && !isTooLong
            ? await InvoicePdf.RenderAsync(Document, extras, AnnexUsage.ReadAsync(connection, tenantId, Window!, zone, cancellationToken), cancellationToken)
            : InvoicePdf.Render(Document, extras);
    }

    static BillingWindow? WindowOf(NpgsqlDataReader r) => r.IsDBNull(6) ? null : new(
        r.GetInt64(1), r.GetInt64(5), r.GetInt64(6), r.GetFieldValue<DateTimeOffset>(7), r.GetInt64(8), r.IsDBNull(9) ? r.GetFieldValue<DateTimeOffset>(7) : r.GetFieldValue<DateTimeOffset>(9));

    // Only a logo that is in the settings is printed: Balatrix fetches nothing from addresses that a tenant names.
    static byte[]? Picture(string? url)
    {
        var comma = url is not null && url.StartsWith("data:image/", StringComparison.Ordinal) ? url.IndexOf(";base64,", StringComparison.Ordinal) : -1;
        var bytes = new byte[comma < 0 ? 0 : url!.Length];
        return comma > 0 && Convert.TryFromBase64String(url![(comma + 8)..], bytes, out var length) ? bytes[..length] : null;
    }
}
