using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>A mandate as the API shows it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Account">Whose it is.</param>
/// <param name="SubscriptionId">What it was made for, if it was said.</param>
/// <param name="Gateway">razorpay or stripe.</param>
/// <param name="Kind">card, upi or bank.</param>
/// <param name="Status">created, active, paused, cancelled, rejected or expired.</param>
/// <param name="MaxAmount">The most of one debit.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Frequency">as_presented, monthly, quarterly or yearly.</param>
/// <param name="ExpiresAt">Nothing is debited from then on.</param>
/// <param name="PaymentMethod">The saved method, once it is confirmed.</param>
/// <param name="Failure">Why it was rejected.</param>
/// <param name="NoticeHours">How many whole hours before a debit the customer is told.</param>
/// <param name="WithoutConfirmationUpTo">Above this amount the customer confirms each debit.</param>
/// <param name="LastDebitAt">When it last debited.</param>
/// <param name="CreatedAt">When it was begun.</param>
/// <param name="Checkout">What the browser needs to have it confirmed.</param>
public sealed record MandateView(
    string Id, string Account, long? SubscriptionId, string Gateway, string Kind, string Status, string MaxAmount, string Currency, string Frequency, DateTimeOffset? ExpiresAt, string? PaymentMethod,
    string? Failure, int NoticeHours, string WithoutConfirmationUpTo, DateTimeOffset? LastDebitAt, DateTimeOffset CreatedAt, CheckoutView? Checkout)
{
    internal static MandateView Of(MandateRecord m, CheckoutView? checkout = null) => new(
        m.Number, AccountDirectory.NumberOf(m.AccountId), m.SubscriptionId, GatewayDirectory.Name(m.Gateway), NameOf(m.Kind), NameOf(m.Status), Money.Format(m.MaxMicros),
        m.Currency, NameOf(m.Frequency), m.ExpiresAt, m.MethodId is { } method ? PaymentNumbers.Method(method) : null, m.Failure, (int)MandateRules.NoticeBefore(m.Kind).TotalHours,
        Money.Format(MandateRules.WithoutSecondFactorMicros), m.LastDebitAt, m.CreatedAt, checkout);

    internal static string NameOf(MandateStatus status) => status.ToString().ToLowerInvariant();

    internal static string NameOf(MandateKind kind) => kind.ToString().ToLowerInvariant();

    internal static string NameOf(MandateFrequency frequency) => frequency == MandateFrequency.AsPresented ? "as_presented" : frequency.ToString().ToLowerInvariant();
}

/// <summary>Setting up recurring debits: a card e-mandate, UPI AutoPay, or debits of a bank account.</summary>
public static class CreateMandate
{
    /// <summary>A mandate that the customer is to confirm.</summary>
    /// <param name="Account">The account; a customer with one account need not name it.</param>
    /// <param name="SubscriptionId">The subscription that it is for, if any.</param>
    /// <param name="Kind">card, upi or bank.</param>
    /// <param name="MaxAmount">The most of one debit.</param>
    /// <param name="FirstAmount">What is taken now; at Razorpay ₹1.00 by card or UPI when left out.</param>
    /// <param name="Frequency">as_presented (when left out), monthly, quarterly or yearly.</param>
    /// <param name="ExpiresAt">Until when it holds; ten years when left out.</param>
    /// <param name="Gateway">razorpay or stripe; the tenant's default when left out.</param>
    public sealed record MandateRequest(
        string? Account, long? SubscriptionId, string? Kind, string? MaxAmount, string? FirstAmount, string? Frequency, DateTimeOffset? ExpiresAt, string? Gateway);

    const int UsualYears = 10;

