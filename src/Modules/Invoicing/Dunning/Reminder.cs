using Balatrix.Core;
using Balatrix.Core.Dunning;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>Reminds of an unpaid invoice now, beside what the stages do by themselves.</summary>
public static class Reminder
{
    /// <summary>What was sent.</summary>
    /// <param name="Invoice">The invoice's number.</param>
    /// <param name="To">Where to.</param>
    /// <param name="Subject">The letter's subject.</param>
    /// <param name="AmountDue">What it asks for, decimal string.</param>
    /// <param name="Currency">ISO 4217 code.</param>
    /// <param name="SentAt">When it was handed over for sending.</param>
    public sealed record Answer(string Invoice, string To, string Subject, string AmountDue, string Currency, DateTimeOffset SentAt);

    internal static async Task<IResult> Handle(string id, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var answer = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            // Locked, so that nobody is reminded of what is being paid at this moment.
            if (await DocumentStore.LockAsync(connection, tenantId, id, ct) is not { } document)
                return null;
            if (await DunningStore.FindAsync(connection, tenantId, document.Id, ct) is not { Facts.UnpaidMicros: > 0 } invoice)
                throw new ProblemException(new(409, "nothing_due", "Nothing is due on this document."));
            if (invoice.Email is not { } to)
                throw new ProblemException(new(409, "no_address", "The account's customer has no e-mail address.", "email", "an address of the customer"));
            var (tenant, _) = await OverdueInvoices.PolicyAsync(connection, tenantId, ct);
            var letter = DunningLetter.Compose(invoice, tenant.Settings, DunningAction.Remind, 0, tenant.Day(now));
            await DunInvoice.SendAsync(connection, tenantId, invoice, letter, "by_hand", now, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "invoice.reminded", "invoice", invoice.Number, null, new { to, letter.Subject }, now, ct);
            return new Answer(invoice.Number, to, letter.Subject, Money.Format(invoice.Facts.UnpaidMicros), invoice.Currency, now);
        }, cancellationToken);
        return answer is null ? Problem.NotFound("invoice").ToResult() : Results.Accepted(value: answer);
    }
}
