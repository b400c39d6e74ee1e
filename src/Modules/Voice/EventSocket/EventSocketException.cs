namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>What came over the socket is not the Event Socket protocol, passes a limit, or says no: the connection ends.</summary>
public sealed class EventSocketException(string message) : Exception(message);
