namespace Balatrix.Core.Payments;

/// <summary>A payment gateway. Numbers are stored.</summary>
public enum GatewayKind : short
{
    /// <summary>Razorpay: orders, payments, tokens.</summary>
    Razorpay = 1,

    /// <summary>Stripe: PaymentIntents, SetupIntents, payment methods.</summary>
    Stripe = 2,
}
