namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>One FreeSWITCH whose calls are charged, as the configuration names it (`Balatrix:FreeSwitch:Nodes`).</summary>
public sealed record FreeSwitchNode
{
    /// <summary>What it is called here and in the records of its calls.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where its Event Socket listens.</summary>
    public string Host { get; init; } = "";

    /// <summary>The port of its Event Socket.</summary>
    public int Port { get; init; } = 8021;

    /// <summary>The password of event_socket.conf.xml.</summary>
    public string Password { get; init; } = "";

    /// <summary>The slug of the tenant whose calls these are, unless a channel says otherwise by variable_balatrix_tenant.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>Filters of events, each a header and a value; FreeSWITCH sends what matches any of them. None: all calls' events.</summary>
    /// <remarks>Whoever gives any must give `Event-Name HEARTBEAT` too, or the link is taken for dead.</remarks>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>What is wrong with it, null when nothing is.</summary>
    public string? Fault() => this switch
    {
        { Name: "" } => "a node needs a Name",
        { Host: "" } => $"{Name}: Host is missing",
        { Port: < 1 or > 65535 } => $"{Name}: Port must be from 1 to 65535",
        { Password: "" } => $"{Name}: Password is missing",
        { Tenant: "" } => $"{Name}: Tenant is missing",
        _ when !IsOneLine(Password) || !Filters.All(IsOneLine) => $"{Name}: Password and Filters are one line each",
        _ => null,
    };

    static bool IsOneLine(string text) => text.AsSpan().IndexOfAny('\r', '\n', '\0') < 0;
}

/// <summary>The section `Balatrix:FreeSwitch`. Without nodes nothing runs.</summary>
public sealed class FreeSwitchOptions
{
    /// <summary>Where the section stands.</summary>
    public const string Section = "Balatrix:FreeSwitch";

    /// <summary>The FreeSWITCH servers.</summary>
    public IList<FreeSwitchNode> Nodes { get; init; } = [];
}
