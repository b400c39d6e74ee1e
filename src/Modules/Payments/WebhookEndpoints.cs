using System.Text.Json;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Http;
using Npgsql;
using NpgsqlTypes;

namespace Balatrix.Modules.Payments;

/// <summary>
/// What gateways post. The signature says that it is theirs and whose it is: <c>?tenant=SLUG</c> names the tenant, and without it the tenant is the
/// one whose secret fits. The event is kept once for its id and answered at once; what it says is learnt by a job.
/// </summary>
public static class WebhookEndpoints
{
    const int LargestBody = 512 * 1024;

    /// <summary>What became of an event.</summary>
    /// <param name="Received">true.</param>
    /// <param name="Duplicate">Whether it had come before.</param>
    public sealed record WebhookAnswer(bool Received, bool Duplicate);

    internal static Task<IResult> Razorpay(HttpContext context, GatewayDirectory gateways, Database database, JobSignals signals, TimeProvider time, CancellationToken cancellationToken) =>
        ProcessWebhook.AnswerAsync(() => TakeAsync(GatewayKind.Razorpay, context, gateways, database, signals, time, cancellationToken));

    internal static Task<IResult> Stripe(HttpContext context, GatewayDirectory gateways, Database database, JobSignals signals, TimeProvider time, CancellationToken cancellationToken) =>
        ProcessWebhook.AnswerAsync(() => TakeAsync(GatewayKind.Stripe, context, gateways, database, signals, time, cancellationToken));

    static async Task<IResult> TakeAsync(GatewayKind kind, HttpContext context, GatewayDirectory gateways, Database database, JobSignals signals, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await ReadAsync(context.Request, cancellationToken) is not { } body)
            return new Problem(413, "body_too_large", $"A webhook has at most {LargestBody / 1024} KB.").ToResult();
        string? named = context.Request.Query["tenant"];
        // Signatures are made and checked in real time, whatever a test clock says.
        var now = time.GetUtcNow();
        var worst = WebhookVerdict.Forged;
        foreach (var (tenantId, slug) in await gateways.WebhookTenantsAsync(kind, cancellationToken))
        {
            if ((named is not null && named != slug) || await gateways.FindAsync(tenantId, kind, cancellationToken) is not { } gateway)
                continue;
            var reading = gateway.Client.ReadWebhook(body, name => context.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null, now);
            if (reading is { Verdict: WebhookVerdict.Genuine, Event: { } told })
                return Results.Ok(new WebhookAnswer(true, Duplicate: !await KeepAsync(database, signals, tenantId, kind, told, body, now, cancellationToken)));
            if (reading.Verdict != WebhookVerdict.Forged)
                worst = reading.Verdict;
        }
        return worst switch
        {
            WebhookVerdict.Stale => new Problem(400, "signature_stale", "The signature is of more than five minutes ago or ahead.").ToResult(),
            WebhookVerdict.Unreadable => new Problem(400, "webhook_unreadable", "The signature fits, but the body is no event of this gateway.").ToResult(),
            _ => new Problem(401, "signature_invalid", "The signature fits no secret of this gateway.").ToResult(),
        };
    }

    /// <summary>Keeps an event with the job that will look at it, in one round trip; false when it is here already.</summary>
    static async Task<bool> KeepAsync(
        Database database, JobSignals signals, int tenantId, GatewayKind kind, GatewayEvent told, byte[] body, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var isWork = told.Kind != GatewayEventKind.Other;
        var keep = new NpgsqlBatchCommand(
            """
            insert into payments.webhook_events (tenant_id, gateway, event_id, name, payload, event, occurred_at, received_at, outcome, processed_at)
            values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10) on conflict do nothing
            """)
        {
            Parameters =
            {
                new() { Value = tenantId }, new() { Value = (short)kind }, new() { Value = told.Id }, new() { Value = told.Name }, new() { Value = body },
                new() { Value = JsonSerializer.Serialize(told) }, new() { Value = told.At.UtcDateTime }, new() { Value = now.UtcDateTime }, new() { Value = isWork ? "waiting" : "ignored" },
                new() { Value = isWork ? DBNull.Value : now.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz },
            },
        };
        await database.ExecuteInTenantAsync(tenantId, isWork ? [keep, JobQueue.EnqueueQuietlyCommand(tenantId, ProcessWebhook.First(kind, told.Id))] : [keep], cancellationToken);
        if (isWork)
            signals.Wake(ProcessWebhook.Queue);
        return keep.RecordsAffected == 1;
    }

    static async Task<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > LargestBody)
            return null;
        using var body = new MemoryStream((int)(request.ContentLength ?? 4096));
        var buffer = new byte[16 * 1024];
        for (int read; (read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if (body.Length + read > LargestBody)
                return null;
            body.Write(buffer, 0, read);
        }
        return body.ToArray();
    }
}
