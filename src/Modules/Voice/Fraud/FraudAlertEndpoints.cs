using System.Globalization;
using Balatrix.Core.Voice.Fraud;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>Fraud alerts by HTTP: staff look at them, and close them or allow what they are about.</summary>
public static class FraudAlertEndpoints
{
    /// <summary>What closes an alert.</summary>
    /// <param name="Note">Why; at most 500 characters.</param>
    /// <param name="Hours">For how long it is allowed, 1 to 8760; for good when left out. For limits and sudden changes 24 when left out.</param>
    /// <param name="Reactivate">True to start the account again when it was suspended.</param>
    public sealed record CloseRequest(string? Note, int? Hours, bool? Reactivate);

    internal static async Task<IResult> List(
        string? status, string? account, string? rule, int? limit, string? cursor, HttpContext context, Database database, AccountDirectory directory, CancellationToken cancellationToken)
    {
        if (status is not (null or "open" or "resolved" or "allowed"))
            return Problem.Invalid("status", "open, resolved or allowed").ToResult();
        if (rule is not null && !FraudRules.Known.Contains(rule))
            return Problem.Invalid("rule", string.Join(", ", FraudRules.Known)).ToResult();
        if (limit is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        var before = long.MaxValue;
        if (cursor is not null && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            return Problem.Invalid("cursor", "the next of the page before").ToResult();
        var caller = Caller.Of(context);
        long? accountId = null;
        if (account is not null && (accountId = await directory.FindAsync(caller, account, cancellationToken)) is null)
            return Problem.NotFound("account").ToResult();
        return Results.Ok(await database.InTenantAsync(
            caller.TenantId, (connection, ct) => FraudAlerts.ListAsync(connection, caller.TenantId, status, accountId, rule, before, limit ?? 50, ct), cancellationToken));
    }

    internal static async Task<IResult> Get(long id, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        return await database.InTenantAsync(tenantId, (connection, ct) => FraudAlerts.FindAsync(connection, tenantId, id, false, ct), cancellationToken) is { } alert
            ? Results.Ok(alert)
            : Problem.NotFound("fraud alert").ToResult();
    }

    internal static Task<IResult> Resolve(long id, CloseRequest request, HttpContext context, Database database, TenantClock clock, FraudGuard guard, CancellationToken cancellationToken) =>
        request.Hours is null
            ? CloseAsync(id, "resolved", request, context, database, clock, guard, cancellationToken)
            : Task.FromResult(Problem.Invalid("hours", "nothing: only what is allowed has a time").ToResult());

    internal static Task<IResult> Allow(long id, CloseRequest request, HttpContext context, Database database, TenantClock clock, FraudGuard guard, CancellationToken cancellationToken) =>
        CloseAsync(id, "allowed", request, context, database, clock, guard, cancellationToken);

    static async Task<IResult> CloseAsync(
        long id, string status, CloseRequest request, HttpContext context, Database database, TenantClock clock, FraudGuard guard, CancellationToken cancellationToken)
    {
        if (request.Note is { } note && (note.Length is 0 or > 500 || note.Contains('\0', StringComparison.Ordinal)))
            return Problem.Invalid("note", "1 to 500 characters").ToResult();
        if (request.Hours is < 1 or > 8760)
            return Problem.Invalid("hours", "1 to 8760").ToResult();
        var (tenantId, actor) = (Caller.Of(context).TenantId, Actor.Of(context));
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var closed = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await FraudAlerts.FindAsync(connection, tenantId, id, toChange: true, ct) is not { } before)
                return null;
            if (before.Status != "open")
                throw new ProblemException(new(409, "alert_closed", $"The alert is {before.Status}.", "status", "open"));
            _ = AccountDirectory.TryParseNumber(before.Account, out var accountId);
            await FraudAlerts.CloseAsync(connection, tenantId, id, status, actor.Name, request.Note, now, ct);
            if (status == "allowed")
                await FraudAlerts.PermitAsync(connection, tenantId, accountId, new(before.Rule, before.Subject), now, Until(before.Rule, request.Hours, now), actor.Name, ct);
            if (request.Reactivate == true)
                await AccountSuspension.StartAsync(connection, tenantId, accountId, actor, request.Note ?? $"Fraud alert {id} was {status}.", now, ct);
            var after = await FraudAlerts.FindAsync(connection, tenantId, id, toChange: false, ct);
            await AuditLog.WriteAsync(connection, tenantId, actor, $"fraud.alert-{status}", "fraud_alert", FraudAlerts.Name(id), before, after, now, ct);
            return after;
        }, cancellationToken);
        if (closed is { Status: "allowed" } && AccountDirectory.TryParseNumber(closed.Account, out var owner))
            guard.PermitsOf(tenantId, owner)[new(closed.Rule, closed.Subject)] = Until(closed.Rule, request.Hours, now) ?? DateTimeOffset.MaxValue;
        return closed is null ? Problem.NotFound("fraud alert").ToResult() : Results.Ok(closed);
    }

    /// <summary>A prefix or country is allowed for good, but more than a limit or than usual only for a day, unless staff say otherwise.</summary>
    static DateTimeOffset? Until(string rule, int? hours, DateTimeOffset now) =>
        hours is { } given ? now.AddHours(given) : rule is FraudRules.BlockedDestination or FraudRules.FirstCall ? null : now.AddHours(24);
}
