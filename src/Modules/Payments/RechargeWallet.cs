using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Payments;

/// <summary>
/// The job auto-recharge: fills a wallet whose balance fell below its mark, by the method that its owner chose. There is one job for a crossing and
/// one payment for a job; while a recharge is under way, and when the balance is back, nothing is charged. Beyond the day's cap it waits for tomorrow.
/// </summary>
sealed class RechargeWallet(Database database, PaymentTaker taker) : IJobHandler
{
    static readonly Actor Actor = Actor.System(BalanceCrossings.RechargeKind);

    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var crossing = run.Payload.Deserialize<BalanceCrossing>(JsonSerializerOptions.Web)!;
        var key = PaymentRecord.JobKey + run.JobId.ToString(CultureInfo.InvariantCulture);
        if (await RechargeNeed.FindAsync(run.Connection, run.TenantId, crossing.AccountId, key, run.Now, cancellationToken) is not { } need)
            return;
        if (need.IsCapped)
        {
            await WaitForTomorrowAsync(run, crossing, need, cancellationToken);
            return;
        }
        if (await ChargeAsync(run, need, key, cancellationToken) is { } refusal)
        {
            await RechargeLetters.RefusedAsync(run.Connection, run.TenantId, need.What, refusal, $"{need.What.AccountId}@{crossing.EntryNo}", cancellationToken);
            await AuditLog.WriteAsync(
                run.Connection, run.TenantId, Actor, "account.not_recharged", "account", AccountDirectory.NumberOf(crossing.AccountId), null,
                new { refusal.Code, amount = Money.Format(need.What.AmountMicros) }, run.Now, cancellationToken);
        }
    }

    /// <summary>Charges the method; what it or its mandate does not allow is answered, a decline is the payment's own.</summary>
    async Task<Problem?> ChargeAsync(JobRun run, RechargeNeed need, string key, CancellationToken cancellationToken)
    {
        var method = await database.InTenantAsync(run.TenantId, (connection, ct) => need.Method is null
            ? SavedMethods.DefaultAsync(connection, run.TenantId, need.What.AccountId, ct)
            : PaymentNumbers.TryParse("PM-", need.Method, out var id) ? SavedMethods.FindAsync(connection, run.TenantId, id, [need.What.AccountId], ct) : Task.FromResult<MethodRecord?>(null), cancellationToken);
        if (method is null)
            return new(409, "no_payment_method", "There is no such saved payment method.", "paymentMethod");
        try
        {
            await taker.ChargeAsync(run.TenantId, new(need.What, PaymentPurpose.AutoRecharge, key, PayingAccount.HashOf(new { run.JobId })), method, Actor, cancellationToken);
            return null;
        }
        catch (ProblemException refused) when (refused.Problem.Status is 409 or 422)
        {
            return refused.Problem;
        }
    }

    static async Task WaitForTomorrowAsync(JobRun run, BalanceCrossing crossing, RechargeNeed need, CancellationToken cancellationToken)
    {
        var number = string.Create(CultureInfo.InvariantCulture, $"{crossing.AccountId}@{crossing.EntryNo}/{need.TomorrowKey}");
        await JobQueue.EnqueueAsync(
            run.Connection, run.TenantId,
            new(BalanceCrossings.RechargeQueue, BalanceCrossings.RechargeKind, JsonSerializer.Serialize(crossing, JsonSerializerOptions.Web), need.Tomorrow, number), cancellationToken);
        await RechargeLetters.CappedAsync(run.Connection, run.TenantId, need.What, number, cancellationToken);
        await AuditLog.WriteAsync(
            run.Connection, run.TenantId, Actor, "account.recharge_put_off", "account", AccountDirectory.NumberOf(crossing.AccountId), null, new { until = need.Tomorrow }, run.Now, cancellationToken);
    }
}
