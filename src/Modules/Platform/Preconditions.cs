using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Platform;

/// <summary>Optimistic concurrency by ETag and If-Match (RFC 9110, 13.1.1).</summary>
public static class Preconditions
{
    /// <summary>Holds a change to the version that its If-Match names, when there is one.</summary>
    /// <exception cref="ProblemException">It is at another version.</exception>
    public static void Check(HttpRequest request, int version)
    {
        var match = request.Headers.IfMatch.ToString();
        if (match.Length > 0 && match != "*" && match.Trim('"') != version.ToString(CultureInfo.InvariantCulture))
            throw new ProblemException(new(412, "version_changed", $"It is at version {version}; read it again.", "If-Match", ETagOf(version)));
    }

    /// <summary>Names the version that an answer shows.</summary>
    public static void SetETag(HttpContext context, int version) => context.Response.Headers.ETag = ETagOf(version);

    static string ETagOf(int version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
}
