using System.Text.Json;
using Balatrix.Core.Invoices.EInvoice;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Invoicing.EInvoices;

/// <summary>A document's form INV-01 and how far its registration is.</summary>
public static class EInvoiceEndpoint
{
    /// <summary>What is registered of a document.</summary>
    /// <param name="Irn">The reference that it has, or will have.</param>
    /// <param name="MustBeRegistered">Whether the law has it registered.</param>
    /// <param name="Form">INV-01, as it is sent.</param>
    /// <param name="Faults">What the portal would refuse, by path.</param>
    /// <param name="Registration">How far the registration is; null when none was asked for.</param>
    public sealed record View(string Irn, bool MustBeRegistered, JsonElement Form, IReadOnlyList<Inv01Fault> Faults, EInvoiceState? Registration);

    internal static async Task<IResult> Handle(string id, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var found = await database.InTenantAsync(
            tenantId,
            async (connection, ct) => await DocumentStore.IdAsync(connection, tenantId, id, ct) is { } number ? await EInvoiceStore.FindAsync(connection, tenantId, number, ct) : null,
            cancellationToken);
        if (found is null)
            return Problem.NotFound("invoice").ToResult();
        var document = found.Document;
        if (!Inv01Builder.HasForm(document))
            return new Problem(409, "no_e_invoice", "Only invoices and notes of a GST registration to other registrations, economic zones and abroad are e-invoices.").ToResult();
        using var form = JsonDocument.Parse(Inv01Builder.Build(document).ToJson());
        return Results.Ok(new View(Inv01Builder.IrnOf(document), Inv01Builder.MustBeRegistered(document), form.RootElement.Clone(), Inv01Check.Faults(form.RootElement), found.State));
    }
}
