using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>What a request comes from.</summary>
/// <param name="Name">As people may recognise it: the User-Agent.</param>
/// <param name="Fingerprint">Of the X-Device-Id that a client sends, else of its User-Agent; a session stays with the one that it began with.</param>
/// <param name="Address">The network address.</param>
public sealed record Device(string Name, byte[] Fingerprint, string Address)
{
    const int LongestName = 200;

    /// <summary>That of a request.</summary>
    public static Device Of(HttpContext context)
    {
        var agent = new string([.. context.Request.Headers.UserAgent.ToString().Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(LongestName)]);
        var mark = context.Request.Headers["X-Device-Id"].ToString() is { Length: > 0 } id ? id : agent;
        return new(agent.Length == 0 ? "unknown" : agent, SHA256.HashData(Encoding.UTF8.GetBytes(mark)), context.Connection.RemoteIpAddress?.ToString() ?? "unknown");
    }
}
