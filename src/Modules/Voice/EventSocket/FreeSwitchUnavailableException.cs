namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>FreeSWITCH did not answer: the link is down, was lost, or the time was up. What was asked may have been done or not.</summary>
public sealed class FreeSwitchUnavailableException(string message, Exception? cause = null) : Exception(message, cause);
