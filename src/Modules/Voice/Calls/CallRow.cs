using System.Globalization;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Voice.FreeSwitch;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>Where a kept call stands. Numbers are stored.</summary>
enum CallRowState : short
{
    /// <summary>Goes on.</summary>
    GoingOn = 1,

    /// <summary>Charged as FreeSWITCH told its end.</summary>
    Settled = 2,

    /// <summary>Charged by estimate.</summary>
    Estimated = 3,

    /// <summary>Never went on.</summary>
    Released = 4,

    /// <summary>Charged by estimate, and corrected by its record.</summary>
    Corrected = 5,
}

/// <summary>What of a call does not change: who pays for what. A transfer begins a further segment of it.</summary>
sealed record CallRow
{
    /// <summary>Segments from here on are of the way that a forwarded call goes on, beside those of the call itself.</summary>
    public const int ForwardedSegment = 1001;

    public required int TenantId { get; init; }

    public required long AccountId { get; init; }

    /// <summary>The channel that it began as.</summary>
    public required string CallId { get; init; }

    public required int Segment { get; init; }

    /// <summary>The channel that is metered: after a transfer it may be another than it began as.</summary>
    public required string ChannelId { get; init; }

    public required string Node { get; init; }

    public string? CoreId { get; init; }

    public required Service Service { get; init; }

    public required string Calling { get; init; }

    public required string Called { get; init; }

    public required string RatingKey { get; init; }

    public string Destination { get; init; } = "";

    public string Currency { get; init; } = "";

    public long MinuteMicros { get; init; }

    /// <summary>What so long a call costs by the price of a minute, without allowances and increments.</summary>
    public long MinutesMicros(long talkMs) => (long)((Int128)MinuteMicros * Math.Max(0, talkMs) / 60_000);

    public string? Carrier { get; init; }

    /// <summary>What holds its money; null for a call that costs nothing.</summary>
    public Guid? ReservationId { get; init; }

    /// <summary>Let go on while charging was not there.</summary>
    public bool IsOpenFailed { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Whether it is the way on of a call to a number that is forwarded.</summary>
    public bool IsForward => Segment >= ForwardedSegment;

    /// <summary>Names its use: a call is charged once under its uuid, through whatever door it comes.</summary>
    public string UsageId => UsageIdOf(CallId, Segment);

    /// <summary>Which use a segment is.</summary>
    public static string UsageIdOf(string callId, int segment) => segment switch
    {
        1 => callId,
        < ForwardedSegment => string.Create(CultureInfo.InvariantCulture, $"{callId}/{segment}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{callId}/f{segment - ForwardedSegment + 1}"),
    };

    /// <summary>The reservation of a segment: the same on every node, so that two nodes reserve once.</summary>
    public static Guid ReservationOf(string callId, int segment) => EventKey.Of("call", UsageIdOf(callId, segment));

    /// <summary>The use that it comes to.</summary>
    public UsageEvent Usage(DateTimeOffset at, long talkMs, string? detail = null) =>
        new(CallRecord.Source, UsageId, Service, at, RatingKey, talkMs, Calling, Called, detail);
}
