namespace Balatrix.Core.Payments;

/// <summary>
/// How far one attempt at a payment is known to have come. The numbers are stored and are ranks: what is learnt only ever raises them, so the
/// order in which it is learnt does not matter. A failure ranks below an authorisation, because gateways authorise late what they had called failed.
/// </summary>
public enum AttemptStage : short
{
    /// <summary>Written down; the gateway may have been called.</summary>
    Started = 1,

    /// <summary>The gateway was called and did not answer: it is to be asked, never called again.</summary>
    Unknown = 2,

    /// <summary>The customer has to do something: pay at the checkout, or confirm with a second factor.</summary>
    RequiresAction = 3,

    /// <summary>At the customer's bank; may take days.</summary>
    Processing = 4,

    /// <summary>Declined, for now.</summary>
    Failed = 5,

    /// <summary>The bank has promised the money.</summary>
    Authorized = 6,

    /// <summary>Given up, or the promise was let go.</summary>
    Cancelled = 7,

    /// <summary>The gateway has the money.</summary>
    Captured = 8,
}

/// <summary>How far a refund has come; ranks as those of <see cref="AttemptStage"/>. A refund can still fail after it was called processed, never the other way.</summary>
public enum RefundStage : short
{
    /// <summary>Written down and its money set aside; the gateway may have been called.</summary>
    Started = 1,

    /// <summary>The gateway was called and did not answer.</summary>
    Unknown = 2,

    /// <summary>The gateway has taken it on.</summary>
    Pending = 3,

    /// <summary>The money is on its way to the customer.</summary>
    Processed = 4,

    /// <summary>The money did not leave, or came back.</summary>
    Failed = 5,
}

/// <summary>Where a dispute that the customer's bank raised stands; ranks.</summary>
public enum DisputeStage : short
{
    /// <summary>Being argued.</summary>
    Open = 1,

    /// <summary>The money stays.</summary>
    Won = 2,

    /// <summary>The money is gone.</summary>
    Lost = 3,
}

/// <summary>What a payment is, taken together. Numbers are stored.</summary>
public enum PaymentStatus : short
{
    /// <summary>Nothing is known of it at a gateway yet.</summary>
    Created = 1,

    /// <summary>Waits for the customer.</summary>
    RequiresAction = 2,

    /// <summary>Under way at a bank.</summary>
    Pending = 3,

    /// <summary>It is not known what the gateway did; it is being asked.</summary>
    Unknown = 4,

    /// <summary>Promised, not taken yet.</summary>
    Authorized = 5,

    /// <summary>Paid.</summary>
    Succeeded = 6,

    /// <summary>Declined.</summary>
    Failed = 7,

    /// <summary>Given up.</summary>
    Cancelled = 8,

    /// <summary>Paid, and a part given back.</summary>
    PartiallyRefunded = 9,

    /// <summary>Paid and given back.</summary>
    Refunded = 10,

    /// <summary>Paid, and claimed back through the customer's bank.</summary>
    Disputed = 11,
}

/// <summary>Names as the API shows them.</summary>
public static class PaymentNames
{
    /// <summary>A status's name ("requires_action").</summary>
    public static string Name(PaymentStatus status) => Snake(status.ToString());

    /// <summary>A stage's name.</summary>
    public static string Name(AttemptStage stage) => Snake(stage.ToString());

    /// <summary>A stage's name.</summary>
    public static string Name(RefundStage stage) => Snake(stage.ToString());

    /// <summary>A stage's name.</summary>
    public static string Name(DisputeStage stage) => Snake(stage.ToString());

    /// <summary>The status of a name, or null.</summary>
    public static PaymentStatus? ParseStatus(string? name)
    {
        foreach (var status in Enum.GetValues<PaymentStatus>())
            if (Name(status) == name)
                return status;
        return null;
    }

    static string Snake(string name) =>
        string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{char.ToLowerInvariant(c)}" : char.ToLowerInvariant(c).ToString()));
}
