using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Proration;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Subscriptions;

namespace Balatrix.Modules.Operations;

/// <summary>An account of the demonstration.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Whose it is.</param>
/// <param name="Kind">prepaid or postpaid.</param>
/// <param name="Plan">Code of its plan.</param>
/// <param name="Cycle">monthly, quarterly or annual when it subscribes to the plan; null when it only has it.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="CreditLimit">Decimal string.</param>
/// <param name="TopUp">What it pays in, or null.</param>
/// <param name="Recharge">When and by how much to recharge, or null.</param>
/// <param name="Codes">Its other names.</param>
public sealed record DemoAccount(
    long Id, string Name, string Kind, string Plan, string? Cycle, string Currency, string CreditLimit, string? TopUp, AutoRecharge.Request? Recharge, string[] Codes);

/// <summary>Opens the demonstration's accounts with their subscriptions, which began before the demonstration's use. Doing it again adds nothing.</summary>
public sealed class DemoAccounts(Database database, AccountStore accounts, PlanStore plans, ChargingPipeline pipeline, SubscriptionSeeds subscriptions, TimeProvider time)
{
    static readonly TimeSpan BeforeUse = TimeSpan.FromDays(15);

    /// <summary>Makes what is missing and says how many accounts and subscriptions that were.</summary>
    public async Task<(int Accounts, int Subscriptions)> EnsureAsync(int tenantId, DemoAccount[] wanted, Actor actor, CancellationToken cancellationToken)
    {
        var made = (Accounts: 0, Subscriptions: 0);
        foreach (var account in wanted)
        {
            var plan = await plans.FindAsync(tenantId, account.Plan, cancellationToken) ?? throw new InvalidOperationException($"There is no plan {account.Plan}.");
            var isNew = await accounts.FindAsync(tenantId, account.Id, cancellationToken) is null;
            if (isNew)
            {
                await OpenAsync(tenantId, account, plan, actor, cancellationToken);
                made.Accounts++;
            }
            if (account.TopUp is not null)
                await pipeline.SubmitAsync(
                    tenantId, account.Id, new Post(EventKey.Of("top-up", "demo"), EntryKind.TopUp, Book.GatewayManual, Micros(account.TopUp), account.Currency, "demo top-up", null), cancellationToken);
            if (account.Cycle is { } cycle && await subscriptions.EnsureAsync(tenantId, account.Id, plan, CycleOf(cycle), time.GetUtcNow() - BeforeUse, cancellationToken))
                made.Subscriptions++;
            if (isNew && account.Recharge is { } recharge)
                await database.InTenantAsync(tenantId, async (connection, ct) =>
                {
                    await AutoRecharge.SetAsync(connection, tenantId, account.Id, recharge, Micros(recharge.Threshold!), actor, time.GetUtcNow(), ct);
                    return 0;
                }, cancellationToken);
        }
        await ReserveNumbersAsync(wanted.Max(a => a.Id), cancellationToken);
        return made;
    }

    /// <summary>A subscription brings its plan with it, so an account that gets one is opened without.</summary>
    Task<(long AccountId, string? TakenCode)> OpenAsync(int tenantId, DemoAccount account, PlanView plan, Actor actor, CancellationToken cancellationToken) => accounts.OpenAsync(
        tenantId,
        new(
            account.Name, null, account.Kind == "prepaid" ? AccountKind.Prepaid : AccountKind.Postpaid, account.Currency, account.Cycle is null ? plan : null,
            Micros(account.CreditLimit), account.Codes, time.GetUtcNow() - BeforeUse, account.Id),
        actor, cancellationToken);

    /// <summary>New accounts are numbered behind the demonstration's.</summary>
    async Task ReserveNumbersAsync(long last, CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        await Database.ExecuteAsync(connection, "select setval('ledger.account_ids', greatest($1, (select last_value from ledger.account_ids)))", [last], cancellationToken);
    }

    static long Micros(string text) => Money.TryParse(text, out var micros) ? micros : throw new FormatException(text);

    static BillingCycle CycleOf(string cycle) => SubscriptionView.TryParseCycle(cycle, out var parsed) ? parsed : throw new FormatException(cycle);
}
