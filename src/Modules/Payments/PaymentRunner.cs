using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Payments;

/// <summary>
/// Takes an attempt as far as it can be taken now: makes its order, charges its saved method, asks what became of it, takes what is promised. Each
/// step is written down before the gateway is called for it, so that a program that dies in between goes on by asking and never charges twice:
/// an order is asked for by its reference, and <c>charged_at</c> is set by one caller only, before the one charge.
/// </summary>
sealed class PaymentRunner(Database database, TenantClock clock, GatewayDirectory gateways, GatewayCustomers customers)
{
    /// <summary>A charge that the gateway does not show after so long has not reached it.</summary>
    static readonly TimeSpan BeliefInSilence = TimeSpan.FromMinutes(15);

    /// <summary>What a step is taken with.</summary>
    sealed record Step(int TenantId, PaymentFile File, int AttemptNo, IPaymentGateway Gateway, Actor Actor)
    {
        public PaymentRecord Payment => File.Payment;

        public AttemptRecord Attempt => File.Attempts.Find(a => a.No == AttemptNo)!;

        public Money Amount => new(Payment.AmountMicros, Payment.Currency);
    }

    /// <summary>The payment as it is after the step, with the order as the gateway showed it when it was made now; null when there is no such payment.</summary>
    public async Task<(PaymentFile File, GatewayOrder? Order)?> RunAsync(int tenantId, long paymentId, int attemptNo, Actor actor, CancellationToken cancellationToken)
    {
        var file = await database.InTenantAsync(tenantId, (connection, ct) => PaymentStore.FindAsync(connection, tenantId, paymentId, null, forUpdate: false, ct), cancellationToken);
        if (file is null || file.Attempts.Find(a => a.No == attemptNo) is not { } attempt || await gateways.FindAsync(tenantId, file.Payment.Gateway, cancellationToken) is not { } gateway)
            return file is null ? null : (file, null);
        var step = new Step(tenantId, file, attemptNo, gateway.Client, actor);
        GatewayOrder? order = null;
        if (attempt.OrderId is null && attempt.Stage is AttemptStage.Started or AttemptStage.Unknown)
            (step, order) = await OrderAsync(step, cancellationToken);
        if (step.Attempt.OrderId is null)
            return (step.File, order);
        if (step.Payment.MethodId is not null && step.Attempt.ChargedAt is null && step.Attempt.Stage is AttemptStage.Started or AttemptStage.Unknown)
            return (await ChargeAsync(step, cancellationToken), order);
        return (order is null ? await AskAsync(step, cancellationToken) : step.File, order);
    }

    async Task<(Step, GatewayOrder?)> OrderAsync(Step step, CancellationToken cancellationToken)
    {
        var method = await MethodAsync(step, cancellationToken);
        step = await NotTooSoonAsync(step, method, cancellationToken);
        var payment = step.Payment;
        var customerId = method?.CustomerId;
        if (payment.SavesMethod && customerId is null)
            customerId = await customers.EnsureAsync(step.TenantId, payment.AccountId, payment.Gateway, step.Gateway, cancellationToken);
        var isRepeat = await CountAskedAsync(step, cancellationToken) > 1;
        var notice = step.Attempt.DebitAfter is { } after && method is not null ? new PreDebitNotice(method.Token, after) : null;
        var answer = await step.Gateway.CreateOrderAsync(
            new(step.Attempt.Reference, step.Amount, payment.Description, customerId, payment.SavesMethod, notice, isRepeat), cancellationToken);
        var file = await LearnAsync(step, open =>
        {
            if (answer is { Outcome: not (GatewayOutcome.Failed or GatewayOutcome.Unknown), Value: { } order })
            {
                open.Ordered(step.AttemptNo, order.Id);
                if (payment.MethodId is null)
                    open.Reached(step.AttemptNo, AttemptStage.RequiresAction);
            }
            else
                open.Reached(step.AttemptNo, answer.Outcome == GatewayOutcome.Failed ? AttemptStage.Failed : AttemptStage.Unknown, answer.Failure);
        }, cancellationToken);
        var ordered = step with { File = file };
        // Two requests at once may have made two orders; only the one that is stored is paid, the other is let lie.
        return (ordered, answer.Value?.Id == ordered.Attempt.OrderId ? answer.Value : null);
    }

