using System.Text.RegularExpressions;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Catalog;

/// <summary>Plans by HTTP. A plan is named by its code or its number.</summary>
public static partial class PlanEndpoints
{
    /// <summary>The tenant whose offers are shown to callers who are nobody.</summary>
    internal const int DefaultTenant = 1;

    /// <summary>A plan to be made or written anew.</summary>
    /// <param name="Code">Short name in URLs: a-z, 0-9 and hyphens.</param>
    /// <param name="Name">Name for customers.</param>
    /// <param name="Currency">ISO 4217 code.</param>
    /// <param name="Terms">What it says.</param>
    public sealed record PlanRequest(string? Code, string? Name, string? Currency, PlanTerms? Terms);

    /// <summary>Plans by code.</summary>
    public sealed record PlanList(List<PlanView> Items);

    internal static async Task<IResult> Create(PlanRequest request, HttpContext context, PlanStore plans, DeckStore decks, CancellationToken cancellationToken)
    {
        if (request.Code is null || !CodePattern().IsMatch(request.Code) || int.TryParse(request.Code, out _))
            return Problem.Invalid("code", "a-z, 0-9 and hyphens, at most 63, not only digits").ToResult();
        if (request.Currency is null || !CurrencyPattern().IsMatch(request.Currency))
            return Problem.Invalid("currency", "an ISO 4217 code such as INR").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        if (await CheckAsync(request, request.Currency, tenantId, decks, cancellationToken) is { } problem)
            return problem.ToResult();
        var plan = await plans.CreateAsync(tenantId, request.Code, request.Name!, request.Currency, request.Terms!, Actor.Of(context), cancellationToken);
        return plan is null
            ? new Problem(409, "code_taken", "There is a plan of this code.", "code").ToResult()
            : Results.Created($"/api/v1/plans/{plan.Code}", plan);
    }

    /// <summary>Who sees what is not published.</summary>
    internal static readonly AccessRequirement ReadsDrafts = new(Roles.Staff, Scope.CatalogRead, Public: false, Basic: false);

    internal static async Task<IResult> List(bool? all, HttpContext context, PlanStore plans, CancellationToken cancellationToken)
    {
        var caller = context.Items[typeof(Caller)] as Caller;
        var seesAll = all == true && caller?.May(ReadsDrafts) == true;
        return Results.Ok(new PlanList(await plans.ListAsync(caller?.TenantId ?? DefaultTenant, seesAll, cancellationToken)));
    }

    internal static async Task<IResult> Get(string id, HttpContext context, PlanStore plans, CancellationToken cancellationToken)
    {
        var caller = context.Items[typeof(Caller)] as Caller;
        var plan = await plans.FindAsync(caller?.TenantId ?? DefaultTenant, id, cancellationToken);
        if (plan is null || (plan.Status == "draft" && caller?.May(ReadsDrafts) != true))
            return Problem.NotFound("plan").ToResult();
        Preconditions.SetETag(context, plan.Version);
        return Results.Ok(plan);
    }

    internal static async Task<IResult> Update(string id, PlanRequest request, HttpContext context, PlanStore plans, DeckStore decks, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await plans.FindAsync(tenantId, id, cancellationToken) is not { } plan)
            return Problem.NotFound("plan").ToResult();
        if (plan.Status == "retired")
            return new Problem(409, "plan_retired", "A retired plan takes no new version.", "status", "a plan that is not retired").ToResult();
        if (request.Code is not null && request.Code != plan.Code)
            return Problem.Invalid("code", $"{plan.Code}, which cannot be changed").ToResult();
        if (request.Currency is not null && request.Currency != plan.Currency)
            return Problem.Invalid("currency", $"{plan.Currency}, which cannot be changed").ToResult();
        Preconditions.Check(context.Request, plan.Version);
        if (await CheckAsync(request, plan.Currency, tenantId, decks, cancellationToken) is { } problem)
            return problem.ToResult();
        var updated = await plans.AddVersionAsync(tenantId, plan, request.Name!, request.Terms!, Actor.Of(context), cancellationToken);
        if (updated is null)
            return new Problem(409, "version_changed", "Somebody else wrote a version at the same time.").ToResult();
        Preconditions.SetETag(context, updated.Version);
        return Results.Ok(updated);
    }

    internal static Task<IResult> Publish(string id, HttpContext context, PlanStore plans, CancellationToken cancellationToken) =>
        MoveAsync(id, "published", from: ["draft", "published"], context, plans, cancellationToken);

    internal static Task<IResult> Retire(string id, HttpContext context, PlanStore plans, CancellationToken cancellationToken) =>
        MoveAsync(id, "retired", from: ["draft", "published", "retired"], context, plans, cancellationToken);

    static async Task<IResult> MoveAsync(string id, string status, string[] from, HttpContext context, PlanStore plans, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await plans.FindAsync(tenantId, id, cancellationToken) is not { } plan)
            return Problem.NotFound("plan").ToResult();
        if (!from.Contains(plan.Status))
            return new Problem(409, "plan_retired", "A retired plan stays retired.", "status", "a plan that is not retired").ToResult();
        return Results.Ok(plan.Status == status ? plan : await plans.SetStatusAsync(tenantId, plan, status, Actor.Of(context), cancellationToken));
    }

    static async Task<Problem?> CheckAsync(PlanRequest request, string currency, int tenantId, DeckStore decks, CancellationToken cancellationToken)
    {
        if (request.Name is not { Length: > 0 and <= 200 } || string.IsNullOrWhiteSpace(request.Name))
            return Problem.Invalid("name", "1 to 200 characters");
        if (request.Terms is null)
            return Problem.Invalid("terms", "an object");
        if (request.Terms.Validate() is { } problem)
            return problem;
        var known = await decks.FindAsync(tenantId, [.. request.Terms.Decks.Values.SelectMany(names => names).Distinct()], cancellationToken);
        foreach (var (service, names) in request.Terms.Decks)
            foreach (var name in names)
                if (known.Find(d => d.Name == name) is not { } deck || deck.Currency != currency || !service.StartsWith(deck.Kind, StringComparison.Ordinal))
                    return Problem.Invalid($"terms.decks.{service}", $"the name of a {service.Split('.')[0]} deck in {currency}, not {name}");
        return null;
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,62}$", RegexOptions.None, 1000)]
    internal static partial Regex CodePattern();

    [GeneratedRegex("^[A-Z]{3}$", RegexOptions.None, 1000)]
    private static partial Regex CurrencyPattern();
}
