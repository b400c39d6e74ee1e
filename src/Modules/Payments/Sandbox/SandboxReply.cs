using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>An answer of the sandbox, or none.</summary>
/// <param name="Status">Of HTTP; 0 is silence.</param>
/// <param name="Body">What is answered.</param>
sealed record SandboxReply(int Status, JsonObject Body)
{
    public static SandboxReply Silence { get; } = new(0, []);

    public static SandboxReply Ok(JsonObject body) => new(200, body);

    /// <summary>Answers, or holds the connection until the caller gives up.</summary>
    public async Task WriteAsync(HttpContext context, TimeSpan silence)
    {
        if (Status == 0)
        {
            try
            {
                await Task.Delay(silence, context.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                // That is what was waited for.
            }
            context.Abort();
            return;
        }
        context.Response.StatusCode = Status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(Body.ToJsonString(), context.RequestAborted);
    }

    /// <summary>A list as Razorpay writes it.</summary>
    public static SandboxReply Collection(IEnumerable<JsonObject> items)
    {
        var array = new JsonArray([.. items]);
        return Ok(new JsonObject { ["entity"] = "collection", ["count"] = array.Count, ["items"] = array });
    }

    /// <summary>A page of a list as Stripe writes it, newest first.</summary>
    public static SandboxReply Page(IEnumerable<JsonObject> oldestFirst, IQueryCollection query)
    {
        var limit = int.TryParse(query["limit"], System.Globalization.CultureInfo.InvariantCulture, out var given) ? Math.Clamp(given, 1, 100) : 10;
        var rest = oldestFirst.Reverse().ToList();
        if (query["starting_after"].ToString() is { Length: > 0 } after)
            rest = [.. rest.SkipWhile(item => item["id"]!.GetValue<string>() != after).Skip(1)];
        return Ok(new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. rest.Take(limit)]), ["has_more"] = rest.Count > limit });
    }
}
