using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Payments;

/// <summary>
/// Giving a payment back, in whole or part. The money leaves the account's book, with its credit note or refund voucher, in the commit that writes the
/// refund down, before the gateway is called: so it cannot be spent meanwhile. If the gateway refuses, it is received again.
/// </summary>
public static class RefundPayment
{
    /// <summary>What to give back.</summary>
    /// <param name="Amount">Decimal string; all that is left when left out.</param>
    /// <param name="Reason">Why; on the note or voucher.</param>
    public sealed record RefundBody(string? Amount, string? Reason);

    internal static async Task<IResult> Handle(
        string id, RefundBody request, HttpContext context, PaymentRequests requests, Database database, RefundRunner runner, TenantClock clock, CancellationToken cancellationToken)
    {
        var (key, caller) = (IdempotencyKey.Of(context), Caller.Of(context));
        if (request.Reason is not { Length: > 0 and <= 200 } reason || reason.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("reason", "1 to 200 characters").ToResult();
        long? amount = request.Amount is null ? null : PaymentRequests.AmountOf(request.Amount, "amount");
        if (!PaymentNumbers.TryParse("PAY-", id, out var paymentId))
            return Problem.NotFound("payment").ToResult();
        var own = await requests.OwnAsync(caller, cancellationToken);
        var now = await clock.NowAsync(caller.TenantId, cancellationToken);
        var (refund, isRepeat) = await database.InTenantAsync(caller.TenantId, async (connection, ct) =>
        {
            var open = await OpenPayment.FindAsync(connection, caller.TenantId, paymentId, own, Actor.Of(context), now, ct) ?? throw new ProblemException(Problem.NotFound("payment"));
            if (open.File.Refunds.Find(r => r.IdempotencyKey == key) is { } before)
                return amount is null || amount == before.AmountMicros
                    ? (before, true)
                    : throw new ProblemException(new(409, "idempotency_key_reused", "The key was used for a refund of another amount.", "Idempotency-Key"));
            var most = open.State.Captures.Keys.Select(open.State.RefundableMicros).DefaultIfEmpty(0).Max();
            if (most <= 0)
                throw new ProblemException(new(409, "nothing_to_refund", "Nothing of this payment is left to give back."));
            if (PaymentMachine.RefundFrom(open.State, amount ?? most) is not { } from)
                throw new ProblemException(new(409, "refund_exceeds_payment", "More would be given back than is left of what was paid.", "amount", $"at most {Money.Format(most)}"));
            var begun = await open.BeginRefundAsync(from, amount ?? most, reason, key, ct);
            var file = await open.SaveAsync(ct);
            await JobQueue.EnqueueAsync(connection, caller.TenantId, ResolveRefund.Request(paymentId, begun.Id, 0, now), ct);
            var saved = file.Refunds.Find(r => r.Id == begun.Id)!;
            await AuditLog.WriteAsync(connection, caller.TenantId, Actor.Of(context), "payment.refund_requested", "payment", file.Payment.Number, null, RefundView.Of(saved), now, ct);
            return (saved, false);
        }, cancellationToken);
        var after = await runner.RunAsync(caller.TenantId, paymentId, refund.Id, Actor.Of(context), cancellationToken) ?? refund;
        return Results.Json(RefundView.Of(after), statusCode: isRepeat ? 200 : 201);
    }
}

/// <summary>Takes a refund to the gateway, as often as it needs: the gateway makes it once for its key.</summary>
sealed class RefundRunner(Database database, TenantClock clock, GatewayDirectory gateways)
{
    /// <summary>The refund as it is then; null when it is not there.</summary>
    public async Task<RefundRecord?> RunAsync(int tenantId, long paymentId, long refundId, Actor actor, CancellationToken cancellationToken)
    {
        var file = await database.InTenantAsync(tenantId, (connection, ct) => PaymentStore.FindAsync(connection, tenantId, paymentId, null, forUpdate: false, ct), cancellationToken);
        if (file?.Refunds.Find(r => r.Id == refundId) is not { } refund || refund.Stage is RefundStage.Processed or RefundStage.Failed)
            return file?.Refunds.Find(r => r.Id == refundId);
        if (await gateways.FindAsync(tenantId, file.Payment.Gateway, cancellationToken) is not { } gateway)
            return refund;
        var answer = refund.GatewayRefundId is { } known
            ? await gateway.Client.FindRefundAsync(refund.GatewayPaymentId, known, cancellationToken)
            : await gateway.Client.RefundAsync(new(refund.GatewayPaymentId, refund.Key, new(refund.AmountMicros, file.Payment.Currency), refund.Reason), cancellationToken);
        var now = await clock.NowAsync(tenantId, cancellationToken);
        return await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var open = (await OpenPayment.FindAsync(connection, tenantId, paymentId, null, actor, now, ct))!;
            if (answer.Value is { } shown)
                await open.SawAsync(shown with { Key = refund.Key }, ct);
            else if (answer is { Outcome: GatewayOutcome.Failed, Failure: { WasNotSent: false, Code: not (GatewayFailure.CredentialsRefused or GatewayFailure.RateLimited) } failure } && refund.GatewayRefundId is null)
                open.Reached(refund, RefundStage.Failed, failure.Code);
            else if (refund.GatewayRefundId is null)
                open.Reached(refund, RefundStage.Unknown, null);
            return (await open.SaveAsync(ct)).Refunds.Find(r => r.Id == refundId);
        }, cancellationToken);
    }
}

/// <summary>The job resolve-refund: goes on with a refund until the gateway has ended it.</summary>
sealed class ResolveRefund(RefundRunner runner) : IJobHandler
{
    public const string Queue = "payment-retry";
    public const string Kind = "resolve-refund";

    static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(6), TimeSpan.FromHours(12), TimeSpan.FromDays(1),
        TimeSpan.FromDays(1), TimeSpan.FromDays(2), TimeSpan.FromDays(3), TimeSpan.FromDays(3), TimeSpan.FromDays(4),
    ];

    sealed record Payload(long PaymentId, long RefundId, int Step);

    public static JobRequest Request(long paymentId, long refundId, int step, DateTimeOffset now) => new(
        Queue, Kind, JsonSerializer.Serialize(new Payload(paymentId, refundId, step)), now + Pauses[step],
        string.Create(CultureInfo.InvariantCulture, $"{PaymentNumbers.Refund(refundId)}/{step}"));

    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var (paymentId, refundId, step) = run.Payload.Deserialize<Payload>()!;
        if (await runner.RunAsync(run.TenantId, paymentId, refundId, Actor.System(Kind), cancellationToken) is not { } refund || refund.Stage is RefundStage.Processed or RefundStage.Failed)
            return;
        if (step + 1 >= Pauses.Length)
            throw new JobImpossibleException($"{refund.Key} is {PaymentNames.Name(refund.Stage)} after two weeks of asking the gateway.");
        await JobQueue.EnqueueAsync(run.Connection, run.TenantId, Request(paymentId, refundId, step + 1, run.Now), cancellationToken);
    }
}
