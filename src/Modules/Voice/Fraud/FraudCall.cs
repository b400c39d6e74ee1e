namespace Balatrix.Modules.Voice.Fraud;

/// <summary>A call as fraud rules see it.</summary>
/// <param name="AccountId">Who pays.</param>
/// <param name="ToE164">Called number in digits.</param>
/// <param name="DestinationGroup">Description of the rate.</param>
/// <param name="PricePerMinuteMicros">Price of a minute.</param>
/// <param name="At">When it begins, in the tenant's time.</param>
public sealed record FraudCall(long AccountId, string ToE164, string DestinationGroup, long PricePerMinuteMicros, DateTimeOffset At);

/// <summary>What the rules say of a call.</summary>
/// <param name="Allowed">Whether it may go on.</param>
/// <param name="Rule">The rule that refuses it: blocked_destination, first_call, velocity or sudden_change; null when it may go on.</param>
/// <param name="Reason">For people.</param>
public sealed record FraudVerdict(bool Allowed, string? Rule, string? Reason)
{
    /// <summary>It may go on.</summary>
    public static FraudVerdict Pass { get; } = new(true, null, null);
}
