using Balatrix.Core;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>Gives a debt up by hand, as the last stage of dunning proposes. What it has barred stays barred; what comes in after all is taken as recovered.</summary>
public static class WriteOffInvoice
{
    /// <summary>Why.</summary>
    public sealed record Request(string? Reason);

    internal static async Task<IResult> Handle(string id, Request request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (request.Reason is not { Length: > 0 and <= 500 } reason || reason.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("reason", "1 to 500 characters").ToResult();
        var (tenantId, actor) = (Caller.Of(context).TenantId, Actor.Of(context));
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var today = await InvoiceEndpoints.TodayAsync(clock, tenantId, cancellationToken);
        var view = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await DocumentStore.LockAsync(connection, tenantId, id, ct) is not { } document)
                return null;
            await LedgerPosting.LockAsync(connection, tenantId, [document.AccountId], ct);
            if (await DunningStore.FindAsync(connection, tenantId, document.Id, ct) is not { Facts.UnpaidMicros: > 0 } invoice)
                throw new ProblemException(new(409, "nothing_due", "Nothing is due on this document."));
            var amount = Money.Format(invoice.Facts.UnpaidMicros);
            await WriteOff.TakeAsync(connection, tenantId, invoice, now, ct);
            await DunningStore.SaveAsync(connection, tenantId, invoice, invoice.Facts.State with { LastOn = today, IsWrittenOff = true }, invoice.Bar, null, ct);
            await DocumentSteps.WriteAsync(connection, tenantId, [(document.Id, "written_off", new { due = amount, reason, by = actor.Name })], now, ct);
            await AuditLog.WriteAsync(connection, tenantId, actor, "invoice.written_off", "invoice", invoice.Number, null, new { amount, reason }, now, ct);
            return await DocumentStore.FindAsync(connection, tenantId, document.Id, today, ct);
        }, cancellationToken);
        return view is null ? Problem.NotFound("invoice").ToResult() : Results.Ok(view);
    }
}
