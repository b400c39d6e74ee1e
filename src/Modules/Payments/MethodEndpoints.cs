using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Payments;

/// <summary>A saved method as the API shows it: never a card's number.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Account">Whose it is.</param>
/// <param name="Gateway">razorpay or stripe.</param>
/// <param name="Kind">card, upi or bank.</param>
/// <param name="Status">created, active, paused, cancelled, rejected or expired.</param>
/// <param name="Brand">Of a card.</param>
/// <param name="Last4">Of a card.</param>
/// <param name="ExpiryMonth">Of a card.</param>
/// <param name="ExpiryYear">Of a card.</param>
/// <param name="Vpa">UPI address, masked.</param>
/// <param name="Default">Whether the account is charged by it.</param>
/// <param name="CreatedAt">When it was saved.</param>
public sealed record MethodView(
    string Id, string Account, string Gateway, string Kind, string Status, string? Brand, string? Last4, int? ExpiryMonth, int? ExpiryYear, string? Vpa, bool Default, DateTimeOffset CreatedAt)
{
    internal static MethodView Of(MethodRecord m) => new(
        PaymentNumbers.Method(m.Id), AccountDirectory.NumberOf(m.AccountId), GatewayDirectory.Name(m.Gateway), MandateView.NameOf(m.Kind), m.Status.ToString().ToLowerInvariant(), m.Brand, m.Last4,
        m.ExpiryMonth, m.ExpiryYear, m.Vpa, m.IsDefault, m.CreatedAt);
}

/// <summary>Saved methods by HTTP.</summary>
public static class MethodEndpoints
{
    /// <summary>A method that the gateway has saved.</summary>
    /// <param name="Account">The account; a customer with one account need not name it.</param>
    /// <param name="Token">The gateway's token (token_…, pm_…), never a card's number.</param>
    /// <param name="Gateway">razorpay or stripe; the tenant's default when left out.</param>
    /// <param name="Default">Whether the account is to be charged by it.</param>
    public sealed record MethodRequest(string? Account, string? Token, string? Gateway, bool? Default);

    /// <summary>A page of saved methods, the latest first.</summary>
    /// <param name="Items">The page.</param>
    /// <param name="Next">Give it as before to get the next page; null on the last one.</param>
    public sealed record MethodList(MethodView[] Items, string? Next);

    internal static async Task<IResult> Save(
        MethodRequest request, HttpContext context, PaymentRequests requests, GatewayDirectory gateways, GatewayCustomers customers, Database database, TenantClock clock,
        CancellationToken cancellationToken)
    {
        // A token begins with what it is; whatever looks like the number of a card is turned away unread.
        if (request.Token is not { Length: > 4 and <= 200 } token || !char.IsAsciiLetter(token[0]) || !token.Contains('_', StringComparison.Ordinal) || token.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return Problem.Invalid("token", "the gateway's token of a saved method (token_… or pm_…); card numbers are not taken").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var (accountId, _) = await requests.FindAccountAsync(Caller.Of(context), request.Account, cancellationToken);
        var gateway = await gateways.ForNewAsync(tenantId, request.Gateway, cancellationToken);
        var customerId = await customers.EnsureAsync(tenantId, accountId, gateway.Kind, gateway.Client, cancellationToken);
        var answer = await gateway.Client.FindMethodAsync(customerId, token, cancellationToken);
        if (answer.Value is not { } shown)
            return GatewayProblems.Of(answer.Failure).ToResult();
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var kept = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var method = await SavedMethods.KeepAsync(connection, tenantId, accountId, gateway.Kind, customerId, shown, now, ct);
            if (request.Default == true && !method.IsDefault && method.Status == MandateStatus.Active)
            {
                await SavedMethods.MakeDefaultAsync(connection, tenantId, method, now, ct);
                method = method with { IsDefault = true };
            }
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "payment_method.saved", "payment_method", PaymentNumbers.Method(method.Id), null, MethodView.Of(method), now, ct);
            return method;
        }, cancellationToken);
        return Results.Json(MethodView.Of(kept), statusCode: 201);
    }

    internal static async Task<IResult> List(string? account, string? before, int? limit, HttpContext context, PaymentRequests requests, Database database, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var page = limit ?? 50;
        if (page is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        var last = long.MaxValue;
        if (before is not null && !PaymentNumbers.TryParse("PM-", before, out last))
            return Problem.Invalid("before", "a saved method's number").ToResult();
        var (isThere, accounts) = await requests.OfAsync(caller, account, cancellationToken);
        if (!isThere)
            return Results.Ok(new MethodList([], null));
        var found = await database.InTenantAsync(caller.TenantId, (connection, ct) => SavedMethods.ListAsync(connection, caller.TenantId, accounts, last, page + 1, ct), cancellationToken);
        return Results.Ok(new MethodList([.. found.Take(page).Select(MethodView.Of)], found.Count > page ? PaymentNumbers.Method(found[page - 1].Id) : null));
    }

    internal static async Task<IResult> Remove(
        string id, HttpContext context, PaymentRequests requests, GatewayDirectory gateways, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await FindAsync(id, context, requests, database, cancellationToken) is not { } method)
            return Problem.NotFound("payment method").ToResult();
        // First at the gateway: what cannot be cancelled there could still be charged there.
        if (await gateways.FindAsync(tenantId, method.Gateway, cancellationToken) is { } gateway
            && await gateway.Client.DeleteMethodAsync(method.CustomerId, method.Token, cancellationToken) is { Outcome: not GatewayOutcome.Succeeded, IsNotFound: false } refused)
            return GatewayProblems.Of(refused.Failure).ToResult();
        var now = await clock.NowAsync(tenantId, cancellationToken);
        await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            await SavedMethods.RemoveAsync(connection, tenantId, method.Id, now, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "payment_method.removed", "payment_method", PaymentNumbers.Method(method.Id), MethodView.Of(method), null, now, ct);
            return true;
        }, cancellationToken);
        return Results.NoContent();
    }

    internal static async Task<IResult> MakeDefault(string id, HttpContext context, PaymentRequests requests, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await FindAsync(id, context, requests, database, cancellationToken) is not { } method)
            return Problem.NotFound("payment method").ToResult();
        if (method.Status != MandateStatus.Active)
            return new Problem(409, "method_not_active", "The saved method cannot be charged.").ToResult();
        var now = await clock.NowAsync(tenantId, cancellationToken);
        await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            await SavedMethods.MakeDefaultAsync(connection, tenantId, method, now, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "payment_method.made_default", "payment_method", PaymentNumbers.Method(method.Id), null, MethodView.Of(method), now, ct);
            return true;
        }, cancellationToken);
        return Results.Ok(MethodView.Of(method with { IsDefault = true }));
    }

    static async Task<MethodRecord?> FindAsync(string id, HttpContext context, PaymentRequests requests, Database database, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var own = await requests.OwnAsync(caller, cancellationToken);
        return PaymentNumbers.TryParse("PM-", id, out var methodId)
            ? await database.InTenantAsync(caller.TenantId, (connection, ct) => SavedMethods.FindAsync(connection, caller.TenantId, methodId, own, ct), cancellationToken)
            : null;
    }
}
