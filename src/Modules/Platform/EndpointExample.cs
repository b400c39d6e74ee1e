using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;

namespace Balatrix.Modules.Platform;

/// <summary>An example of an endpoint's JSON body, beside the endpoint.</summary>
public static class EndpointExample
{
    /// <summary>Shows it in the API's document.</summary>
    public static RouteHandlerBuilder WithExample(this RouteHandlerBuilder endpoint, string json) => endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
    {
        if (operation.RequestBody?.Content is { } content && content.TryGetValue("application/json", out var media))
            media.Example = JsonNode.Parse(json);
        return Task.CompletedTask;
    });
}
