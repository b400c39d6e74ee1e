using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Invoicing;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Payments;

/// <summary>A payment that is wanted.</summary>
/// <param name="What">Account, invoice, amount.</param>
/// <param name="Purpose">What for.</param>
/// <param name="Key">Its idempotency key within the account.</param>
/// <param name="RequestHash">What the request is known again by.</param>
sealed record WantedPayment(PayingAccount What, PaymentPurpose Purpose, string Key, byte[] RequestHash)
{
    public long? SubscriptionId { get; init; }

    public bool SavesMethod { get; init; }
}

/// <summary>Begins payments: in the customer's browser, or by a saved method. The payment, its first attempt and the job that will ask for it are one commit, before any gateway is called.</summary>
sealed class PaymentTaker(Database database, TenantClock clock, GatewayDirectory gateways, GatewayCustomers customers, PaymentRunner runner)
{
    /// <summary>Begins a payment that the customer makes in the gateway's checkout.</summary>
    public async Task<(PaymentFile File, bool IsNew)> BeginCheckoutAsync(int tenantId, WantedPayment wanted, string? gatewayName, Actor actor, CancellationToken cancellationToken)
    {
        var gateway = await gateways.ForNewAsync(tenantId, gatewayName, cancellationToken);
        PayingAccount.CheckLimits(gateway, wanted.What.AmountMicros);
        if (wanted.SavesMethod)
            await customers.EnsureAsync(tenantId, wanted.What.AccountId, gateway.Kind, gateway.Client, cancellationToken);
        return await BeginAsync(tenantId, wanted, gateway.Kind, null, null, null, actor, cancellationToken);
    }

    /// <summary>Makes its order at the gateway, or finds the one that is there: what the browser needs is not kept.</summary>
    public async Task<(PaymentFile File, GatewayOrder? Order)> GoOnWithCheckoutAsync(int tenantId, PaymentFile file, Actor actor, CancellationToken cancellationToken)
    {
        var (after, order) = (await runner.RunAsync(tenantId, file.Payment.Id, file.Last.No, actor, cancellationToken))!.Value;
        if (order is null && after.Last is { OrderId: { } orderId, Stage: AttemptStage.RequiresAction or AttemptStage.Failed } && await gateways.FindAsync(tenantId, after.Payment.Gateway, cancellationToken) is { } gateway)
            order = (await gateway.Client.FindOrderAsync(orderId, cancellationToken)).Value;
        return (after, order);
    }

    /// <summary>Charges a saved method, now or when the notice of its mandate is over.</summary>
    /// <exception cref="ProblemException">The method or its mandate does not allow it.</exception>
    public async Task<(PaymentFile File, bool IsRepeat)> ChargeAsync(int tenantId, WantedPayment wanted, MethodRecord method, Actor actor, CancellationToken cancellationToken)
    {
        var known = await database.InTenantAsync(tenantId, (connection, ct) => PaymentStore.FindByKeyAsync(connection, tenantId, wanted.What.AccountId, wanted.Key, ct), cancellationToken);
        if (known is null)
        {
            var gateway = await gateways.FindAsync(tenantId, method.Gateway, cancellationToken) is { IsEnabled: true } enabled
                ? enabled
                : throw new ProblemException(new(409, "no_gateway", "The gateway of this method is not set up any more.", "method"));
            PayingAccount.CheckLimits(gateway, wanted.What.AmountMicros);
            var (mandate, debitAfter) = await PlanAsync(tenantId, method, wanted.What, cancellationToken);
            (known, var isNew) = await BeginAsync(tenantId, wanted, method.Gateway, method.Id, mandate?.Id, debitAfter, actor, cancellationToken);
            if (isNew)
                return ((await runner.RunAsync(tenantId, known.Payment.Id, known.Last.No, actor, cancellationToken))!.Value.File, false);
        }
        PayingAccount.CheckSame(known.Payment.RequestHash, wanted.RequestHash);
        return ((await runner.RunAsync(tenantId, known.Payment.Id, known.Last.No, actor, cancellationToken))!.Value.File, true);
    }

