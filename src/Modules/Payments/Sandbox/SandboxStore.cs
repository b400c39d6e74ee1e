using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>What the sandbox knows: its things as they look on the wire, by id. Kept in memory, and with a file also over restarts: a line for each change, the last one counts.</summary>
sealed class SandboxStore : IDisposable
{
    const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    readonly ConcurrentDictionary<string, (long Order, string Json)> things = new(StringComparer.Ordinal);
    readonly StreamWriter? journal;
    long order;

    public SandboxStore(string? file)
    {
        if (file is null)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        if (File.Exists(file))
            foreach (var line in File.ReadLines(file))
                Replay(line);
        journal = new StreamWriter(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.Read)) { AutoFlush = true };
        // A line that was cut off by a crash stays alone on its line.
        journal.WriteLine();
    }

    /// <summary>One change at a time; whoever reads to change holds it.</summary>
    public Lock Gate { get; } = new();

    public static string NewId(string prefix) => prefix + RandomNumberGenerator.GetString(Letters, 14);

    /// <summary>A copy; change it and put it back.</summary>
    public JsonObject? Find(string? id) => id is not null && things.TryGetValue(id, out var thing) ? JsonNode.Parse(thing.Json)!.AsObject() : null;

    public JsonObject Put(JsonObject thing)
    {
        var (id, json) = (thing["id"]!.GetValue<string>(), thing.ToJsonString());
        lock (Gate)
        {
            things[id] = (things.TryGetValue(id, out var before) ? before.Order : ++order, json);
            journal?.WriteLine(json);
        }
        return thing;
    }

    /// <summary>All whose id begins so, oldest first.</summary>
    public IEnumerable<JsonObject> All(string prefix) =>
        things.Where(t => t.Key.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(t => t.Value.Order).Select(t => JsonNode.Parse(t.Value.Json)!.AsObject());

    public void Remove(string id)
    {
        lock (Gate)
        {
            things.TryRemove(id, out _);
            journal?.WriteLine(new JsonObject { ["removed"] = id }.ToJsonString());
        }
    }

    public void Dispose() => journal?.Dispose();

    void Replay(string line)
    {
        try
        {
            var thing = JsonNode.Parse(line)?.AsObject();
            if (thing?["removed"] is { } removed)
                things.TryRemove(removed.GetValue<string>(), out _);
            else if (thing?["id"] is { } id)
                things[id.GetValue<string>()] = (things.TryGetValue(id.GetValue<string>(), out var before) ? before.Order : ++order, line);
        }
        catch (JsonException)
        {
            // Empty, or the line that a crash cut off: what it said was never answered.
        }
    }
}
