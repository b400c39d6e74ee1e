using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace Balatrix.Modules.Operations;

/// <summary>
/// Checks the query parameters of a request against those that its endpoint takes: a misspelt filter would list what nobody asked for, and a day written the American way
/// would be another one. Times without an offset become the tenant's.
/// </summary>
sealed class QueryMiddleware(RequestDelegate next, TenantClock clock)
{
    readonly ConcurrentDictionary<Endpoint, Dictionary<string, Type>> known = [];

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.QueryString.HasValue && context.GetEndpoint() is RouteEndpoint endpoint && await ReadAsync(context, endpoint) is { } problem)
            await problem.ToResult().ExecuteAsync(context);
        else
            await next(context);
    }

    async Task<Problem?> ReadAsync(HttpContext context, RouteEndpoint endpoint)
    {
        var parameters = known.GetOrAdd(endpoint, ParametersOf);
        var read = new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in context.Request.Query)
        {
            if (!parameters.TryGetValue(name, out var type))
            {
                if (IsOpenToMore(endpoint))
                    continue;
                return new Problem(400, "unknown_parameter", "There is no such parameter here.", name.Length > 100 ? name[..100] : name, ExpectedOf(parameters.Keys));
            }
            if (values is not [{ } text] || await ValueAsync(context, type, text) is not { } value)
                return new Problem(400, "bad_request", $"{name} could not be read.", name, ExpectedOf(type));
            read[name] = value;
        }
        foreach (var (name, values) in context.Request.Query)
            read.TryAdd(name, values);
        context.Request.Query = new QueryCollection(read);
        return null;
    }

    /// <summary>Others may add parameters of theirs where they call us by an address that we or they were given: FreeSWITCH, gateways, readers of mail.</summary>
    static bool IsOpenToMore(Endpoint endpoint) => endpoint.Metadata.GetMetadata<AccessRequirement>() is null or { Public: true } or { Basic: true };

    static Dictionary<string, Type> ParametersOf(Endpoint endpoint) => endpoint.Metadata.OfType<IParameterBindingMetadata>()
        .Where(p => p.HasTryParse && ((RouteEndpoint)endpoint).RoutePattern.GetParameter(p.Name) is null)
        .ToDictionary(p => p.Name, p => Nullable.GetUnderlyingType(p.ParameterInfo.ParameterType) ?? p.ParameterInfo.ParameterType, StringComparer.OrdinalIgnoreCase);

    /// <summary>What the endpoint is given of a value, null when that is none of its type.</summary>
    async ValueTask<string?> ValueAsync(HttpContext context, Type type, string text)
    {
        if (type == typeof(int) || type == typeof(long))
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && (type == typeof(long) || int.CreateSaturating(number) == number) ? text : null;
        if (type == typeof(bool))
            return bool.TryParse(text, out _) ? text : null;
        if (type == typeof(DateOnly))
            return WrittenTime.TryReadDay(text, out _) ? text : null;
        if (type != typeof(DateTimeOffset))
            return text;
        var zone = context.Items[typeof(Caller)] is Caller caller ? await clock.ZoneAsync(caller.TenantId, context.RequestAborted) : TimeZoneInfo.Utc;
        return WrittenTime.TryRead(text, zone, out var instant) ? instant.ToString("O") : null;
    }

    static string ExpectedOf(Type type) => type switch
    {
        _ when type == typeof(int) || type == typeof(long) => "a whole number, once",
        _ when type == typeof(bool) => "true or false, once",
        _ when type == typeof(DateOnly) => "a day such as 2026-04-01, once",
        _ when type == typeof(DateTimeOffset) => "a time such as 2026-04-01T00:00:00+05:30, or a day such as 2026-04-01, once",
        _ => "a text, once",
    };

    static string ExpectedOf(Dictionary<string, Type>.KeyCollection names) => names.Count == 0 ? "no parameters" : string.Join(", ", names.Select(JsonNamingPolicy.CamelCase.ConvertName));
}
