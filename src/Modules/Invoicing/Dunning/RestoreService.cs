using System.Globalization;
using Balatrix.Core.Charging;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Notifications;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Subscriptions;
using Npgsql;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>
/// The job restore-service: gives an account back what dunning has taken, as far as its invoices are paid. What staff have stopped stays stopped,
/// and only subscriptions that dunning suspended are resumed.
/// </summary>
sealed class RestoreService(DunnedSubscriptions subscriptions) : IJobHandler
{
    /// <summary>Its queue: that of payments, so that who has paid does not wait for invoices that are made or collected by the thousand.</summary>
    public const string Queue = "payment-retry";

    /// <summary>Its kind.</summary>
    public const string Kind = "restore-service";

    static readonly Actor Actor = Actor.System(Kind);

    /// <summary>Enqueues it for those of some accounts that are barred; to be called in the transaction that settles, credits or voids their invoices.</summary>
    public static async Task EnqueueAsync(NpgsqlConnection connection, int tenantId, long[] accountIds, CancellationToken cancellationToken)
    {
        var barred = await Database.QueryAsync(
            connection, "select account_id from ledger.accounts where account_id = any($1) and tenant_id = $2 and bar > 0", [accountIds, tenantId], r => r.GetInt64(0), cancellationToken);
        foreach (var accountId in barred)
            await JobQueue.EnqueueAsync(connection, tenantId, new JobRequest(Queue, Kind, string.Create(CultureInfo.InvariantCulture, $$"""{"accountId":{{accountId}}}""")), cancellationToken);
    }

    /// <summary>Restores what can be; an account whose invoices are as unpaid as before is left as it is.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var accountId = run.Payload.GetProperty("accountId").GetInt64();
        await DunnedSubscriptions.LockAsync(run.Connection, run.TenantId, accountId, cancellationToken);
        await LedgerPosting.LockAsync(run.Connection, run.TenantId, [accountId], cancellationToken);
        var bar = await DunningStore.BarOfAsync(run.Connection, run.TenantId, accountId, cancellationToken);
        var was = await AccountBars.SetAsync(run.Connection, run.TenantId, accountId, bar, cancellationToken);
        var resumed = bar == AccountBar.All ? [] : await ResumeAsync(run, accountId, cancellationToken);
        if (was is not { } before || before < bar)
            return;
        await NoteAsync(run, accountId, bar, cancellationToken);
        await AuditLog.WriteAsync(
            run.Connection, run.TenantId, Actor, "account.restored", "account", AccountDirectory.NumberOf(accountId), new { barred = Name(before) }, new { barred = Name(bar), subscriptions = resumed }, run.Now, cancellationToken);
    }

    /// <summary>One that its money is refused for waits for the next payment.</summary>
    async Task<List<long>> ResumeAsync(JobRun run, long accountId, CancellationToken cancellationToken)
    {
        var suspended = await Database.QueryAsync(
            run.Connection, "select subscription_id from invoicing.dunned_subscriptions where account_id = $1 and tenant_id = $2 order by subscription_id", [accountId, run.TenantId], r => r.GetInt64(0), cancellationToken);
        var resumed = new List<long>();
        foreach (var subscription in suspended)
            if (await subscriptions.ResumeAsync(run.Connection, run.TenantId, subscription, Actor, run.Now, cancellationToken))
                resumed.Add(subscription);
        if (resumed.Count > 0)
            await Database.ExecuteAsync(
                run.Connection, "delete from invoicing.dunned_subscriptions where subscription_id = any($1) and tenant_id = $2", [resumed.ToArray(), run.TenantId], cancellationToken);
        return resumed;
    }

    /// <summary>On the invoices that are paid now and had barred something, and to the customer.</summary>
    static async Task NoteAsync(JobRun run, long accountId, AccountBar bar, CancellationToken cancellationToken)
    {
        var paid = await Database.QueryAsync(
            run.Connection,
            """
            update invoicing.dunning n set bar = 0 from invoicing.documents d
             where n.account_id = $1 and n.tenant_id = $2 and n.bar > 0 and not n.is_written_off and d.document_id = n.document_id and (d.status = 2 or d.settled_micros = d.total_micros)
            returning n.document_id
            """,
            [accountId, run.TenantId], r => r.GetInt64(0), cancellationToken);
        await DocumentSteps.WriteAsync(run.Connection, run.TenantId, [.. paid.Select(id => (id, "service_restored", (object?)new { barred = Name(bar) }))], run.Now, cancellationToken);
        var customer = await Database.QueryAsync(
            run.Connection,
            "select c.name, c.email from customers.account_profiles p join customers.customers c on c.customer_id = p.customer_id where p.account_id = $1 and p.tenant_id = $2 and c.email is not null",
            [accountId, run.TenantId], r => (Name: r.GetString(0), Email: r.GetString(1)), cancellationToken);
        if (customer is not [var (name, email)])
            return;
        var settings = await TenantSettingsStore.LoadAsync(run.Connection, run.TenantId, cancellationToken);
        var (subject, text) = DunningLetter.Restored(name, AccountDirectory.NumberOf(accountId), bar == AccountBar.None, settings);
        await Mail.EnqueueAsync(run.Connection, run.TenantId, email, subject, text, cancellationToken);
    }

    /// <summary>What is barred, in a word.</summary>
    public static string Name(AccountBar bar) => bar switch
    {
        AccountBar.None => "nothing",
        AccountBar.Outgoing => "outgoing",
        _ => "all",
    };
}
