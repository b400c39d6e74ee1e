using Balatrix.Core.Usage;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Usage;

/// <summary>Usage events by HTTP: CloudEvents 1.0 structured, binary and batched, and NDJSON.</summary>
public static class EventEndpoints
{
    /// <summary>The most events in one batch.</summary>
    public const int LargestBatch = 50_000;

    static readonly Service[] AllServices = [Service.VoiceOutbound, Service.VoiceInbound, Service.Sms, Service.Event];

    internal static async Task Post(HttpContext context, RequestBodies bodies, UsageIntake intake, TenantClock clock, CancellationToken cancellationToken)
    {
        using var body = await bodies.ReadAsync(context.Request, cancellationToken);
        var tenantId = Caller.Of(context).TenantId;
        var reading = new UsageReading(await clock.NowAsync(tenantId, cancellationToken));
        var parsed = context.Request.Headers.ContainsKey("ce-specversion") ? Binary(reading, context.Request, body.Span) : reading.ReadCloudEvent(body.Span);
        var answers = await intake.ChargeAsync(tenantId, [parsed], hasHappened: false, cancellationToken, context.Connection.RemoteIpAddress);
        await UsageIntake.WriteOneAsync(context, answers[0], cancellationToken);
    }

    internal static async Task PostBatch(HttpContext context, RequestBodies bodies, UsageIntake intake, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        UsageAnswer[] answers;
        using (var body = await bodies.ReadAsync(context.Request, cancellationToken))
        {
            var isLines = context.Request.ContentType?.Contains("ndjson", StringComparison.OrdinalIgnoreCase) == true || body.Span.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
            var elements = isLines ? UsageReading.SplitLines(body.Span, LargestBatch) : UsageReading.Split(body.Span, LargestBatch);
            var reading = new UsageReading(await clock.NowAsync(tenantId, cancellationToken));
            var parsed = elements.ConvertAll(e => reading.ReadCloudEvent(body.Span[e]));
            answers = await intake.ChargeAsync(tenantId, parsed, hasHappened: false, cancellationToken, context.Connection.RemoteIpAddress);
        }
        await UsageIntake.WriteBatchAsync(context.Response, answers, cancellationToken);
    }

    internal static Task<IResult> List(
        [AsParameters] UsageListQuery query, HttpContext context, UsageQueries queries, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken) =>
        UsageListing.ListAsync(query, AllServices, context, queries, directory, clock, cancellationToken);

    internal static async Task<IResult> Get(string id, HttpContext context, UsageQueries queries, AccountDirectory directory, CancellationToken cancellationToken) =>
        await UsageListing.FindAsync(id, context, queries, directory, cancellationToken) is { } view ? Results.Ok(view) : Problem.NotFound("event").ToResult();

    /// <summary>Binary mode: the attributes are in headers, the body is the data.</summary>
    static ParsedUsage Binary(UsageReading reading, HttpRequest request, ReadOnlySpan<byte> body)
    {
        reading.Fields.Clear();
        if (reading.Fields.Read(body) is { } problem)
            return ParsedUsage.Refused(problem);
        foreach (var name in new[] { "specversion", "id", "source", "type", "subject" })
        {
            var value = Uri.UnescapeDataString(request.Headers["ce-" + name].ToString());
            if (value.Length > 128 || value.Contains('\0', StringComparison.Ordinal))
                return ParsedUsage.Refused(Problem.Invalid("ce-" + name, "at most 128 characters and no NUL"));
            if (value.Length > 0)
                reading.Fields.Set(name, value);
        }
        var time = request.Headers["ce-time"].ToString();
        if (time.Length > 0)
        {
            if (!DateTimeOffset.TryParse(time, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var at))
                return ParsedUsage.Refused(Problem.Invalid("ce-time", "an RFC 3339 instant"));
            reading.Fields.Set("time", at);
        }
        return reading.CloudEvent();
    }
}
