namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>A call that comes in at the stand-in.</summary>
public sealed record StandInCall
{
    public string Uuid { get; init; } = Guid.NewGuid().ToString();

    public string From { get; init; } = "919876543210";

    public string FromName { get; init; } = "Alice";

    public string To { get; init; } = "442071838750";

    public string NetworkIp { get; init; } = "192.0.2.10";

    /// <summary>The SIP user that registered or authenticated, null on a trunk.</summary>
    public string? SipUser { get; init; }

    /// <summary>The channel's accountcode as the directory or dialplan set it.</summary>
    public string? AccountCode { get; init; }

    /// <summary>More channel variables, without "variable_".</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>park_timeout of the public context; null parks for ever.</summary>
    public string? ParkTimeout { get; init; } = "3:NORMAL_TEMPORARY_FAILURE";

    /// <summary>enable_heartbeat_events of the public context, 0 for none.</summary>
    public int HeartbeatSeconds { get; init; } = 20;

    /// <summary>Which of the dial strings of bill_dial takes the call, from 0: those before it are busy.</summary>
    public int Gateway { get; init; }

    /// <summary>What the called side does by itself once the call is routed; null leaves it to the test.</summary>
    public StandInCarrier? Carrier { get; init; }
}

/// <summary>A called side that answers, or fails, after ringing, and hangs up after talking (null: never).</summary>
public sealed record StandInCarrier(TimeSpan Rings, TimeSpan? Talks = null, string? FailsWith = null);
