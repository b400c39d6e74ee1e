using Balatrix.Core;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>A customer to make known to the gateway.</summary>
/// <param name="Reference">Ours, 10 to 40 characters, unique: the idempotency key.</param>
/// <param name="Name">Shown to staff at the gateway.</param>
/// <param name="Email">Where the gateway sends its notices.</param>
/// <param name="Phone">E.164.</param>
public sealed record GatewayCustomerRequest(string Reference, string Name, string Email, string Phone);

/// <summary>A customer at the gateway.</summary>
/// <param name="Id">cust_… at Razorpay, cus_… at Stripe.</param>
public sealed record GatewayCustomer(string Id);

/// <summary>What a saved method is.</summary>
public enum MethodKind
{
    /// <summary>Card, as the gateway's token; in India an e-mandate.</summary>
    Card,

    /// <summary>UPI AutoPay.</summary>
    Upi,

    /// <summary>Debit of a bank account by e-mandate (eNACH).</summary>
    BankAccount,
}

/// <summary>A method to save, with the mandate that allows charging it without the customer. Authorised by the customer in the gateway's checkout.</summary>
/// <param name="Reference">Ours, 1 to 40 characters, unique: the idempotency key.</param>
/// <param name="CustomerId">The gateway's customer.</param>
/// <param name="Kind">What is to be saved.</param>
/// <param name="MaxAmount">The most of one debit; without further authentication by the customer at most ₹15,000 in India.</param>
/// <param name="FirstAmount">What is taken now, with the authorisation: at Razorpay at least ₹1 by card or UPI and nothing for a bank account; zero at Stripe.</param>
/// <param name="ExpiresAt">Until when the mandate holds.</param>
/// <param name="Description">What the customer reads.</param>
/// <param name="IsRepeat">As in <see cref="OrderRequest"/>.</param>
public sealed record MethodSetupRequest(
    string Reference, string CustomerId, MethodKind Kind, Money MaxAmount, Money FirstAmount, DateTimeOffset ExpiresAt, string Description, bool IsRepeat = false);

/// <summary>The saving of a method, under way or done: Razorpay's authorisation order, Stripe's SetupIntent.</summary>
/// <param name="Id">order_… or seti_….</param>
/// <param name="Reference">Ours.</param>
/// <param name="MethodId">The method, once there is one.</param>
/// <param name="PaymentId">Razorpay's authorisation payment, once there is one.</param>
/// <param name="ClientSecret">What Stripe's script in the browser needs. Not to be stored or logged.</param>
/// <param name="CheckoutUrl">A page to authorise it by hand; only in a sandbox.</param>
public sealed record MethodSetup(string Id, string? Reference, string? MethodId, string? PaymentId, string? ClientSecret, Uri? CheckoutUrl);

/// <summary>Whether a saved method can be charged.</summary>
public enum MethodStatus
{
    /// <summary>The bank has not confirmed the mandate yet.</summary>
    Initiated,

    /// <summary>It can.</summary>
    Active,

    /// <summary>The customer has paused the mandate.</summary>
    Paused,

    /// <summary>The customer or we have cancelled it.</summary>
    Cancelled,

    /// <summary>The bank refused the mandate.</summary>
    Rejected,

    /// <summary>Its time is over.</summary>
    Expired,
}

/// <summary>A saved method. No card number, no security code: those never come here.</summary>
/// <param name="Id">token_… or pm_….</param>
/// <param name="CustomerId">The gateway's customer.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Status">Whether it can be charged.</param>
/// <param name="Instrument">What to show people: "Visa 4242", "name@bank".</param>
/// <param name="ExpiryMonth">Of a card.</param>
/// <param name="ExpiryYear">Of a card, four digits.</param>
/// <param name="MaxAmount">The most of one debit; null when the gateway does not say.</param>
/// <param name="MandateExpiresAt">Until when the mandate holds; null when the gateway does not say.</param>
/// <param name="Failure">Why the mandate was rejected.</param>
public sealed record SavedMethod(
    string Id, string? CustomerId, MethodKind Kind, MethodStatus Status, string Instrument, int? ExpiryMonth, int? ExpiryYear, Money? MaxAmount, DateTimeOffset? MandateExpiresAt, GatewayFailure? Failure);
