using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>Fraud rules by HTTP: the tenant's, and what single accounts have instead.</summary>
public static class FraudRuleEndpoints
{
    /// <summary>Rules.</summary>
    /// <param name="Account">Whose; null for the tenant's.</param>
    /// <param name="Set">What was set.</param>
    /// <param name="Rules">What holds: what was not set is the tenant's, or else as usual.</param>
    /// <param name="Version">How often it was changed.</param>
    public sealed record FraudRulesView(string? Account, FraudSettings Set, FraudSettings Rules, int Version);

    internal static Task<IResult> Get(HttpContext context, Database database, CancellationToken cancellationToken) => ReadAsync(0, context, database, cancellationToken);

    internal static async Task<IResult> GetOfAccount(string account, HttpContext context, Database database, AccountDirectory directory, AccountStore accounts, CancellationToken cancellationToken) =>
        await FindAsync(account, context, directory, accounts, cancellationToken) is { } accountId
            ? await ReadAsync(accountId, context, database, cancellationToken)
            : Problem.NotFound("account").ToResult();

    internal static Task<IResult> Put(FraudSettings request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken) =>
        WriteAsync(0, request, context, database, clock, cancellationToken);

    internal static async Task<IResult> PutOfAccount(
        string account, FraudSettings request, HttpContext context, Database database, TenantClock clock, AccountDirectory directory, AccountStore accounts, CancellationToken cancellationToken) =>
        await FindAsync(account, context, directory, accounts, cancellationToken) is { } accountId
            ? await WriteAsync(accountId, request, context, database, clock, cancellationToken)
            : Problem.NotFound("account").ToResult();

    static async Task<long?> FindAsync(string account, HttpContext context, AccountDirectory directory, AccountStore accounts, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        return await directory.FindAsync(caller, account, cancellationToken) is { } id && await accounts.FindAsync(caller.TenantId, id, cancellationToken) is not null ? id : null;
    }

    static async Task<IResult> ReadAsync(long accountId, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        return Answer(context, await database.InTenantAsync(tenantId, (connection, ct) => ViewAsync(connection, tenantId, accountId, ct), cancellationToken));
    }

    static async Task<IResult> WriteAsync(long accountId, FraudSettings request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (request.Read().Problem is { } problem)
            return problem.ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        return Answer(context, await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            await TenantSettingsStore.LockAsync(connection, tenantId, ct);
            var before = await ViewAsync(connection, tenantId, accountId, ct);
            Preconditions.Check(context.Request, before.Version);
            await FraudRuleStore.SaveAsync(connection, tenantId, accountId, request, ct);
            var after = await ViewAsync(connection, tenantId, accountId, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "fraud.rules-set", "fraud_rules", after.Account ?? "tenant", before.Set, after.Set, now, ct);
            return after;
        }, cancellationToken));
    }

    static async Task<FraudRulesView> ViewAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken)
    {
        var (own, version) = await FraudRuleStore.FindAsync(connection, tenantId, accountId, cancellationToken);
        var tenant = accountId == 0 ? new() : (await FraudRuleStore.FindAsync(connection, tenantId, 0, cancellationToken)).Settings;
        return new(accountId == 0 ? null : AccountDirectory.NumberOf(accountId), own, FraudSettings.Of(own.Over(tenant).Read().Policy!), version);
    }

    static IResult Answer(HttpContext context, FraudRulesView view)
    {
        Preconditions.SetETag(context, view.Version);
        return Results.Ok(view);
    }
}
