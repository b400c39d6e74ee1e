using System.Globalization;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Customers;

/// <summary>Customers by HTTP: making, reading and changing them.</summary>
public static class CustomerEndpoints
{
    /// <summary>A page of customers.</summary>
    /// <param name="Items">The customers.</param>
    /// <param name="Next">The cursor of the page behind, or null.</param>
    public sealed record CustomerPage(List<CustomerView> Items, string? Next);

    /// <summary>Accounts of a customer.</summary>
    public sealed record AccountList(List<AccountView> Items);

    internal static async Task<IResult> Create(CustomerRequest request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var (customer, problem) = request.Apply(null, byCustomer: false);
        if (customer is null)
            return problem!.ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var made = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var id = await CustomerStore.CreateAsync(connection, tenantId, customer, now, ct);
            var view = (await CustomerStore.FindAsync(connection, tenantId, id, toChange: false, ct))!;
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "customer.created", "customer", Name(id), null, view, now, ct);
            return view;
        }, cancellationToken);
        return Results.Created($"/api/v1/customers/{Name(made.Id)}", made);
    }

    internal static async Task<IResult> List(
        string? status, string? kind, string? kycStatus, string? sort, string? cursor, int? limit, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        if (status is not (null or "active" or "suspended" or "closed"))
            return Problem.Invalid("status", "active, suspended or closed").ToResult();
        if (kind is not (null or "individual" or "business" or "enterprise"))
            return Problem.Invalid("kind", "individual, business or enterprise").ToResult();
        if (kycStatus is not (null or "pending" or "verified" or "rejected"))
            return Problem.Invalid("kycStatus", "pending, verified or rejected").ToResult();
        if (sort is not (null or "newest" or "name"))
            return Problem.Invalid("sort", "newest or name").ToResult();
        if (limit is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        long? afterId = null;
        string? afterName = null;
        if (cursor is not null)
        {
            if (PageCursor.Parse(cursor) is not [var id, var name] || !long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return Problem.Invalid("cursor", "the next of the page before").ToResult();
            (afterId, afterName) = (number, name);
        }
        var page = limit ?? 50;
        var tenantId = Caller.Of(context).TenantId;
        var filter = new CustomerFilter(status, kind, kycStatus, sort == "name", afterName, afterId, page + 1);
        var items = await database.InTenantAsync(tenantId, (connection, ct) => CustomerStore.ListAsync(connection, tenantId, filter, ct), cancellationToken);
        var next = items.Count > page ? PageCursor.Make(Name(items[page - 1].Id), items[page - 1].Name) : null;
        return Results.Ok(new CustomerPage([.. items.Take(page)], next));
    }

    internal static async Task<IResult> Search(string? q, int? limit, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        if (q?.Trim() is not { Length: >= 3 and <= 200 } text || text.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("q", "3 to 200 characters of a name, e-mail address, phone, GSTIN, PAN or account number").ToResult();
        if (limit is < 1 or > 100)
            return Problem.Invalid("limit", "1 to 100").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var items = await database.InTenantAsync(tenantId, (connection, ct) => CustomerStore.SearchAsync(connection, tenantId, text, limit ?? 20, ct), cancellationToken);
        return Results.Ok(new CustomerPage(items, null));
    }

    internal static Task<IResult> Me(HttpContext context, Database database, CancellationToken cancellationToken) =>
        Get(Caller.Of(context).CustomerId ?? 0, context, database, cancellationToken);

    internal static async Task<IResult> Get(long id, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (!Sees(context, id) || await database.InTenantAsync(tenantId, (connection, ct) => CustomerStore.FindAsync(connection, tenantId, id, toChange: false, ct), cancellationToken) is not { } customer)
            return Problem.NotFound("customer").ToResult();
        Preconditions.SetETag(context, customer.Version);
        return Results.Ok(customer);
    }

    internal static async Task<IResult> Update(long id, CustomerRequest request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var now = await clock.NowAsync(caller.TenantId, cancellationToken);
        var after = !Sees(context, id) ? null : await database.InTenantAsync(caller.TenantId, async (connection, ct) =>
        {
            if (await CustomerStore.FindAsync(connection, caller.TenantId, id, toChange: true, ct) is not { } before)
                return null;
            Preconditions.Check(context.Request, before.Version);
            if (before.Status == "closed")
                throw new ProblemException(new(409, "customer_closed", "A closed customer is not changed.", "status", "active or suspended"));
            var (changed, problem) = request.Apply(before, caller.CustomerId is not null);
            if (changed is null)
                throw new ProblemException(problem!);
            await CustomerStore.UpdateAsync(connection, caller.TenantId, changed, now, ct);
            var view = (await CustomerStore.FindAsync(connection, caller.TenantId, id, toChange: false, ct))!;
            await AuditLog.WriteAsync(connection, caller.TenantId, Actor.Of(context), "customer.updated", "customer", Name(id), before, view, now, ct);
            return view;
        }, cancellationToken);
        if (after is null)
            return Problem.NotFound("customer").ToResult();
        Preconditions.SetETag(context, after.Version);
        return Results.Ok(after);
    }

    internal static async Task<IResult> Accounts(long id, HttpContext context, Database database, AccountStore accounts, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (!Sees(context, id) || await database.InTenantAsync(tenantId, (connection, ct) => CustomerStore.FindAsync(connection, tenantId, id, toChange: false, ct), cancellationToken) is null)
            return Problem.NotFound("customer").ToResult();
        return Results.Ok(new AccountList(await accounts.OfCustomerAsync(tenantId, id, cancellationToken)));
    }

    internal static async Task<IResult> OpenAccount(
        long id, AccountEndpoints.OpenRequest request, HttpContext context, Database database, AccountStore accounts, PlanStore plans, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var customer = await database.InTenantAsync(tenantId, (connection, ct) => CustomerStore.FindAsync(connection, tenantId, id, toChange: false, ct), cancellationToken);
        if (customer is null)
            return Problem.NotFound("customer").ToResult();
        if (customer.Status != "active")
            return new Problem(409, $"customer_{customer.Status}", $"The customer is {customer.Status}.", "status", "active").ToResult();
        return await AccountEndpoints.OpenForAsync(id, request with { Name = request.Name ?? customer.Name }, context, accounts, plans, clock, cancellationToken);
    }

    /// <summary>Whether the caller may see a customer at all.</summary>
    internal static bool Sees(HttpContext context, long customerId) => Caller.Of(context).CustomerId is not { } own || own == customerId;

    /// <summary>A customer's number as text.</summary>
    internal static string Name(long customerId) => customerId.ToString(CultureInfo.InvariantCulture);
}
