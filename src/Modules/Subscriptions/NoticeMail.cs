using System.Globalization;
using Balatrix.Core;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Notifications;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Mails what customers are told to the customer's address, in the transaction in which it becomes true; an account without a customer's address is told nothing.</summary>
static class NoticeMail
{
    const string Addresses = """
        select p.account_id, c.name, c.email
          from customers.account_profiles p join customers.customers c on c.customer_id = p.customer_id and c.tenant_id = p.tenant_id
         where p.account_id = any($1) and p.tenant_id = $2 and c.email is not null
        """;

    /// <summary>Enqueues the mails.</summary>
    public static async Task EnqueueAsync(
        NpgsqlConnection connection, int tenantId, List<(SubscriptionRecord Record, SubscriptionNotice Notice)> notices, CancellationToken cancellationToken)
    {
        var rows = await Database.QueryAsync(
            connection, Addresses, [notices.Select(n => n.Record.AccountId).Distinct().ToArray(), tenantId],
            r => (Account: r.GetInt64(0), Name: r.GetString(1), Email: r.GetString(2)), cancellationToken);
        var customers = rows.ToDictionary(r => r.Account, r => (r.Name, r.Email));
        foreach (var (record, notice) in notices)
            if (customers.TryGetValue(record.AccountId, out var customer))
                await Mail.EnqueueAsync(connection, tenantId, customer.Email, Subject(record, notice), Text(customer.Name, record, notice), cancellationToken);
    }

    static string Subject(SubscriptionRecord record, SubscriptionNotice notice) => notice switch
    {
        SubscriptionNotice.EndsSoon => $"Your {record.State.Plan.Code} subscription ends its period on {Day(record, record.State.Period.To)}",
        SubscriptionNotice.Unpaid => $"Your {record.State.Plan.Code} subscription is not paid",
        SubscriptionNotice.StillUnpaid => $"Reminder: your {record.State.Plan.Code} subscription is still not paid",
        SubscriptionNotice.Suspended => $"Your {record.State.Plan.Code} subscription is suspended",
        SubscriptionNotice.Ended => $"Your {record.State.Plan.Code} subscription has ended",
        _ => throw new ArgumentOutOfRangeException(nameof(notice), notice, "Not a notice."),
    };

    static string Text(string name, SubscriptionRecord record, SubscriptionNotice notice)
    {
        var (s, account) = (record.State, AccountDirectory.NumberOf(record.AccountId));
        var price = $"{Money.Format(s.Plan.PriceMicros + s.AddOns.Sum(a => a.Quantity * a.PriceMicros))} {record.Currency}";
        var message = notice switch
        {
            SubscriptionNotice.EndsSoon when s.AutoRenew => $"it renews on {Day(record, s.Period.To)} for {price}, without tax, from account {account}.",
            SubscriptionNotice.EndsSoon => $"its period ends on {Day(record, s.Period.To)}. Renewing without asking is off: please renew it for {price}, without tax.",
            SubscriptionNotice.Unpaid or SubscriptionNotice.StillUnpaid =>
                $"the period from {Day(record, s.Period.From)} on is not paid. It costs {price}, without tax. Service goes on until {Day(record, s.Period.From.AddDays(s.Plan.Rules.GraceDays))}; please top up account {account}.",
            SubscriptionNotice.Suspended => $"it is out of service for want of payment. It comes back as soon as account {account} can pay, and ends after {s.Plan.Rules.EndAfterDays} days without.",
            _ => $"it has ended, and account {account} has no plan any more.",
        };
        return $"Dear {name},\n\nabout your subscription {SubscriptionView.Number(record.Id)} ({s.Plan.Code}):\n{message}\n";
    }

    /// <summary>The day in the subscription's zone.</summary>
    static string Day(SubscriptionRecord record, DateTimeOffset at) => record.State.Anchor.Zone.DayOf(at).ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
}
