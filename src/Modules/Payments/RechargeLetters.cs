using System.Globalization;
using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Notifications;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>What a customer is written when its wallet could not be recharged by itself; once for each occasion.</summary>
static class RechargeLetters
{
    /// <summary>A bank or gateway declined.</summary>
    public static Task DeclinedAsync(NpgsqlConnection connection, int tenantId, PaymentFile file, DateTimeOffset? nextAt, CancellationToken cancellationToken) => SendAsync(
        connection, tenantId, file.Payment.AccountId, Money.Format(file.Payment.AmountMicros), file.Payment.Currency,
        (nextAt, file.Last.DeclineKind) switch
        {
            ({ } at, _) => $"the payment was declined. We try again on {Mandates.BankZone.DayOf(at).ToString("d MMMM yyyy", CultureInfo.InvariantCulture)}.",
            (_, DeclineKind.Hard) => "the payment was declined for good, so this payment method is not tried again. Please choose another one.",
            (_, DeclineKind.NeedsCustomer) => "your bank asks you to confirm the payment yourself. Please recharge by hand.",
            _ => "the payment was declined, and is not tried again by itself. Please recharge by hand, or choose another payment method.",
        },
        $"recharge-declined:{file.Last.Reference}", cancellationToken);

    /// <summary>The method, or what was agreed for it, does not allow it.</summary>
    public static Task RefusedAsync(NpgsqlConnection connection, int tenantId, PayingAccount what, Problem refusal, string crossing, CancellationToken cancellationToken) => SendAsync(
        connection, tenantId, what.AccountId, Money.Format(what.AmountMicros), what.Currency, $"{refusal.Title} Please recharge by hand, or choose another payment method.", $"recharge-refused:{crossing}", cancellationToken);

    /// <summary>It was recharged often enough for one day.</summary>
    public static Task CappedAsync(NpgsqlConnection connection, int tenantId, PayingAccount what, string crossing, CancellationToken cancellationToken) => SendAsync(
        connection, tenantId, what.AccountId, Money.Format(what.AmountMicros), what.Currency,
        "it was recharged as often today as it may be by itself. It is recharged tomorrow if it is still needed; until then please recharge by hand.", $"recharge-capped:{crossing}", cancellationToken);

    static async Task SendAsync(NpgsqlConnection connection, int tenantId, long accountId, string amount, string currency, string reason, string key, CancellationToken cancellationToken)
    {
        var customer = await Database.QueryAsync(
            connection,
            "select c.name, c.email from customers.account_profiles p join customers.customers c on c.customer_id = p.customer_id where p.account_id = $1 and p.tenant_id = $2 and c.email is not null",
            [accountId, tenantId], r => (Name: r.GetString(0), Email: r.GetString(1)), cancellationToken);
        if (customer is not [var (name, email)])
            return;
        var account = AccountDirectory.NumberOf(accountId);
        await Mail.EnqueueAsync(
            connection, tenantId, email, $"Not recharged: {account}",
            $"""
            Dear {name},

            the balance of {account} is low, but it could not be recharged by {amount} {currency}: {reason}
            """, cancellationToken, key: key);
    }
}
