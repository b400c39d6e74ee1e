using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Customers;

/// <summary>Moving money by hand: adjustment, transfer. Each is done once for its idempotency key.</summary>
public static class MoneyEndpoints
{
    /// <summary>A correction.</summary>
    /// <param name="Amount">Decimal string; negative takes away.</param>
    /// <param name="Currency">ISO 4217 code; the account's when left out.</param>
    /// <param name="Reason">Why.</param>
    public sealed record AdjustRequest(string? Amount, string? Currency, string? Reason);

    /// <summary>A move to another account of the same currency.</summary>
    /// <param name="To">The other account.</param>
    /// <param name="Amount">Decimal string, more than 0.</param>
    /// <param name="Reference">Why.</param>
    public sealed record TransferRequest(string? To, string? Amount, string? Reference);

    internal static async Task<IResult> Adjust(
        string id, AdjustRequest request, HttpContext context, AccountDirectory directory, AccountStore accounts, ChargingPipeline pipeline, TenantClock clock, CancellationToken cancellationToken)
    {
        if (!Money.TryParse(request.Amount, out var amount) || amount == 0)
            return Problem.Invalid("amount", "a decimal string other than 0, such as \"-25.00\"").ToResult();
        if (Check(request.Reason, "reason") is { } problem)
            return problem.ToResult();
        return await PostAsync(id, "adjustment", EntryKind.Adjustment, Book.Adjustment, amount, request.Currency, request.Reason!, context, directory, accounts, pipeline, clock, cancellationToken);
    }

    internal static async Task<IResult> Transfer(
        string id, TransferRequest request, HttpContext context, AccountDirectory directory, AccountStore accounts, ChargingPipeline pipeline, TenantClock clock, CancellationToken cancellationToken)
    {
        if (!Money.TryParse(request.Amount, out var amount) || amount <= 0)
            return Problem.Invalid("amount", "a decimal string of more than 0, such as \"100.00\"").ToResult();
        if (Check(request.Reference, "reference") is { } problem)
            return problem.ToResult();
        var key = IdempotencyKey.Of(context);
        var from = await AccountEndpoints.FindAsync(id, context, directory, accounts, cancellationToken);
        var to = request.To is null ? null : await AccountEndpoints.FindAsync(request.To, context, directory, accounts, cancellationToken);
        if (from is null || !AccountDirectory.TryParseNumber(from.Id, out var fromId))
            return Problem.NotFound("account").ToResult();
        if (to is null || !AccountDirectory.TryParseNumber(to.Id, out var toId) || toId == fromId)
            return Problem.Invalid("to", "another account").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var (taken, given) = await pipeline.TransferAsync(
            tenantId, fromId, toId, EventKey.Of("transfer", key), amount, from.Currency, request.Reference!, cancellationToken,
            async (writes, done, ct) => await AuditLog.WriteAsync(
                writes.Connection!, tenantId, Actor.Of(context), "account.transfer", "account", from.Id, null, new { to = to.Id, entry = Entry(from.Id, from.Currency, done) },
                await clock.NowAsync(tenantId, ct), ct));
        if (!taken.Accepted || !given.Accepted)
            return Refusals.ToProblem(taken.Accepted ? given.Refusal : taken.Refusal).ToResult();
        return Results.Json(
            new TransferView(Entry(from.Id, from.Currency, taken), Entry(to.Id, to.Currency, given), taken.IsRepeat),
            statusCode: taken.IsRepeat ? 200 : 201);
    }

    static async Task<IResult> PostAsync(
        string id, string purpose, EntryKind kind, Book counter, long amount, string? currency, string reference, HttpContext context,
        AccountDirectory directory, AccountStore accounts, ChargingPipeline pipeline, TenantClock clock, CancellationToken cancellationToken)
    {
        var key = IdempotencyKey.Of(context);
        if (await AccountEndpoints.FindAsync(id, context, directory, accounts, cancellationToken) is not { } account || !AccountDirectory.TryParseNumber(account.Id, out var accountId))
            return Problem.NotFound("account").ToResult();
        var post = new Post(EventKey.Of(purpose, key), kind, counter, amount, currency ?? account.Currency, reference, null);
        var tenantId = Caller.Of(context).TenantId;
        var decision = await pipeline.SubmitAsync(
            tenantId, accountId, post, cancellationToken,
            async (writes, done, ct) => await AuditLog.WriteAsync(
                writes.Connection!, tenantId, Actor.Of(context), $"account.{purpose}", "account", account.Id, null, Entry(account.Id, account.Currency, done), await clock.NowAsync(tenantId, ct), ct));
        return decision.Accepted
            ? Results.Json(Entry(account.Id, account.Currency, decision), statusCode: decision.IsRepeat ? 200 : 201)
            : Refusals.ToProblem(decision.Refusal).ToResult();
    }

    static PostedEntry Entry(string account, string currency, Decision decision) => Entry(account, currency, decision.Posting!.Value, decision.IsRepeat);

    /// <summary>An entry as the API shows it.</summary>
    internal static PostedEntry Entry(string account, string currency, Posting posting, bool isRepeat) => new(
        account, posting.EntryNo, Books.Name(posting.Debit), Books.Name(posting.Credit), Money.Format(posting.AmountMicros), currency, Money.Format(posting.BalanceAfterMicros), isRepeat);

    static Problem? Check(string? text, string field) =>
        text is { Length: > 0 and <= 200 } && !text.Contains('\0', StringComparison.Ordinal) ? null : Problem.Invalid(field, "1 to 200 characters");
}