    /// <summary>Makes a further attempt at a payment whose attempts have all failed.</summary>
    /// <exception cref="ProblemException">It may still succeed, has succeeded, or may not be tried again.</exception>
    public async Task<(PaymentFile File, GatewayOrder? Order)> RetryAsync(int tenantId, long paymentId, long[]? own, Actor actor, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var before = await database.InTenantAsync(tenantId, (connection, ct) => PaymentStore.FindAsync(connection, tenantId, paymentId, own, forUpdate: false, ct), cancellationToken)
            ?? throw new ProblemException(Problem.NotFound("payment"));
        DateTimeOffset? debitAfter = null;
        if (before.Payment.MethodId is { } methodId)
        {
            var method = await database.InTenantAsync(tenantId, (connection, ct) => SavedMethods.FindAsync(connection, tenantId, methodId, null, ct), cancellationToken)
                ?? throw new ProblemException(new(409, "method_removed", "The saved method is not there any more.", "method"));
            CheckRetries(before, method);
            var what = new PayingAccount(before.Payment.AccountId, before.Payment.Currency, before.Payment.AmountMicros, before.Payment.DocumentId, before.Payment.Description);
            (_, debitAfter) = await PlanAsync(tenantId, method, what, cancellationToken);
        }
        var attempt = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var open = await OpenPayment.FindAsync(connection, tenantId, paymentId, own, actor, now, ct) ?? throw new ProblemException(Problem.NotFound("payment"));
            if (!open.State.MayRetry)
                throw new ProblemException(new(409, "may_still_succeed", $"The payment is {PaymentNames.Name(open.State.Status)}: only one that failed is tried again."));
            var made = await PaymentStore.AddAttemptAsync(connection, tenantId, open.File.Payment, open.File.Last.No + 1, debitAfter, now, ct);
            await Database.ExecuteAsync(
                connection, "update payments.payments set status = 1, version = version + 1, updated_at = $3 where payment_id = $1 and tenant_id = $2", [paymentId, tenantId, now], ct);
            await JobQueue.EnqueueAsync(connection, tenantId, ResolvePayment.First(paymentId, made, now), ct);
            await AuditLog.WriteAsync(connection, tenantId, actor, "payment.retried", "payment", open.File.Payment.Number, null, new { attempt = made.No, made.DebitAfter }, now, ct);
            return made;
        }, cancellationToken);
        return (await runner.RunAsync(tenantId, paymentId, attempt.No, actor, cancellationToken))!.Value;
    }

    static void CheckRetries(PaymentFile file, MethodRecord method)
    {
        if (file.Last.DeclineKind == DeclineKind.Hard)
            throw new ProblemException(new(409, "decline_is_final", "This method was declined for good: another one is needed.", "method", file.Last.DeclineCode));
        // NPCI: one attempt and three retries; a bank account is presented twice.
        var most = method.Kind switch { MandateKind.Upi => 4, MandateKind.Bank => 2, _ => int.MaxValue };
        if (file.Attempts.Count >= most)
            throw new ProblemException(new(409, "retries_used", $"This method may be tried {most} times for one payment.", "method"));
    }

    /// <summary>When a method may be debited, and by which mandate. Stripe sends the notices of its mandates itself.</summary>
    async Task<(MandateRecord? Mandate, DateTimeOffset? DebitAfter)> PlanAsync(int tenantId, MethodRecord method, PayingAccount what, CancellationToken cancellationToken)
    {
        if (method.Status != MandateStatus.Active)
            throw new ProblemException(new(409, "method_not_active", "The saved method cannot be charged.", "method"));
        var mandate = await database.InTenantAsync(tenantId, (connection, ct) => Mandates.OfMethodAsync(connection, tenantId, method.Id, ct), cancellationToken);
        if (mandate is null)
            return method.Gateway == GatewayKind.Razorpay && what.Currency == "INR"
                ? throw new ProblemException(new(409, "mandate_needed", "This method has no mandate: POST /api/v1/payments/create-subscription.", "method"))
                : (null, null);
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var (debit, refusal) = MandateRules.Plan(mandate.Terms, what.AmountMicros, mandate.LastDebitAt, now, Mandates.BankZone);
        if (debit is not { } planned)
            throw new ProblemException(new(409, refusal!, $"The mandate {mandate.Number} does not allow this debit.", "method"));
        if (method.Gateway == GatewayKind.Stripe)
            return (mandate, null);
        return planned.NeedsCustomer
            ? throw new ProblemException(new(409, "customer_needed", "Above ₹15,000 the customer confirms each debit: POST /api/v1/payments makes an order to pay.", "amount"))
            : (mandate, planned.NotBefore);
    }

    async Task<(PaymentFile File, bool IsNew)> BeginAsync(
        int tenantId, WantedPayment wanted, GatewayKind gateway, long? methodId, long? mandateId, DateTimeOffset? debitAfter, Actor actor, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(tenantId, cancellationToken);
        return await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var what = wanted.What;
            if (await PaymentStore.FindByKeyAsync(connection, tenantId, what.AccountId, wanted.Key, ct) is { } before)
                return (Same(before), false);
            if (await Receivables.CheckAsync(connection, tenantId, what.AccountId, what.AmountMicros, now, ct) is { } problem)
                throw new ProblemException(problem);
            var payment = new PaymentRecord
            {
                Id = 0,
                AccountId = what.AccountId,
                Gateway = gateway,
                Currency = what.Currency,
                AmountMicros = what.AmountMicros,
                Purpose = wanted.Purpose,
                DocumentId = what.DocumentId,
                SubscriptionId = wanted.SubscriptionId,
                MethodId = methodId,
                MandateId = mandateId,
                Description = what.Description,
                SavesMethod = wanted.SavesMethod,
                Status = PaymentStatus.Created,
                IdempotencyKey = wanted.Key,
                RequestHash = wanted.RequestHash,
                CreatedAt = now,
                UpdatedAt = now,
            };
            if (await PaymentStore.CreateAsync(connection, tenantId, payment, debitAfter, ct) is not { } made)
                return (Same((await PaymentStore.FindByKeyAsync(connection, tenantId, what.AccountId, wanted.Key, ct))!), false);
            if (mandateId is not null && await IsDebitUnderWayAsync(connection, tenantId, mandateId.Value, made.Payment.Id, ct))
                throw new ProblemException(new(409, "mandate_debit_under_way", "A debit of this mandate is under way.", "method"));
            await JobQueue.EnqueueAsync(connection, tenantId, ResolvePayment.First(made.Payment.Id, made.Last, now), ct);
            await AuditLog.WriteAsync(connection, tenantId, actor, "payment.created", "payment", made.Payment.Number, null, PaymentView.Of(made), now, ct);
            return (made, true);
        }, cancellationToken);

        PaymentFile Same(PaymentFile before)
        {
            PayingAccount.CheckSame(before.Payment.RequestHash, wanted.RequestHash);
            return before;
        }
    }

    /// <summary>A mandate is debited by one payment at a time, so that its period's limit holds.</summary>
    static async Task<bool> IsDebitUnderWayAsync(Npgsql.NpgsqlConnection connection, int tenantId, long mandateId, long paymentId, CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(connection, "select from payments.mandates where mandate_id = $1 and tenant_id = $2 for update", [mandateId, tenantId], cancellationToken);
        return (await Database.QueryAsync(
            connection, "select 1 from payments.payments where mandate_id = $1 and tenant_id = $2 and payment_id <> $3 and status in (1, 2, 3, 4, 5) limit 1", [mandateId, tenantId, paymentId],
            r => 1, cancellationToken)).Count > 0;
    }
}
