using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Dunning;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Notifications;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Subscriptions;
using Npgsql;
using Pursuit = Balatrix.Core.Dunning.Dunning;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>
/// Does what is due about one invoice today: fees, bars, a write-off, and one letter; in one transaction under the account's lock, so that
/// two nodes, or a run that is cut off and comes again, do each step once.
/// </summary>
sealed class DunInvoice(DunnedSubscriptions subscriptions)
{
    /// <summary>Who is said to have done it.</summary>
    public static readonly Actor Actor = Actor.System("send-overdue-reminders");

    /// <summary>Does it, and says how many steps that were.</summary>
    /// <param name="connection">In a transaction of the tenant, with nothing locked.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="tenant">The tenant as it bills.</param>
    /// <param name="policy">Its policy.</param>
    /// <param name="invoice">As it was read without a lock.</param>
    /// <param name="now">The tenant's now.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<int> RunAsync(
        NpgsqlConnection connection, int tenantId, BillingTenant tenant, DunningPolicy policy, PursuedInvoice invoice, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var today = tenant.Day(now);
        await DunnedSubscriptions.LockAsync(connection, tenantId, invoice.AccountId, cancellationToken);
        await LedgerPosting.LockAsync(connection, tenantId, [invoice.AccountId], cancellationToken);
        invoice = (await DunningStore.FindAsync(connection, tenantId, invoice.DocumentId, cancellationToken))!;
        var (steps, after) = Pursuit.Next(invoice.Facts, policy, today);
        if (steps.IsEmpty)
            return 0;
        var bar = invoice.Bar;
        foreach (var step in steps)
            bar = await TakeAsync(connection, tenantId, invoice, step, bar, now, cancellationToken);
        var unpaid = after.IsWrittenOff ? 0 : invoice.Facts.UnpaidMicros;
        var nextOn = Pursuit.NextOn(invoice.Facts with { UnpaidMicros = unpaid, State = after }, policy, today);
        await DunningStore.SaveAsync(connection, tenantId, invoice, after, bar, nextOn, cancellationToken);
        if (bar != invoice.Bar)
            await BarAsync(connection, tenantId, invoice, now, cancellationToken);
        var letter = DunningLetter.Compose(invoice, tenant.Settings, steps[^1].Action, steps.Where(s => s.Action == DunningAction.ChargeFee).Sum(s => s.AmountMicros), today);
        await SendAsync(connection, tenantId, invoice, letter, Name(steps[^1].Action), now, cancellationToken);
        await AuditLog.WriteAsync(
            connection, tenantId, Actor, "invoice.dunned", "invoice", invoice.Number, null, steps.Select(s => new { step = Name(s.Action), s.Day, amount = Money.Format(s.AmountMicros) }), now, cancellationToken);
        return steps.Length;
    }

    /// <summary>Enqueues a letter and notes it on the invoice, also that there is no address for it.</summary>
    public static async Task SendAsync(
        NpgsqlConnection connection, int tenantId, PursuedInvoice invoice, (string Subject, string Text) letter, string stage, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (invoice.Email is { } to)
            await Mail.EnqueueAsync(connection, tenantId, to, letter.Subject, letter.Text, cancellationToken);
        await DocumentSteps.WriteAsync(
            connection, tenantId, [(invoice.DocumentId, invoice.Email is null ? "reminder_without_address" : "reminder_sent", new { stage, to = invoice.Email, due = Money.Format(invoice.Facts.UnpaidMicros) })],
            now, cancellationToken);
    }

    /// <summary>What a step is called on invoices and in the audit log.</summary>
    public static string Name(DunningAction action) => action switch
    {
        DunningAction.Remind => "reminder",
        DunningAction.Restrict => "service_restricted",
        DunningAction.Suspend => "service_suspended",
        DunningAction.ProposeWriteoff => "writeoff_proposed",
        DunningAction.WriteOff => "written_off",
        DunningAction.ChargeFee => "late_fee_charged",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "Not an action."),
    };

    static async Task<AccountBar> TakeAsync(
        NpgsqlConnection connection, int tenantId, PursuedInvoice invoice, DunningStep step, AccountBar bar, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (step.Action == DunningAction.Remind)
            return bar;
        if (step.Action == DunningAction.ChargeFee)
            await ChargeFeeAsync(connection, tenantId, invoice, step, now, cancellationToken);
        if (step.Action == DunningAction.WriteOff)
            await WriteOff.TakeAsync(connection, tenantId, invoice, now, cancellationToken);
        object detail = step.Action == DunningAction.ChargeFee ? new { day = step.Day, amount = Money.Format(step.AmountMicros), number = step.Number } : new { day = step.Day, due = Money.Format(step.AmountMicros) };
        await DocumentSteps.WriteAsync(connection, tenantId, [(invoice.DocumentId, Name(step.Action), detail)], now, cancellationToken);
        return step.Action switch
        {
            DunningAction.Restrict when bar == AccountBar.None => AccountBar.Outgoing,
            DunningAction.Suspend => AccountBar.All,
            _ => bar,
        };
    }

    /// <summary>The fee is owed at once; as a charge that is on no invoice yet it comes with the account's next one, which taxes it.</summary>
    static async Task ChargeFeeAsync(NpgsqlConnection connection, int tenantId, PursuedInvoice invoice, DunningStep step, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var post = new Post(
            EventKey.Of("late-fee", $"{invoice.DocumentId}/{step.Number}"), EntryKind.Fee, Book.RevenueFee, -step.AmountMicros, invoice.Currency, $"Late fee {step.Number} on {invoice.Number}", null, IsOwed: true);
        await LedgerPosting.PostAllAsync(connection, tenantId, [(invoice.AccountId, post)], now, cancellationToken);
    }

    async Task BarAsync(NpgsqlConnection connection, int tenantId, PursuedInvoice invoice, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var bar = await DunningStore.BarOfAsync(connection, tenantId, invoice.AccountId, cancellationToken);
        await AccountBars.SetAsync(connection, tenantId, invoice.AccountId, bar, cancellationToken);
        if (bar != AccountBar.All)
            return;
        var suspended = await subscriptions.SuspendAsync(connection, tenantId, invoice.AccountId, Actor, now, cancellationToken);
        if (suspended.Count > 0)
            await Database.ExecuteAsync(
                connection,
                "insert into invoicing.dunned_subscriptions (tenant_id, account_id, subscription_id, suspended_at) select $1, $2, unnest($3::bigint[]), $4 on conflict do nothing",
                [tenantId, invoice.AccountId, suspended.ToArray(), now], cancellationToken);
    }
}
