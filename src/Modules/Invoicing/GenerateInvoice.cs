using Balatrix.Core.Charging;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Invoicing.Pdf;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>Invoices one account by hand: its subscription's charges, or its use of a period with them. What is invoiced is never invoiced again.</summary>
public static class GenerateInvoice
{
    /// <summary>What to do.</summary>
    /// <param name="Draft">True only shows what would be issued now: nothing is stored, numbered or posted, and the same without it issues.</param>
    /// <param name="To">First day whose use is not meant; today when left out. Only for postpaid use.</param>
    public sealed record Request(bool? Draft, DateOnly? To);

    /// <summary>What was issued.</summary>
    /// <param name="Documents">The invoice, and notes for calls rated again; empty when there was nothing to bill.</param>
    public sealed record Answer(IReadOnlyList<DocumentView> Documents);

    internal static async Task<IResult> ForSubscription(string subscriptionId, Request request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var digits = subscriptionId.StartsWith("SUB-", StringComparison.OrdinalIgnoreCase) ? subscriptionId[4..] : subscriptionId;
        if (!long.TryParse(digits, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var id))
            return Problem.NotFound("subscription").ToResult();
        var account = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection, "select account_id from subscriptions.subscriptions where subscription_id = $1 and tenant_id = $2", [id, tenantId], r => r.GetInt64(0), ct),
            cancellationToken);
        return account is [var accountId] ? await HandleAsync(accountId, null, request.Draft == true, context, database, clock, cancellationToken) : Problem.NotFound("subscription").ToResult();
    }

    internal static async Task<IResult> ForAccount(
        string accountId, Request request, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        if (await directory.FindAsync(Caller.Of(context), accountId, cancellationToken) is not { } id)
            return Problem.NotFound("account").ToResult();
        var today = await InvoiceEndpoints.TodayAsync(clock, Caller.Of(context).TenantId, cancellationToken);
        var to = request.To ?? today;
        return to > today.AddDays(1)
            ? Problem.Invalid("to", "at most tomorrow: use that has not happened is not billed").ToResult()
            : await HandleAsync(id, to, request.Draft == true, context, database, clock, cancellationToken);
    }

    static async Task<IResult> HandleAsync(long accountId, DateOnly? to, bool isDraft, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var answer = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var tenant = await BillingTenant.LoadAsync(connection, tenantId, ct);
            if (await BilledAccount.ReadAsync(connection, tenantId, [accountId], ct) is not [var account])
                return null;
            var until = to is { } day ? Earlier(tenant.Start(day), now) : (DateTimeOffset?)null;
            if (account.Kind == AccountKind.Prepaid && tenant.Settings is { Gst: not null, PrepaidTaxMode: "recharge" } && !await HasAdvanceAsync(connection, tenantId, accountId, ct))
                throw new ProblemException(new(409, "taxed_at_recharge", "The account's wallet is taxed when it is filled: the invoices of its recharges are its tax invoices.", null, "GET /api/v1/accounts/{id}/statement"));
            if (isDraft)
            {
                var (drafts, problem) = await InvoiceCharges.DraftAsync(connection, tenantId, tenant, accountId, until, now, ct);
                return problem is null ? new Answer([.. drafts.Select(d => DocumentView.Draft(account, d))]) : throw new ProblemException(problem);
            }
            var views = new List<DocumentView>();
            foreach (var issued in await IssueAsync(connection, tenantId, tenant, accountId, until, Actor.Of(context), now, ct))
                views.Add((await DocumentStore.FindAsync(connection, tenantId, issued.Id, tenant.Day(now), ct))!);
            return new Answer(views);
        }, cancellationToken);
        return answer is null ? Problem.NotFound("account").ToResult() : Results.Json(answer, statusCode: isDraft || answer.Documents.Count == 0 ? 200 : 201);
    }

    /// <summary>Invoices what an account used before today, unless it has any document: so a demonstration begins.</summary>
    /// <returns>The invoice's number; null when there is nothing to do.</returns>
    public static async Task<string?> FirstAsync(NpgsqlConnection connection, int tenantId, long accountId, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var tenant = await BillingTenant.LoadAsync(connection, tenantId, cancellationToken);
        var hasAny = (await Database.QueryAsync(
            connection, "select exists (select from invoicing.documents where account_id = $1 and tenant_id = $2)", [accountId, tenantId], r => r.GetBoolean(0), cancellationToken))[0];
        return !hasAny && await IssueAsync(connection, tenantId, tenant, accountId, tenant.Start(tenant.Day(now)), actor, now, cancellationToken) is [var issued, ..] ? issued.Document.Number : null;
    }

    static async Task<IReadOnlyList<IssuedDocument>> IssueAsync(
        NpgsqlConnection connection, int tenantId, BillingTenant tenant, long accountId, DateTimeOffset? until, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var outcome = (await InvoiceCharges.IssueAsync(connection, tenantId, tenant, new Dictionary<long, DateTimeOffset?> { [accountId] = until }, now, cancellationToken)).Single();
        if (outcome.Problem is { } fault)
            throw new ProblemException(fault);
        await WriteAuditAsync(connection, tenantId, actor, [outcome], now, cancellationToken);
        // Whoever asks for one invoice will look at it.
        foreach (var issued in outcome.Issued)
            await RenderInvoicePdf.EnqueueAsync(connection, tenantId, issued.Id, cancellationToken);
        return outcome.Issued;
    }

    /// <summary>One audit record for what was issued together.</summary>
    internal static Task WriteAuditAsync(NpgsqlConnection connection, int tenantId, Actor actor, IReadOnlyList<InvoiceOutcome> outcomes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var issued = outcomes.SelectMany(o => o.Issued).ToList();
        return issued.Count == 0 ? Task.CompletedTask : AuditLog.WriteAsync(
            connection, tenantId, actor, "invoice.issued", "invoice", issued.Count == 1 ? issued[0].Document.Number : "many", null,
            issued.Select(i => $"{i.Document.Number} {AccountDirectory.NumberOf(i.New.Account.AccountId)} {Core.Money.Format(i.Document.Totals.TotalMicros)} {i.Document.Currency}"), now, cancellationToken);
    }

    static async Task<bool> HasAdvanceAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select exists (select from invoicing.lots where account_id = $1 and tenant_id = $2 and is_taxed_at_use)", [accountId, tenantId], r => r.GetBoolean(0), cancellationToken))[0];

    static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
