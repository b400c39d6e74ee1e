using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Payments;

/// <summary>Reads what requests to pay say: whose account, which invoice, how much; only what is the caller's to see is there.</summary>
sealed class PaymentRequests(AccountDirectory directory, AccountStore accounts, Database database)
{
    /// <summary>Cards and UPI take whole paisa; micros in one.</summary>
    const long Minor = Money.MicrosPerUnit / 100;

    /// <summary>What is to be paid, or the payment that was made before under the key.</summary>
    /// <exception cref="ProblemException">Something is not there, not the caller's, or does not go together.</exception>
    public async Task<(PayingAccount? What, PaymentFile? Before)> ReadAsync(
        HttpContext context, string key, byte[] hash, string? account, string? invoice, string? amount, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        long? micros = amount is null ? null : AmountOf(amount, "amount");
        if (invoice is null)
        {
            var (id, view) = await FindAccountAsync(caller, account, cancellationToken);
            return await BeforeAsync(caller, id, key, hash, cancellationToken) is { } before
                ? (null, before)
                : (new(id, view.Currency, micros ?? throw new ProblemException(Problem.Invalid("amount", "an amount, or an invoice to pay")), null, $"Top-up of {view.Id}"), null);
        }
        var own = await directory.OwnAsync(caller, cancellationToken);
        var due = await database.InTenantAsync(caller.TenantId, (connection, ct) => PayingAccount.FindDueAsync(connection, caller.TenantId, invoice, own, ct), cancellationToken)
            ?? throw new ProblemException(Problem.NotFound("invoice"));
        if (account is not null && await directory.FindAsync(caller, account, cancellationToken) != due.AccountId)
            throw new ProblemException(Problem.Invalid("account", "the invoice's account, or none"));
        if (await BeforeAsync(caller, due.AccountId, key, hash, cancellationToken) is { } made)
            return (null, made);
        if (due.DueMicros <= 0)
            throw new ProblemException(new(409, "nothing_due", "Nothing is due on this invoice.", "invoice"));
        if (micros > due.DueMicros)
            throw new ProblemException(Problem.Invalid("amount", $"at most what is due: {Money.Format(due.DueMicros)}"));
        return (new(due.AccountId, due.Currency, micros ?? due.DueMicros, due.DocumentId, $"Invoice {due.Number}"), null);
    }

    /// <summary>The account that a request names; a customer with one account need not name it.</summary>
    public async Task<(long Id, AccountView View)> FindAccountAsync(Caller caller, string? account, CancellationToken cancellationToken)
    {
        long? accountId;
        if (account is not null)
            accountId = await directory.FindAsync(caller, account, cancellationToken);
        else
            accountId = await directory.OwnAsync(caller, cancellationToken) is [var only] ? only : throw new ProblemException(Problem.Invalid("account", "an account's number"));
        if (accountId is not { } id || await accounts.FindAsync(caller.TenantId, id, cancellationToken) is not { } view)
            throw new ProblemException(Problem.NotFound("account"));
        return string.Equals(view.Status, nameof(AccountStatus.Closed), StringComparison.OrdinalIgnoreCase)
            ? throw new ProblemException(new(409, "account_closed", "The account is closed.", "account"))
            : (id, view);
    }

    /// <summary>The accounts that a list is of: one that is named, or all that the caller may see (null is all of the tenant).</summary>
    /// <returns>False when the named one is not there.</returns>
    public async Task<(bool IsThere, long[]? Accounts)> OfAsync(Caller caller, string? account, CancellationToken cancellationToken)
    {
        if (account is null)
            return (true, await directory.OwnAsync(caller, cancellationToken));
        return await directory.FindAsync(caller, account, cancellationToken) is { } id ? (true, [id]) : (false, null);
    }

    /// <summary>The accounts that the caller may see; null is all of the tenant.</summary>
    public ValueTask<long[]?> OwnAsync(Caller caller, CancellationToken cancellationToken) => directory.OwnAsync(caller, cancellationToken);

    /// <summary>An amount that a gateway can take.</summary>
    public static long AmountOf(string? text, string field) => Money.TryParse(text, out var micros) && micros > 0 && micros % Minor == 0
        ? micros
        : throw new ProblemException(Problem.Invalid(field, "a decimal string of more than 0 with at most two decimals, such as \"500.00\""));

    async Task<PaymentFile?> BeforeAsync(Caller caller, long accountId, string key, byte[] hash, CancellationToken cancellationToken)
    {
        var before = await database.InTenantAsync(caller.TenantId, (connection, ct) => PaymentStore.FindByKeyAsync(connection, caller.TenantId, accountId, key, ct), cancellationToken);
        if (before is not null)
            PayingAccount.CheckSame(before.Payment.RequestHash, hash);
        return before;
    }
}
