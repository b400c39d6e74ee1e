using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Customers;

/// <summary>Accounts by HTTP: opening them, their settings, their balance.</summary>
public static class AccountEndpoints
{
    /// <summary>An account to be opened.</summary>
    /// <param name="Name">Whose it is.</param>
    /// <param name="Kind">prepaid or postpaid.</param>
    /// <param name="Currency">ISO 4217 code; the plan's when left out.</param>
    /// <param name="Plan">Code of a published plan.</param>
    /// <param name="CreditLimit">How far below zero it may go; 0 when left out.</param>
    /// <param name="Codes">Other names, such as FreeSWITCH's accountcode.</param>
    /// <param name="CustomerId">Whose it is among the customers, or nobody's.</param>
    public sealed record OpenRequest(string? Name, string? Kind, string? Currency, string? Plan, string? CreditLimit, string[]? Codes, long? CustomerId = null);

    /// <summary>Limits; each one that is left out is lifted, but for the credit limit, which stays. Below the low balance the customer is told.</summary>
    public sealed record LimitsRequest(string? CreditLimit, string? DailySpendCap, int? ConcurrentCalls, int? RequestsPerSecond, string[]? AllowedIps, string? LowBalance = null);

    internal static async Task<IResult> Open(
        OpenRequest request, HttpContext context, Database database, AccountStore accounts, PlanStore plans, TenantClock clock, CancellationToken cancellationToken)
    {
        if (request.CustomerId is { } customerId)
        {
            var tenantId = Caller.Of(context).TenantId;
            var customer = await database.InTenantAsync(tenantId, (connection, ct) => CustomerStore.FindAsync(connection, tenantId, customerId, toChange: false, ct), cancellationToken);
            if (customer is not { Status: "active" })
                return Problem.Invalid("customerId", "the number of an active customer").ToResult();
        }
        return await OpenForAsync(request.CustomerId, request, context, accounts, plans, clock, cancellationToken);
    }

    /// <summary>Opens an account for a customer that was checked, or for nobody.</summary>
    internal static async Task<IResult> OpenForAsync(
        long? customerId, OpenRequest request, HttpContext context, AccountStore accounts, PlanStore plans, TenantClock clock, CancellationToken cancellationToken)
    {
        if (request.Name is not { Length: > 0 and <= 200 })
            return Problem.Invalid("name", "1 to 200 characters").ToResult();
        if (request.Kind is not ("prepaid" or "postpaid"))
            return Problem.Invalid("kind", "prepaid or postpaid").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        PlanView? plan = null;
        if (request.Plan is not null && ((plan = await plans.FindAsync(tenantId, request.Plan, cancellationToken)) is null || plan.Status != "published"))
            return Problem.Invalid("plan", "the code of a published plan").ToResult();
        var currency = request.Currency ?? plan?.Currency ?? "INR";
        if (currency.Length != 3 || !currency.All(char.IsAsciiLetterUpper))
            return Problem.Invalid("currency", "an ISO 4217 code such as INR").ToResult();
        if (plan is not null && plan.Currency != currency)
            return new Problem(422, "currency_mismatch", $"The plan is in {plan.Currency}.", "currency", plan.Currency).ToResult();
        var credit = 0L;
        if (request.CreditLimit is not null && (!Money.TryParse(request.CreditLimit, out credit) || credit is < 0 or > Charging.MaxMicros))
            return Problem.Invalid("creditLimit", "a decimal string such as \"50000.00\"").ToResult();
        var codes = request.Codes ?? [];
        if (Array.Exists(codes, c => c is not { Length: > 0 and <= 64 } || c.Contains('\0', StringComparison.Ordinal) || AccountDirectory.TryParseNumber(c, out _)))
            return Problem.Invalid("codes", "1 to 64 characters each, not the form of an account number").ToResult();
        var kind = request.Kind == "prepaid" ? AccountKind.Prepaid : AccountKind.Postpaid;
        var (id, taken) = await accounts.OpenAsync(tenantId, new(request.Name, customerId, kind, currency, plan, credit, codes, await clock.NowAsync(tenantId, cancellationToken)), Actor.Of(context), cancellationToken);
        return taken is null
            ? Results.Created($"/api/v1/accounts/{AccountDirectory.NumberOf(id)}", await accounts.FindAsync(tenantId, id, cancellationToken))
            : new Problem(409, "code_taken", $"Another account has the code {taken}.", "codes").ToResult();
    }

    internal static async Task<IResult> Get(string id, HttpContext context, AccountDirectory directory, AccountStore accounts, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, context, directory, accounts, cancellationToken) is not { } account)
            return Problem.NotFound("account").ToResult();
        Preconditions.SetETag(context, account.Version);
        return Results.Ok(account);
    }

    internal static async Task<IResult> Balance(string id, HttpContext context, AccountDirectory directory, AccountStore accounts, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, context, directory, accounts, cancellationToken) is not { } account || !AccountDirectory.TryParseNumber(account.Id, out var accountId))
            return Problem.NotFound("account").ToResult();
        var allowances = await accounts.AllowancesAsync(Caller.Of(context).TenantId, accountId, cancellationToken);
        return Results.Ok(new BalanceView(account.Id, account.Currency, account.Balance, account.Held, account.Available, account.CreditLimit, allowances));
    }

    internal static async Task<IResult> SetLimits(
        string id, LimitsRequest request, HttpContext context, AccountDirectory directory, AccountStore accounts, AccountGates gates, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, context, directory, accounts, cancellationToken) is not { } account || !AccountDirectory.TryParseNumber(account.Id, out var accountId))
            return Problem.NotFound("account").ToResult();
        if (!TryAmount(request.CreditLimit, out var credit))
            return Problem.Invalid("creditLimit", "a decimal string such as \"50000.00\"").ToResult();
        if (!TryAmount(request.DailySpendCap, out var cap))
            return Problem.Invalid("dailySpendCap", "a decimal string such as \"1000.00\"").ToResult();
        if (!TryAmount(request.LowBalance, out var low))
            return Problem.Invalid("lowBalance", "a decimal string such as \"100.00\"").ToResult();
        if (request.ConcurrentCalls is < 0)
            return Problem.Invalid("concurrentCalls", "0 or more").ToResult();
        if (request.RequestsPerSecond is < 1 or > 100_000)
            return Problem.Invalid("requestsPerSecond", "1 to 100000").ToResult();
        var ips = request.AllowedIps ?? [];
        if (!Array.TrueForAll(ips, ApiKeys.IsRange))
            return Problem.Invalid("allowedIps", "addresses or CIDR ranges").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var changed = await accounts.SetLimitsAsync(tenantId, accountId, credit, cap, low, request.ConcurrentCalls, request.RequestsPerSecond, ips, Actor.Of(context), cancellationToken);
        await gates.RefreshAsync(cancellationToken);
        return Results.Ok(changed);
    }

    /// <summary>The account that a path names, or null.</summary>
    internal static async Task<AccountView?> FindAsync(string id, HttpContext context, AccountDirectory directory, AccountStore accounts, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        return await directory.FindAsync(caller, id, cancellationToken) is { } accountId ? await accounts.FindAsync(caller.TenantId, accountId, cancellationToken) : null;
    }

    /// <summary>Reads an amount that may be left out.</summary>
    internal static bool TryAmount(string? text, out long? micros)
    {
        micros = null;
        if (text is null)
            return true;
        if (!Money.TryParse(text, out var value) || value is < 0 or > Charging.MaxMicros)
            return false;
        micros = value;
        return true;
    }
}