    async Task<PaymentFile> ChargeAsync(Step step, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(step.TenantId, cancellationToken);
        if (step.Attempt.DebitAfter > now)
            return step.File;
        var check = await database.InTenantAsync(step.TenantId, (connection, ct) => DebitCheck.MakeAsync(connection, step.TenantId, step.Payment, step.Attempt, now, ct), cancellationToken);
        if (check.Refusal is { } refusal)
            return await LearnAsync(step, open => open.Reached(step.AttemptNo, AttemptStage.Failed, refusal), cancellationToken);
        if (check.IsUnwanted)
            return await GiveUpAsync(step.TenantId, step.File, step.AttemptNo, step.Actor, cancellationToken);
        if (check.NotBefore > now)
            return (await PutOffAsync(step, check.NotBefore, cancellationToken)).File;
        var method = check.Method!;
        var contact = await customers.ContactAsync(step.TenantId, step.Payment.AccountId, cancellationToken);
        // One caller gets to charge, whoever else is on the same attempt; all others, and all later ones, ask.
        var isMine = await database.InTenantAsync(step.TenantId, (connection, ct) => Database.ExecuteAsync(
            connection, "update payments.attempts set charged_at = $3, updated_at = $3 where payment_id = $1 and attempt_no = $2 and charged_at is null and tenant_id = $4",
            [step.Payment.Id, step.AttemptNo, now, step.TenantId], ct), cancellationToken) == 1;
        if (!isMine)
            return await AskAsync(step, cancellationToken);
        var answer = await step.Gateway.ChargeAsync(
            new(step.Attempt.OrderId!, step.Attempt.Reference, step.Amount, method.CustomerId, method.Token, step.Payment.Description, contact.Email, contact.Phone), cancellationToken);
        return await LearnAsync(step, open =>
        {
            if (answer.Value is { } payment)
                open.Saw(step.AttemptNo, payment);
            if (answer.Outcome is GatewayOutcome.Failed && answer.Value is null or { Status: not (GatewayPaymentStatus.Captured or GatewayPaymentStatus.Authorized) })
                open.Reached(step.AttemptNo, AttemptStage.Failed, answer.Failure);
            else if (answer.Value is null)
                open.Reached(step.AttemptNo, answer.Outcome == GatewayOutcome.Pending ? AttemptStage.Processing : AttemptStage.Unknown);
        }, cancellationToken);
    }

    /// <summary>Puts a debit off whose order is made so late that the notice would go out less than its time before.</summary>
    async Task<Step> NotTooSoonAsync(Step step, MethodRecord? method, CancellationToken cancellationToken)
    {
        if (step.Attempt.DebitAfter is not { } after || method is null)
            return step;
        var now = await clock.NowAsync(step.TenantId, cancellationToken);
        return after >= now + MandateRules.NoticeBefore(method.Kind) - MandateRules.Delay ? step : await PutOffAsync(step, MandateRules.NotBefore(method.Kind, now, Mandates.BankZone), cancellationToken);
    }

    async Task<Step> PutOffAsync(Step step, DateTimeOffset notBefore, CancellationToken cancellationToken) => step with
    {
        File = await database.InTenantAsync(step.TenantId, async (connection, ct) =>
        {
            await Database.ExecuteAsync(
                connection, "update payments.attempts set debit_after = $3 where payment_id = $1 and attempt_no = $2 and charged_at is null and tenant_id = $4",
                [step.Payment.Id, step.AttemptNo, notBefore, step.TenantId], ct);
            return (await PaymentStore.FindAsync(connection, step.TenantId, step.Payment.Id, null, forUpdate: false, ct))!;
        }, cancellationToken),
    };

