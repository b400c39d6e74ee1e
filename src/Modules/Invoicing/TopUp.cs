using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Invoicing;

/// <summary>Credits money that came in outside any gateway, once for its idempotency key. A wallet's tax is taken as the tenant's mode says; on a postpaid account it settles what is owed.</summary>
public static class TopUp
{
    /// <summary>Money that came in.</summary>
    /// <param name="Amount">Decimal string, more than 0; with tax.</param>
    /// <param name="Currency">ISO 4217 code; the account's when left out.</param>
    /// <param name="Reference">The bank's or the cashier's name of it.</param>
    public sealed record TopUpRequest(string? Amount, string? Currency, string? Reference);

    internal static async Task<IResult> Handle(
        string id, TopUpRequest request, HttpContext context, AccountDirectory directory, AccountStore accounts, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (!Money.TryParse(request.Amount, out var amount) || amount <= 0)
            return Problem.Invalid("amount", "a decimal string of more than 0, such as \"500.00\"").ToResult();
        if (request.Reference is not { Length: > 0 and <= 200 } || request.Reference.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("reference", "1 to 200 characters").ToResult();
        var key = IdempotencyKey.Of(context);
        if (await AccountEndpoints.FindAsync(id, context, directory, accounts, cancellationToken) is not { } account || !AccountDirectory.TryParseNumber(account.Id, out var accountId))
            return Problem.NotFound("account").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var money = new MoneyReceived(accountId, $"top-up:{key}", amount, request.Currency ?? account.Currency, Book.GatewayManual, request.Reference, null);
        var received = await database.InTenantAsync(
            tenantId,
            async (connection, ct) => await Receivables.CheckAsync(connection, tenantId, accountId, amount, now, ct) is { } problem
                ? throw new ProblemException(problem)
                : await Receivables.ReceiveAsync(connection, tenantId, money, Actor.Of(context), now, ct),
            cancellationToken);
        var entry = MoneyEndpoints.Entry(account.Id, account.Currency, received.Posting with { BalanceAfterMicros = received.BalanceMicros }, received.IsRepeat);
        return Results.Json(entry, statusCode: received.IsRepeat ? 200 : 201);
    }
}
