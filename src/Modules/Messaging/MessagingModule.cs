using System.Text.Json;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Balatrix.Modules.Messaging;

/// <summary>Messages: charging them, and what became of them.</summary>
public static class MessagingModule
{
    /// <summary>Its routes.</summary>
    public static void MapMessaging(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/charges", ChargeEndpoint.Post).WithTags("messaging").RequireScope(Scope.UsageWrite).Accepts<object>("application/json", "*/*")
            .WithSummary("Charge one SMS, or an array of them: segments, MCC/MNC, price, outcome")
            .Produces<UsageAnswerView>(201).Produces<BatchAnswerView>().ProducesProblem(402).ProducesProblem(409);
        var messages = routes.MapGroup("/api/v1/sms-cdrs").WithTags("messaging");
        messages.MapGet("", MessageEndpoints.List).RequireRoles(Roles.Everyone, Scope.UsageRead).WithSummary("List message records, latest first").Produces<UsagePage>();
        messages.MapGet("{id}", MessageEndpoints.Get).RequireRoles(Roles.Everyone, Scope.UsageRead).WithSummary("One message record with its rating trace and delivery state").Produces<MessageEndpoints.MessageView>();
        messages.MapPut("{id}/status", MessageEndpoints.SetStatus).RequireScope(Scope.UsageWrite)
            .WithSummary("Delivery report; a message that failed is refunded when its plan charges on delivery")
            .Produces<MessageEndpoints.StatusAnswer>().ProducesProblem(409);
    }
}

/// <summary>Charging messages.</summary>
public static class ChargeEndpoint
{
    /// <summary>The most messages in one request.</summary>
    public const int LargestBatch = 10_000;

    internal static async Task Post(HttpContext context, RequestBodies bodies, UsageIntake intake, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var reading = new UsageReading(await clock.NowAsync(tenantId, cancellationToken));
        UsageAnswer[] answers;
        bool isOne;
        using (var body = await bodies.ReadAsync(context.Request, cancellationToken))
        {
            isOne = body.Span.TrimStart(" \t\r\n"u8) is not [(byte)'[', ..];
            var parsed = isOne ? [reading.ReadMessage(body.Span)] : UsageReading.Split(body.Span, LargestBatch).ConvertAll(e => reading.ReadMessage(body.Span[e]));
            answers = await intake.ChargeAsync(tenantId, parsed, hasHappened: false, cancellationToken, context.Connection.RemoteIpAddress);
        }
        if (isOne)
            await UsageIntake.WriteOneAsync(context, answers[0], cancellationToken);
        else
            await UsageIntake.WriteBatchAsync(context.Response, answers, cancellationToken);
    }
}

/// <summary>Message records.</summary>
public static class MessageEndpoints
{
    static readonly Service[] Messages = [Service.Sms];

    /// <summary>A delivery report.</summary>
    /// <param name="Status">delivered, failed or expired.</param>
    /// <param name="Error">The operator's error code, if any.</param>
    public sealed record StatusRequest(string? Status, string? Error);

    internal static Task<IResult> List(
        [AsParameters] UsageListQuery query, HttpContext context, UsageQueries queries, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken) =>
        UsageListing.ListAsync(query, Messages, context, queries, directory, clock, cancellationToken);

    internal static async Task<IResult> Get(string id, HttpContext context, UsageQueries queries, AccountDirectory directory, Database database, CancellationToken cancellationToken)
    {
        if (!UsageId.TryParse(id, out var usageId) || await UsageListing.FindAsync(id, context, queries, directory, cancellationToken) is not { Service: "sms" } view)
            return Problem.NotFound("message record").ToResult();
        var states = await StatesAsync(Caller.Of(context).TenantId, usageId, database, cancellationToken);
        return Results.Ok(new MessageView(view, states.SingleOrDefault() ?? new("submitted", null, view.RecordedAt)));
    }

    /// <summary>A message record with where it stands.</summary>
    public sealed record MessageView(UsageView Message, MessageState Delivery);

    /// <summary>What a delivery report came to.</summary>
    /// <param name="Id">The message record.</param>
    /// <param name="Status">Its final state.</param>
    /// <param name="Error">The operator's error code, if any.</param>
    /// <param name="UpdatedAt">When it was first reported.</param>
    /// <param name="Refunded">What was given back, or null.</param>
    public sealed record StatusAnswer(string Id, string Status, string? Error, DateTimeOffset UpdatedAt, string? Refunded);

    /// <summary>Where a message stands.</summary>
    public sealed record MessageState(string Status, string? Error, DateTimeOffset UpdatedAt);

    internal static async Task<IResult> SetStatus(
        string id, StatusRequest request, HttpContext context, UsageQueries queries, AccountDirectory directory, Database database, ChargingPipeline pipeline, TenantClock clock, CancellationToken cancellationToken)
    {
        if (request.Status is not ("delivered" or "failed" or "expired"))
            return Problem.Invalid("status", "delivered, failed or expired").ToResult();
        if (request.Error is { Length: > 64 } || request.Error?.Contains('\0', StringComparison.Ordinal) == true)
            return Problem.Invalid("error", "at most 64 characters").ToResult();
        if (!UsageId.TryParse(id, out var usageId) || await UsageListing.FindAsync(id, context, queries, directory, cancellationToken) is not { Service: "sms" } view)
            return Problem.NotFound("message record").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        // The first final state holds: a late or repeated report changes nothing.
        await database.InTenantAsync(
            tenantId,
            async (connection, ct) => await Database.ExecuteAsync(
                connection,
                """
                insert into messaging.message_states (tenant_id, account_id, event_key, status, error, updated_at) values ($1, $2, $3, $4, $5, $6)
                on conflict (account_id, event_key) do nothing
                """,
                [tenantId, usageId.AccountId, usageId.EventKey, request.Status, request.Error, await clock.NowAsync(tenantId, ct)], ct),
            cancellationToken);
        var state = (await StatesAsync(tenantId, usageId, database, cancellationToken)).Single();
        if (state.Status != request.Status)
            return new Problem(409, "final_state", $"The message is {state.Status} already.", "status", state.Status).ToResult();
        var refund = state.Status == "delivered" ? null : await RefundAsync(tenantId, usageId, view, database, pipeline, cancellationToken);
        return Results.Ok(new StatusAnswer(id, state.Status, state.Error, state.UpdatedAt, refund));
    }

    static async Task<string?> RefundAsync(int tenantId, UsageId id, UsageView view, Database database, ChargingPipeline pipeline, CancellationToken cancellationToken)
    {
        if (!Core.Money.TryParse(view.Amount, out var amount) || amount == 0)
            return null;
        var rows = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                "select v.terms, a.currency from catalog.plan_versions v, ledger.accounts a where v.plan_version_id = $1 and v.tenant_id = $3 and a.account_id = $2 and a.tenant_id = $3",
                [view.PlanVersionId, id.AccountId, tenantId],
                r => (Terms: JsonSerializer.Deserialize<PlanTerms>(r.GetString(0), PlanTerms.Json)!, Currency: r.GetString(1)), ct),
            cancellationToken);
        if (rows is not [var (terms, currency)] || terms.SmsChargeOn != "delivery")
            return null;
        var refund = new Post(EventKey.Of("refund", id.ToString()), EntryKind.Refund, Book.RevenueSms, amount, currency, id.ToString(), null);
        var decision = await pipeline.SubmitAsync(tenantId, id.AccountId, refund, cancellationToken);
        return decision.Accepted ? view.Amount : null;
    }

    static Task<List<MessageState>> StatesAsync(int tenantId, UsageId id, Database database, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(
            connection, "select status, error, updated_at from messaging.message_states where account_id = $1 and event_key = $2 and tenant_id = $3",
            [id.AccountId, id.EventKey, tenantId],
            r => new MessageState(r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1), r.GetFieldValue<DateTimeOffset>(2)), ct),
        cancellationToken);
}
