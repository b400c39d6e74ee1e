using Balatrix.Core.Charging;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>Lifts by hand what dunning has barred of an account, though invoices are unpaid or were given up; what is owed stays owed, and later stages of what is unpaid bar again.</summary>
public static class LiftBar
{
    /// <summary>Why.</summary>
    public sealed record Request(string? Reason);

    /// <summary>What was lifted.</summary>
    /// <param name="Account">The account.</param>
    /// <param name="Barred">What was barred: outgoing or all.</param>
    /// <param name="Invoices">Invoices that had barred it.</param>
    public sealed record Answer(string Account, string Barred, string[] Invoices);

    internal static async Task<IResult> Handle(
        string id, Request request, HttpContext context, AccountDirectory directory, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (request.Reason is not { Length: > 0 and <= 500 } || request.Reason.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("reason", "1 to 500 characters").ToResult();
        var caller = Caller.Of(context);
        if (await directory.FindAsync(caller, id, cancellationToken) is not { } accountId)
            return Problem.NotFound("account").ToResult();
        var now = await clock.NowAsync(caller.TenantId, cancellationToken);
        return Results.Ok(await database.InTenantAsync(caller.TenantId, (connection, ct) => LiftAsync(connection, caller.TenantId, accountId, request.Reason, Actor.Of(context), now, ct), cancellationToken));
    }

    static async Task<Answer> LiftAsync(NpgsqlConnection connection, int tenantId, long accountId, string reason, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await LedgerPosting.LockAsync(connection, tenantId, [accountId], cancellationToken);
        var barred = (await Database.QueryAsync(
            connection, "select bar from ledger.accounts where account_id = $1 and tenant_id = $2", [accountId, tenantId], r => (AccountBar)r.GetInt16(0), cancellationToken))[0];
        if (barred == AccountBar.None)
            throw new ProblemException(new(409, "not_barred", "Dunning has barred nothing of this account."));
        var lifted = await Database.QueryAsync(
            connection,
            """
            update invoicing.dunning n set bar = 0 from invoicing.documents d
             where n.account_id = $1 and n.tenant_id = $2 and n.bar > 0 and d.document_id = n.document_id returning d.document_id, d.number
            """,
            [accountId, tenantId], r => (Id: r.GetInt64(0), Number: r.GetString(1)), cancellationToken);
        // The job gives back what was barred, with the subscriptions that were suspended, and tells the customer.
        await RestoreService.EnqueueAsync(connection, tenantId, [accountId], cancellationToken);
        await DocumentSteps.WriteAsync(connection, tenantId, [.. lifted.Select(l => (l.Id, "bar_lifted", (object?)new { reason, by = actor.Name }))], now, cancellationToken);
        var answer = new Answer(AccountDirectory.NumberOf(accountId), RestoreService.Name(barred), [.. lifted.Select(l => l.Number).Order(StringComparer.Ordinal)]);
        await AuditLog.WriteAsync(connection, tenantId, actor, "account.bar_lifted", "account", answer.Account, new { answer.Barred }, new { reason, answer.Invoices }, now, cancellationToken);
        return answer;
    }
}