    internal static async Task<IResult> Handle(
        MandateRequest request, HttpContext context, PaymentRequests requests, GatewayDirectory gateways, GatewayCustomers customers, Database database, TenantClock clock,
        CancellationToken cancellationToken)
    {
        var (key, hash, tenantId) = (IdempotencyKey.Of(context), PayingAccount.HashOf(request), Caller.Of(context).TenantId);
        var (accountId, account) = await requests.FindAccountAsync(Caller.Of(context), request.Account, cancellationToken);
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var gateway = await gateways.ForNewAsync(tenantId, request.Gateway, cancellationToken);
        var wanted = Read(request, accountId, account.Currency, gateway.Kind, hash, now);
        var customerId = await customers.EnsureAsync(tenantId, accountId, gateway.Kind, gateway.Client, cancellationToken);
        var (mandate, isNew) = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var made = await Mandates.CreateAsync(connection, tenantId, wanted, key, ct);
            PayingAccount.CheckSame(made.Mandate.RequestHash, hash);
            if (made.IsNew)
            {
                await AddFirstPaymentAsync(connection, tenantId, made.Mandate, ct);
                await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "mandate.created", "mandate", made.Mandate.Number, null, MandateView.Of(made.Mandate), now, ct);
            }
            return made;
        }, cancellationToken);
        var answer = await gateway.Client.SetUpMethodAsync(
            new(mandate.SetupReference, customerId, MethodOf(mandate.Kind), new(mandate.MaxMicros, mandate.Currency), new(mandate.FirstMicros, mandate.Currency), mandate.ExpiresAt!.Value,
                $"Recurring payments of {account.Id}", IsRepeat: !isNew), cancellationToken);
        if (answer.Value is not { } setup)
            return GatewayProblems.Of(answer.Failure).ToResult();
        var after = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            await Mandates.SetUpAsync(connection, tenantId, mandate.Id, setup.Id, now, ct);
            var firsts = await Database.QueryAsync(
                connection,
                "update payments.attempts set order_id = coalesce(order_id, $2), stage = greatest(stage, 3::smallint) where reference = $1 and tenant_id = $3 returning payment_id, attempt_no",
                [mandate.SetupReference, setup.Id, tenantId], r => (PaymentId: r.GetInt64(0), No: r.GetInt32(1)), ct);
            foreach (var first in firsts)
                await JobQueue.EnqueueAsync(connection, tenantId, ResolvePayment.Request(first.PaymentId, first.No, 0, now.AddMinutes(5)), ct);
            return (await Mandates.FindAsync(connection, tenantId, mandate.Id, null, ct))!;
        }, cancellationToken);
        var checkout = new CheckoutView(GatewayDirectory.Name(gateway.Kind), gateway.Credentials.KeyId, setup.Id, setup.ClientSecret, setup.CheckoutUrl?.ToString());
        return Results.Json(MandateView.Of(after, after.Status == MandateStatus.Created ? checkout : null), statusCode: isNew ? 201 : 200);
    }

    /// <summary>What is taken with the confirmation is a payment of its own, known by the setup's order.</summary>
    static async Task AddFirstPaymentAsync(NpgsqlConnection connection, int tenantId, MandateRecord mandate, CancellationToken cancellationToken)
    {
        if (mandate.FirstMicros == 0)
            return;
        var payment = new PaymentRecord
        {
            Id = 0,
            AccountId = mandate.AccountId,
            Gateway = mandate.Gateway,
            Currency = mandate.Currency,
            AmountMicros = mandate.FirstMicros,
            Purpose = PaymentPurpose.Mandate,
            MandateId = mandate.Id,
            Description = $"Confirmation of {mandate.Number}",
            Status = PaymentStatus.Created,
            IdempotencyKey = $"mandate:{mandate.Number}",
            RequestHash = mandate.RequestHash,
            CreatedAt = mandate.CreatedAt,
            UpdatedAt = mandate.CreatedAt,
        };
        var made = (await PaymentStore.CreateAsync(connection, tenantId, payment, null, cancellationToken))!;
        await Database.ExecuteAsync(
            connection, "update payments.attempts set reference = $2 where payment_id = $1 and tenant_id = $3", [made.Payment.Id, mandate.SetupReference, tenantId], cancellationToken);
    }

    static MandateRecord Read(MandateRequest request, long accountId, string currency, GatewayKind gateway, byte[] hash, DateTimeOffset now)
    {
        var kind = Array.Find(Enum.GetValues<MandateKind>(), k => MandateView.NameOf(k) == request.Kind);
        if (kind == 0)
            throw new ProblemException(Problem.Invalid("kind", "card, upi or bank"));
        var frequency = request.Frequency is null ? MandateFrequency.AsPresented : Array.Find(Enum.GetValues<MandateFrequency>(), f => MandateView.NameOf(f) == request.Frequency);
        if (frequency == 0)
            throw new ProblemException(Problem.Invalid("frequency", "as_presented, monthly, quarterly or yearly"));
        var max = PaymentRequests.AmountOf(request.MaxAmount, "maxAmount");
        var isFree = gateway == GatewayKind.Stripe || kind == MandateKind.Bank;
        var first = request.FirstAmount is null or "0" or "0.00" ? (isFree ? 0 : Money.MicrosPerUnit) : PaymentRequests.AmountOf(request.FirstAmount, "firstAmount");
        if (first > 0 && isFree)
            throw new ProblemException(Problem.Invalid("firstAmount", "nothing: this gateway and method take none with the confirmation"));
        if (first > max)
            throw new ProblemException(Problem.Invalid("firstAmount", "at most maxAmount"));
        var expires = request.ExpiresAt ?? now.AddYears(UsualYears);
        if (expires <= now.AddDays(1) || expires > now.AddYears(30))
            throw new ProblemException(Problem.Invalid("expiresAt", "a day to 30 years from now"));
        if (request.SubscriptionId is <= 0)
            throw new ProblemException(Problem.Invalid("subscriptionId", "a subscription's id"));
        return new(0, accountId, request.SubscriptionId, gateway, kind, MandateStatus.Created, currency, max, first, frequency, expires, "", null, null, null, null, hash, now);
    }

    static MethodKind MethodOf(MandateKind kind) => kind switch { MandateKind.Upi => MethodKind.Upi, MandateKind.Bank => MethodKind.BankAccount, _ => MethodKind.Card };
}
