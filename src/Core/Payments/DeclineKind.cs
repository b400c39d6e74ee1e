namespace Balatrix.Core.Payments;

/// <summary>What a refused payment means for the next attempt. Numbers are stored.</summary>
public enum DeclineKind : short
{
    /// <summary>The reason says nothing, or is not one that we know: a few careful attempts at most.</summary>
    Unknown = 0,

    /// <summary>May well pass later as it is: too little money, a bank that is away, a limit of the day.</summary>
    Soft = 1,

    /// <summary>Never passes with this method: stolen, closed, not allowed, mandate revoked. Not to be tried again.</summary>
    Hard = 2,

    /// <summary>Passes only when the customer does something: authenticate, pay by hand, put in a new expiry date.</summary>
    NeedsCustomer = 3,
}
