using System.Text.Json.Nodes;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>Fields of the sandbox's things.</summary>
static class SandboxThing
{
    public static string? Text(JsonObject? thing, string name) => thing?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static long? Whole(JsonObject? thing, string name) => thing?[name] is JsonValue value ? value.TryGetValue<long>(out var number) ? number : value.TryGetValue<int>(out var small) ? small : null : null;
}
