using System.Text.Json;
using Balatrix.Core;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Notifications;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Customers;

/// <summary>The job send-low-balance: tells the customer that a balance fell below the account's mark, once for each time that it does.</summary>
sealed class SendLowBalance : IJobHandler
{
    /// <summary>Writes to the customer, if it has an address.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var crossing = run.Payload.Deserialize<BalanceCrossing>(JsonSerializerOptions.Web)!;
        var found = await Database.QueryAsync(
            run.Connection,
            """
            select c.email, c.name, a.currency, p.auto_recharge ->> 'enabled' = 'true'
              from customers.account_profiles p
              join customers.customers c on c.customer_id = p.customer_id
              join ledger.accounts a on a.account_id = p.account_id
             where p.account_id = $1 and p.tenant_id = $2 and c.email is not null
            """,
            [crossing.AccountId, run.TenantId], r => (To: r.GetString(0), Name: r.GetString(1), Currency: r.GetString(2), Recharges: !r.IsDBNull(3) && r.GetBoolean(3)), cancellationToken);
        if (found is not [var customer])
            return;
        var account = AccountDirectory.NumberOf(crossing.AccountId);
        await Mail.EnqueueAsync(
            run.Connection, run.TenantId, customer.To, $"Low balance on {account}",
            $"""
            Dear {customer.Name},

            the balance of {account} is {Money.Format(crossing.BalanceMicros)} {customer.Currency}, below {Money.Format(crossing.MarkMicros)} {customer.Currency}.
            {(customer.Recharges ? "It is recharged by itself when it reaches the amount that you chose." : "Please recharge it in time, so that calls and messages go on.")}
            """,
            cancellationToken);
    }
}
