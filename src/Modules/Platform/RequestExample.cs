using Microsoft.AspNetCore.Builder;

namespace Balatrix.Modules.Platform;

/// <summary>An example of an endpoint's request body, for the API's document.</summary>
/// <param name="Body">The body as it would be sent.</param>
/// <param name="ContentType">Its media type.</param>
public sealed record RequestExample(string Body, string ContentType);

/// <summary>How endpoints give examples.</summary>
public static class RequestExampleExtensions
{
    /// <summary>Gives an example of the request body; the first of a media type is shown.</summary>
    public static T WithExample<T>(this T endpoint, string body, string contentType = "application/json")
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new RequestExample(body, contentType));
}
