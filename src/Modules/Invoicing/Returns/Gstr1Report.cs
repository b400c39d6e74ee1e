using System.Globalization;
using System.Text.Json;
using Balatrix.Core.Invoices;
using Balatrix.Core.Invoices.Gstr1;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Invoicing.Returns;

/// <summary>GSTR-1 of a month, from the documents as they were issued. They are read one by one; of those to consumers only sums are kept.</summary>
public static class Gstr1Report
{
    const int DocumentsNamedMax = 20;

    /// <summary>Makes a month's return in the caller's transaction; null for a tenant without a GSTIN.</summary>
    /// <returns>The return, and the numbers of documents that it cannot have: those in other currencies or of another registration.</returns>
    public static async Task<(Gstr1Return Return, IReadOnlyList<string> NotReported)?> BuildAsync(NpgsqlConnection connection, int tenantId, DateOnly month, CancellationToken cancellationToken)
    {
        if ((await TenantSettingsStore.LoadAsync(connection, tenantId, cancellationToken)).TaxIdentity() is not { Country: "IN", Gstin: { } gstin })
            return null;
        var builder = new Gstr1Builder(gstin, month);
        await using var command = Database.Command(
            connection,
            """
            select d.content, d.series, d.status = 2, coalesce(i.total_micros, o.total_micros), coalesce(i.issued_on, o.issued_on)
              from invoicing.documents d left join invoicing.documents o on o.document_id = d.original_id left join invoicing.documents i on i.document_id = o.original_id
             where d.tenant_id = $1 and d.issued_on >= $2 and d.issued_on < $3
             order by d.issued_on, d.document_id
            """,
            tenantId, month, month.AddMonths(1));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            builder.Add(new(
                JsonSerializer.Deserialize<InvoiceDocument>(reader.GetString(0), JsonSerializerOptions.Web)!, reader.GetString(1), reader.GetBoolean(2),
                reader.IsDBNull(3) ? null : reader.GetInt64(3), reader.IsDBNull(4) ? null : reader.GetFieldValue<DateOnly>(4)));
        }
        return (builder.Build(), builder.NotReported);
    }

    internal static async Task<IResult> Handle(string? month, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        if (!DateOnly.TryParseExact(month + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first) || first < new DateOnly(2017, 7, 1) || first.Year > 9000)
            return Problem.Invalid("month", "a month since GST began, such as 2026-11").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var made = await database.InTenantAsync(tenantId, (connection, ct) => BuildAsync(connection, tenantId, first, ct), cancellationToken);
        if (made is not var (report, notReported))
            return new Problem(409, "no_gst_registration", "The tenant's settings have no GSTIN.", "gst.gstin").ToResult();
        // The portal takes nothing in the form that it does not know, so what is not in it is said beside it.
        if (notReported.Count > 0)
            context.Response.Headers["Not-Reported"] = $"{notReported.Count.ToString(CultureInfo.InvariantCulture)}: {string.Join(' ', notReported.Take(DocumentsNamedMax))}";
        return Results.Stream(stream => report.WriteAsync(stream, cancellationToken), "application/json");
    }
}
