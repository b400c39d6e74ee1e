using System.Text.Json;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>What came back of one request.</summary>
enum ReplyKind
{
    /// <summary>Nobody knows whether the gateway did it.</summary>
    Unknown,

    /// <summary>It did, and this is the thing.</summary>
    Done,

    /// <summary>It says no, and why.</summary>
    Refused,

    /// <summary>It never got it, or turned it away at the door.</summary>
    NotSent,
}

/// <summary>What came back of one request, before anybody asks what it means.</summary>
/// <param name="Kind">How far it came.</param>
/// <param name="Status">Of HTTP; 0 without an answer.</param>
/// <param name="Body">The answer's JSON object; undefined without one.</param>
/// <param name="Code">What went wrong ("timeout", "http_502", "unreadable").</param>
/// <param name="Message">In a sentence.</param>
sealed record GatewayReply(ReplyKind Kind, int Status, JsonElement Body, string Code = "", string Message = "")
{
    /// <summary>Counts against the gateway's health. A conflict with ourselves and too many requests do not.</summary>
    public bool IsFault => Status is not (409 or 429) && Kind is ReplyKind.Unknown or ReplyKind.NotSent;

    /// <summary>Worth another try at once, if the request may be repeated.</summary>
    public bool MayPassNow => Kind is ReplyKind.Unknown or ReplyKind.NotSent;

    public static GatewayReply NotSent(string code, string message, int status = 0) => new(ReplyKind.NotSent, status, default, code, message);

    public static GatewayReply Unknown(string code, string message, int status = 0) => new(ReplyKind.Unknown, status, default, code, message);

    /// <summary>The answer to the caller when there is no thing to show. A refusal is read by the gateway's own rules.</summary>
    public GatewayAnswer<T> Without<T>(Func<GatewayReply, GatewayFailure> refusal)
        where T : class => Kind switch
        {
            ReplyKind.Refused => new(GatewayOutcome.Failed, null, refusal(this)),
            ReplyKind.NotSent => new(GatewayOutcome.Failed, null, new(Code, Message, DeclineKind.Soft, WasNotSent: true)),
            _ => new(GatewayOutcome.Unknown, null, new(Code.Length > 0 ? Code : "unreadable", Message.Length > 0 ? Message : "The gateway's answer has not the expected form.", DeclineKind.Unknown)),
        };
}
