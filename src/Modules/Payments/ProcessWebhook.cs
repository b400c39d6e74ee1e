using System.Globalization;
using System.Text.Json;
using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Payments;

/// <summary>The job process-webhook: learns what one kept event says. Events of payments that are not known yet are kept and looked at again.</summary>
sealed class ProcessWebhook : IJobHandler
{
    public const string Queue = "payment-retry";
    public const string Kind = "process-webhook";

    /// <summary>After the last of these an event of no payment of ours is left as it is.</summary>
    static readonly TimeSpan[] Patience =
        [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(6)];

    /// <summary>A storm of events shall leave the machine to whoever answers the gateways: a node learns of one at a time.</summary>
    static readonly SemaphoreSlim Turn = new(1);

    /// <summary>Looks again, so often and so many times at most, whether a gateway is being answered.</summary>
    const int YieldMs = 5;

    const int MostYields = 10;

    static int answering;

    sealed record Payload(GatewayKind Gateway, string EventId);

    enum Outcome
    {
        Applied,
        Ignored,
        Unmatched,
    }

    /// <summary>The first look at an event: there is one, however often the event is posted.</summary>
    public static JobRequest First(GatewayKind gateway, string eventId) =>
        new(Queue, Kind, JsonSerializer.Serialize(new Payload(gateway, eventId)), Key: string.Create(CultureInfo.InvariantCulture, $"{gateway}/{eventId}"));

    static JobRequest Again(GatewayKind gateway, string eventId, DateTimeOffset runAt) => new(Queue, Kind, JsonSerializer.Serialize(new Payload(gateway, eventId)), runAt);

    /// <summary>Answers a gateway; while this node does so, it lets what it has to learn wait a little.</summary>
    public static async Task<IResult> AnswerAsync(Func<Task<IResult>> answer)
    {
        Interlocked.Increment(ref answering);
        try
        {
            return await answer();
        }
        finally
        {
            Interlocked.Decrement(ref answering);
        }
    }

    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        await Turn.WaitAsync(cancellationToken);
        try
        {
            for (var yields = 0; Volatile.Read(ref answering) > 0 && yields < MostYields; yields++)
                await Task.Delay(YieldMs, cancellationToken);
            await LearnAsync(run, cancellationToken);
        }
        finally
        {
            Turn.Release();
        }
    }

    static async Task LearnAsync(JobRun run, CancellationToken cancellationToken)
    {
        var payload = run.Payload.Deserialize<Payload>()!;
        var kept = await Database.QueryAsync(
            run.Connection,
            "select event, tries from payments.webhook_events where tenant_id = $1 and gateway = $2 and event_id = $3 and processed_at is null for update",
            [run.TenantId, (short)payload.Gateway, payload.EventId], r => (Event: r.GetString(0), Tries: r.GetInt32(1)), cancellationToken);
        if (kept is not [var (json, tries)])
            return;
        var told = JsonSerializer.Deserialize<GatewayEvent>(json)!;
        var (outcome, paymentId) = await LearnAsync(run, payload.Gateway, told, cancellationToken);
        var isOver = outcome != Outcome.Unmatched || tries >= Patience.Length;
        await Database.ExecuteAsync(
            run.Connection,
            "update payments.webhook_events set outcome = $4, payment_id = $5, tries = tries + 1, processed_at = $6 where tenant_id = $1 and gateway = $2 and event_id = $3",
            [run.TenantId, (short)payload.Gateway, payload.EventId, outcome.ToString().ToLowerInvariant(), paymentId, isOver ? run.Now : null], cancellationToken);
        if (!isOver)
            await JobQueue.EnqueueAsync(run.Connection, run.TenantId, Again(payload.Gateway, payload.EventId, run.Now + Patience[tries]), cancellationToken);
    }

    static async Task<(Outcome, long? PaymentId)> LearnAsync(JobRun run, GatewayKind gateway, GatewayEvent told, CancellationToken cancellationToken)
    {
        switch (told.Kind)
        {
            case GatewayEventKind.Payment when told.Payment is { } payment:
                return await OnPaymentAsync(run, gateway, payment, told.OrderId, cancellationToken);
            case GatewayEventKind.Refund when told.Refund is { } refund:
                return await OnCapturedAsync(run, gateway, refund.PaymentId, told.OrderId, (open, ct) => open.SawAsync(refund, ct), cancellationToken);
            case GatewayEventKind.Dispute when told.Dispute is { } dispute:
                return await OnCapturedAsync(run, gateway, dispute.PaymentId, told.OrderId, async (open, ct) =>
                {
                    await open.SawAsync(dispute, ct);
                    return true;
                }, cancellationToken);
            case GatewayEventKind.Method when told.Method is { } method:
                return (await SavedMethods.SawAsync(run.Connection, run.TenantId, gateway, method, run.Now, cancellationToken) ? Outcome.Applied : Outcome.Unmatched, null);
            case GatewayEventKind.Setup when told.Setup is { } setup:
                return (await Mandates.SawAsync(run.Connection, run.TenantId, gateway, setup, told.Failure, cancellationToken) ? Outcome.Applied : Outcome.Unmatched, null);
            case GatewayEventKind.PreDebitNotice when told.OrderId is { } orderId:
                var noted = await Database.ExecuteAsync(
                    run.Connection, "update payments.attempts set notice = $4 where tenant_id = $1 and gateway = $2 and order_id = $3",
                    [run.TenantId, (short)gateway, orderId, told.Failure is null ? "delivered" : "failed"], cancellationToken);
                return (noted > 0 ? Outcome.Applied : Outcome.Unmatched, null);
            default:
                return (Outcome.Ignored, null);
        }
    }

    static async Task<(Outcome, long?)> OnPaymentAsync(JobRun run, GatewayKind gateway, GatewayPayment payment, string? orderId, CancellationToken cancellationToken)
    {
        if (await PaymentFinder.FindAttemptAsync(run.Connection, run.TenantId, gateway, payment.OrderId ?? orderId, payment.Reference, payment.Id, cancellationToken) is not var (paymentId, attemptNo))
            return (Outcome.Unmatched, null);
        var open = (await OpenPayment.FindAsync(run.Connection, run.TenantId, paymentId, null, Actor.System("process-webhook"), run.Now, cancellationToken))!;
        if ((payment.OrderId ?? orderId) is { } order)
            open.Ordered(attemptNo, order);
        open.Saw(attemptNo, payment);
        var file = await open.SaveAsync(cancellationToken);
        await PaymentFollowUps.AfterAsync(run.Connection, run.TenantId, file, run.Now, cancellationToken);
        return (Outcome.Applied, paymentId);
    }

    /// <summary>Something about a payment that the gateway has taken; it may be told of first.</summary>
    static async Task<(Outcome, long?)> OnCapturedAsync(
        JobRun run, GatewayKind gateway, string gatewayPaymentId, string? orderId, Func<OpenPayment, CancellationToken, Task<bool>> learn, CancellationToken cancellationToken)
    {
        if (await PaymentFinder.FindAttemptAsync(run.Connection, run.TenantId, gateway, orderId, null, gatewayPaymentId, cancellationToken) is not var (paymentId, _))
            return (Outcome.Unmatched, null);
        var open = (await OpenPayment.FindAsync(run.Connection, run.TenantId, paymentId, null, Actor.System("process-webhook"), run.Now, cancellationToken))!;
        if (!await learn(open, cancellationToken))
            return (Outcome.Unmatched, paymentId);
        await open.SaveAsync(cancellationToken);
        return (Outcome.Applied, paymentId);
    }
}
