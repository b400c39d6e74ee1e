using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Catalog;

/// <summary>Add-ons by HTTP. One is named by its code or its number.</summary>
public static class AddOnEndpoints
{
    /// <summary>An add-on to be made or changed.</summary>
    /// <param name="Code">Short name: a-z, 0-9 and hyphens; not to be changed.</param>
    /// <param name="Name">Name for customers.</param>
    /// <param name="Currency">ISO 4217 code; not to be changed.</param>
    /// <param name="Terms">What it says.</param>
    public sealed record AddOnRequest(string? Code, string? Name, string? Currency, AddOnTerms? Terms);

    /// <summary>Add-ons by code.</summary>
    public sealed record AddOnList(List<AddOnView> Items);

    internal static async Task<IResult> Create(AddOnRequest request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (request.Code is null || !PlanEndpoints.CodePattern().IsMatch(request.Code) || int.TryParse(request.Code, out _))
            return Problem.Invalid("code", "a-z, 0-9 and hyphens, at most 63, not only digits").ToResult();
        if (request.Currency is not { Length: 3 } || !request.Currency.All(char.IsAsciiLetterUpper))
            return Problem.Invalid("currency", "an ISO 4217 code such as INR").ToResult();
        if (Check(request) is { } problem)
            return problem.ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var made = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var addOn = await AddOnStore.CreateAsync(connection, tenantId, request.Code, request.Name!, request.Currency, request.Terms!, now, ct);
            if (addOn is not null)
                await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "addon.created", "addon", addOn.Code, null, addOn, now, ct);
            return addOn;
        }, cancellationToken);
        return made is null
            ? new Problem(409, "code_taken", "There is an add-on of this code.", "code").ToResult()
            : Results.Created($"/api/v1/addons/{made.Code}", made);
    }

    internal static async Task<IResult> List(bool? all, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        var caller = context.Items[typeof(Caller)] as Caller;
        var tenantId = caller?.TenantId ?? PlanEndpoints.DefaultTenant;
        var seesAll = all == true && caller?.May(PlanEndpoints.ReadsDrafts) == true;
        return Results.Ok(new AddOnList(await database.InTenantAsync(tenantId, (connection, ct) => AddOnStore.ListAsync(connection, tenantId, seesAll, ct), cancellationToken)));
    }

    internal static Task<IResult> Update(string id, AddOnRequest request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken) =>
        Check(request) is { } problem
            ? Task.FromResult(problem.ToResult())
            : ChangeAsync(id, "addon.updated", addOn => Updated(addOn, request), context, database, clock, cancellationToken);

    internal static Task<IResult> Retire(string id, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken) =>
        ChangeAsync(id, "addon.retired", addOn => (addOn.Name, "retired", addOn.Terms), context, database, clock, cancellationToken);

    static (string Name, string Status, AddOnTerms Terms) Updated(AddOnView addOn, AddOnRequest request)
    {
        if (addOn.Status == "retired")
            throw new ProblemException(new(409, "addon_retired", "A retired add-on is not changed.", "status", "active"));
        if ((request.Code ?? addOn.Code) != addOn.Code)
            throw new ProblemException(Problem.Invalid("code", $"{addOn.Code}, which cannot be changed"));
        if ((request.Currency ?? addOn.Currency) != addOn.Currency)
            throw new ProblemException(Problem.Invalid("currency", $"{addOn.Currency}, which cannot be changed"));
        return (request.Name!, addOn.Status, request.Terms!);
    }

    static async Task<IResult> ChangeAsync(
        string id, string action, Func<AddOnView, (string Name, string Status, AddOnTerms Terms)> change, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var after = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await AddOnStore.FindAsync(connection, tenantId, id, toChange: true, ct) is not { } before)
                return null;
            Preconditions.Check(context.Request, before.Version);
            var (name, status, terms) = change(before);
            var changed = await AddOnStore.UpdateAsync(connection, before, name, status, terms, now, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), action, "addon", before.Code, before, changed, now, ct);
            return changed;
        }, cancellationToken);
        if (after is null)
            return Problem.NotFound("add-on").ToResult();
        Preconditions.SetETag(context, after.Version);
        return Results.Ok(after);
    }

    static Problem? Check(AddOnRequest request) => request switch
    {
        { Name: not { Length: > 0 and <= 200 } } => Problem.Invalid("name", "1 to 200 characters"),
        { Terms: null } => Problem.Invalid("terms", "an object"),
        _ => request.Terms.Validate(),
    };
}
