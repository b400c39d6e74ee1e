using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>What the job of a renewal that lacks funds carries.</summary>
/// <param name="AccountId">The account that was to pay.</param>
/// <param name="SubscriptionId">The subscription.</param>
/// <param name="Amount">What the account must have for it, decimal string, without tax.</param>
public sealed record RenewalCharge(long AccountId, long SubscriptionId, string Amount);

/// <summary>A renewal that waits for its money.</summary>
/// <param name="Key">The same however often it is tried ("SUB-1001/2027-05-01").</param>
/// <param name="PaymentMethod">How it is to be paid, as the customer named it, or null.</param>
public sealed record UnpaidRenewal(string Key, string? PaymentMethod);

/// <summary>Renewals whose money was not there: asks, in the commit that found it out, for it to be collected, and says which still wait.</summary>
public static class UnpaidRenewals
{
    /// <summary>The job that collects a renewal's money.</summary>
    public const string Queue = "billing";

    /// <inheritdoc cref="Queue"/>
    public const string Kind = "process-subscription-payment";

    /// <summary>Enqueues the jobs of the steps whose money was refused; each try asks again, and what is under way is for whoever collects to know.</summary>
    internal static Task EnqueueAsync(NpgsqlConnection connection, int tenantId, IReadOnlyList<PlannedStep> planned, IReadOnlyList<TakenStep> taken, CancellationToken cancellationToken) =>
        JobQueue.EnqueueManyAsync(
            connection, tenantId, Queue, Kind,
            [
                .. planned.Zip(taken).Where(s => s.Second is { Decision: { Accepted: false, Refusal: Core.Charging.Refusal.InsufficientBalance }, After.State.Status: SubscriptionStatus.PastDue or SubscriptionStatus.Suspended })
                    .Select(s => JsonSerializer.Serialize(
                        new RenewalCharge(s.First.Before.AccountId, s.First.Before.Id, Money.Format(s.First.IfPaid!.NetMicros)), JsonSerializerOptions.Web)),
            ],
            cancellationToken);

    /// <summary>The renewal that a subscription waits for, or null when it waits for none.</summary>
    public static async Task<UnpaidRenewal?> FindAsync(NpgsqlConnection connection, int tenantId, long subscriptionId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection,
        """
        select period_from, payment_method from subscriptions.subscriptions
         where subscription_id = $1 and tenant_id = $2 and auto_renew and (status = 3 or (status = 4 and not is_held_by_hand and not is_held_with_customer))
        """,
        [subscriptionId, tenantId],
        r => new UnpaidRenewal(
            string.Create(CultureInfo.InvariantCulture, $"{SubscriptionView.Number(subscriptionId)}/{r.GetFieldValue<DateTimeOffset>(0).UtcDateTime:yyyy-MM-dd'T'HH:mm:ss}"), r.IsDBNull(1) ? null : r.GetString(1)),
        cancellationToken)).SingleOrDefault();

    /// <summary>An account has got money: enqueues the job that tries its renewals that wait, once for a key.</summary>
    public static async Task ResumeAsync(NpgsqlConnection connection, int tenantId, long accountId, string key, CancellationToken cancellationToken)
    {
        var waits = await Database.QueryAsync(
            connection, "select 1 from subscriptions.subscriptions where account_id = $1 and tenant_id = $2 and auto_renew and status in (3, 4) limit 1", [accountId, tenantId], r => 1, cancellationToken);
        if (waits.Count > 0)
            await JobQueue.EnqueueAsync(
                connection, tenantId, new(ResumeRenewals.Queue, ResumeRenewals.Kind, JsonSerializer.Serialize(new ResumeRenewals.Payload(accountId), JsonSerializerOptions.Web), Key: key), cancellationToken);
    }
}
