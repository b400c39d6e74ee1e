namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>How the stand-in cuts what it writes.</summary>
public enum WriteStyle
{
    Whole,

    /// <summary>Pieces of 1 to 7 bytes, each a packet of its own.</summary>
    Split,

    /// <summary>Many frames in one packet.</summary>
    Merged,
}

/// <summary>What goes wrong at the stand-in. All can be switched while it runs.</summary>
public sealed class Misbehaviour
{
    public WriteStyle Writing { get; set; }

    /// <summary>Waits so long before each write.</summary>
    public TimeSpan WriteDelay { get; set; }

    /// <summary>Half-open: connections stay, nothing is read or written.</summary>
    public bool IsFrozen { get; set; }

    /// <summary>Accepts and says nothing, not even the greeting.</summary>
    public bool NeverGreets { get; set; }

    /// <summary>text/rude-rejection, as for an address that is not in the access list.</summary>
    public bool RefusesAddress { get; set; }

    /// <summary>`show channels` answers -ERR.</summary>
    public bool FailsShowChannels { get; set; }

    /// <summary>Events (by name and channel) that are never sent.</summary>
    public Func<string, string?, bool>? DropsEvent { get; set; }

    /// <summary>Events (by name) that are kept back until <see cref="StandInFreeSwitch.Release"/>.</summary>
    public Func<string, bool>? KeepsBack { get; set; }

    /// <summary>Answers to api commands in place of the right ones; null answers rightly.</summary>
    public Func<string, string?>? Answers { get; set; }

    /// <summary>What a command in the background waits for before it begins.</summary>
    public Func<string, Task>? HoldsJob { get; set; }

    /// <summary>Api commands that are read and never answered.</summary>
    public Func<string, bool>? Ignores { get; set; }
}