    async Task<PaymentFile> AskAsync(Step step, CancellationToken cancellationToken)
    {
        await CountAskedAsync(step, cancellationToken);
        var answer = await step.Gateway.FindPaymentsAsync(step.Attempt.OrderId!, cancellationToken);
        if (answer is not { Outcome: GatewayOutcome.Succeeded, Value: { } payments })
            return step.File;
        // What is promised is taken, unless the payment was paid already: then the promise goes back by itself.
        var isPaid = step.File.Captures.Count > 0;
        var shown = new List<GatewayPayment>();
        var refunds = new List<GatewayRefund>();
        foreach (var payment in payments)
        {
            var taken = payment.Status == GatewayPaymentStatus.Authorized && !isPaid ? (await step.Gateway.CaptureAsync(payment.Id, payment.Amount, cancellationToken)).Value ?? payment : payment;
            isPaid |= taken.Status == GatewayPaymentStatus.Captured;
            shown.Add(taken);
            if (taken.Refunded.Micros > 0 && (await step.Gateway.FindRefundsAsync(taken.Id, cancellationToken)).Value is { } given)
                refunds.AddRange(given);
        }
        return await LearnAsync(step, async (open, ct) =>
        {
            foreach (var payment in shown)
                open.Saw(step.AttemptNo, payment);
            foreach (var refund in refunds)
                await open.SawAsync(refund, ct);
            if (shown.Count == 0 && step.Attempt.ChargedAt is { } charged && open.Now - charged > BeliefInSilence)
                open.Reached(step.AttemptNo, AttemptStage.Failed, new("not_received", "The charge did not reach the gateway.", DeclineKind.Soft, WasNotSent: true));
            else if (shown.Count == 0 && step.Attempt.ChargedAt is not null)
                open.Reached(step.AttemptNo, AttemptStage.Unknown);
        }, cancellationToken);
    }

    /// <summary>Learns what the browser brought back from a checkout whose signature is right.</summary>
    public async Task<PaymentFile> SawCheckoutAsync(int tenantId, PaymentFile file, int attemptNo, IPaymentGateway gateway, GatewayPayment payment, Actor actor, CancellationToken cancellationToken)
    {
        var taken = payment.Status == GatewayPaymentStatus.Authorized && file.Captures.Count == 0
            ? (await gateway.CaptureAsync(payment.Id, payment.Amount, cancellationToken)).Value ?? payment
            : payment;
        return await LearnAsync(new(tenantId, file, attemptNo, gateway, actor), open => open.Saw(attemptNo, taken), cancellationToken);
    }

    /// <summary>Gives an attempt up that nobody has paid; what is paid late is still received.</summary>
    public async Task<PaymentFile> GiveUpAsync(int tenantId, PaymentFile file, int attemptNo, Actor actor, CancellationToken cancellationToken)
    {
        if (await gateways.FindAsync(tenantId, file.Payment.Gateway, cancellationToken) is not { } gateway)
            return file;
        var step = new Step(tenantId, file, attemptNo, gateway.Client, actor);
        if (step.Attempt.OrderId is { } orderId && (await gateway.Client.CancelOrderAsync(orderId, cancellationToken)).Outcome is not GatewayOutcome.Succeeded)
            return file;
        return await LearnAsync(step, open => open.Reached(attemptNo, AttemptStage.Cancelled), cancellationToken);
    }

    Task<PaymentFile> LearnAsync(Step step, Action<OpenPayment> learn, CancellationToken cancellationToken) => LearnAsync(step, (open, _) =>
    {
        learn(open);
        return Task.CompletedTask;
    }, cancellationToken);

    async Task<PaymentFile> LearnAsync(Step step, Func<OpenPayment, CancellationToken, Task> learn, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(step.TenantId, cancellationToken);
        return await database.InTenantAsync(step.TenantId, async (connection, ct) =>
        {
            var open = (await OpenPayment.FindAsync(connection, step.TenantId, step.Payment.Id, null, step.Actor, now, ct))!;
            await learn(open, ct);
            var file = await open.SaveAsync(ct);
            await PaymentFollowUps.AfterAsync(connection, step.TenantId, file, now, ct);
            return file;
        }, cancellationToken);
    }

    async Task<int> CountAskedAsync(Step step, CancellationToken cancellationToken) => (await database.InTenantAsync(step.TenantId, (connection, ct) => Database.QueryAsync(
        connection, "update payments.attempts set asked = asked + 1 where payment_id = $1 and attempt_no = $2 and tenant_id = $3 returning asked",
        [step.Payment.Id, step.AttemptNo, step.TenantId], r => r.GetInt32(0), ct), cancellationToken))[0];

    async Task<MethodRecord?> MethodAsync(Step step, CancellationToken cancellationToken) => step.Payment.MethodId is { } methodId
        ? await database.InTenantAsync(step.TenantId, (connection, ct) => SavedMethods.FindAsync(connection, step.TenantId, methodId, null, ct), cancellationToken)
        : null;
}
