using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>How far a request to a gateway came.</summary>
public enum GatewayOutcome
{
    /// <summary>Nobody knows: no answer, half an answer, a fault of the gateway. Ask the gateway what became of it; never send it again as something new.</summary>
    Unknown,

    /// <summary>Done. A question about something that is there, too.</summary>
    Succeeded,

    /// <summary>Not done, and it will not be: <see cref="GatewayAnswer{T}.Failure"/> says why.</summary>
    Failed,

    /// <summary>Taken, and to be decided later (UPI debits, bank debits, refunds): a webhook says so, or ask again. Never a failure, however long it takes.</summary>
    Pending,

    /// <summary>Waits for the customer (3-D Secure, UPI app).</summary>
    RequiresAction,
}

/// <summary>Why something was refused.</summary>
/// <param name="Code">Stable and in one namespace for both gateways where it is ours: not_found, credentials_refused, rate_limited, gateway_unreachable; else the gateway's own reason or decline code
/// ("insufficient_funds"), or its error code when there is none.</param>
/// <param name="Message">The gateway's sentence; may be shown to staff, not to be parsed.</param>
/// <param name="Decline">What it means for the next attempt.</param>
/// <param name="WasNotSent">Certain that the gateway did nothing, since the request did not reach it or was turned away at the door: the same request may be sent again later.</param>
public sealed record GatewayFailure(string Code, string Message, DeclineKind Decline, bool WasNotSent = false)
{
    /// <summary>The gateway does not have what was asked for.</summary>
    public const string NotFound = "not_found";

    /// <summary>The gateway does not accept the key: the tenant's settings are to be mended.</summary>
    public const string CredentialsRefused = "credentials_refused";

    /// <summary>Too many requests; try later.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>No connection, or none tried because the last ones all failed (open circuit breaker).</summary>
    public const string Unreachable = "gateway_unreachable";
}

/// <summary>What a gateway answered. Whatever the network does is an answer, never an exception.</summary>
/// <typeparam name="T">What it is about.</typeparam>
/// <param name="Outcome">How far it came.</param>
/// <param name="Value">The thing as the gateway shows it: there when succeeded, pending or waiting for the customer; may be there when failed (a declined payment has an id); null when unknown.</param>
/// <param name="Failure">Why it failed; what is known when the outcome is unknown ("timeout", "http_500"); null otherwise.</param>
public sealed record GatewayAnswer<T>(GatewayOutcome Outcome, T? Value, GatewayFailure? Failure = null)
    where T : class
{
    /// <summary>Whether it is a failure because the gateway does not have what was asked for.</summary>
    public bool IsNotFound => Outcome == GatewayOutcome.Failed && string.Equals(Failure?.Code, GatewayFailure.NotFound, StringComparison.Ordinal);
}
