using System.Buffers;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>What a frame is, by its Content-Type.</summary>
public enum FrameKind
{
    /// <summary>Of a type that says nothing to us, as log/data.</summary>
    Other,

    /// <summary>auth/request: the greeting.</summary>
    AuthRequest,

    /// <summary>command/reply: the answer to all commands but api; it stands in Reply-Text.</summary>
    CommandReply,

    /// <summary>api/response: the answer to an api command; it is the body.</summary>
    ApiResponse,

    /// <summary>text/event-json.</summary>
    EventJson,

    /// <summary>text/event-plain and text/event-xml, which we never ask for.</summary>
    EventOther,

    /// <summary>text/disconnect-notice.</summary>
    Disconnect,

    /// <summary>text/rude-rejection: refused by the access list.</summary>
    Rejection,
}

/// <summary>One frame of the Event Socket: what its headers say, and its body, which lies in what was read and is gone when that is given back.</summary>
public sealed record Frame(FrameKind Kind, ReadOnlySequence<byte> Body)
{
    /// <summary>Reply-Text, empty without one.</summary>
    public string ReplyText { get; init; } = "";

    /// <summary>Content-Disposition, empty without one.</summary>
    public string Disposition { get; init; } = "";
}
