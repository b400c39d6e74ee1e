using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Balatrix.Modules.Audit;

/// <summary>Reads the audit log.</summary>
static class AuditStore
{
    public const string Columns = "sequence_no, occurred_at, actor, address, request_id, action, entity, entity_id, before, after";

    public static AuditRecord Read(NpgsqlDataReader r) => new(
        r.GetInt64(0), r.GetFieldValue<DateTimeOffset>(1), r.GetString(2), Text(r, 3), Text(r, 4), r.GetString(5), r.GetString(6), r.GetString(7), Text(r, 8), Text(r, 9));

    static string? Text(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : r.GetString(at);
}

/// <summary>Who did what, when, from where, before and after.</summary>
public static class AuditModule
{
    /// <summary>A record as the API shows it.</summary>
    public sealed record Entry(
        long SequenceNo, DateTimeOffset OccurredAt, string Actor, string? Address, string? RequestId, string Action, string Entity, string EntityId, JsonElement? Before, JsonElement? After);

    /// <summary>A page, latest first.</summary>
    public sealed record Page(List<Entry> Items, long? Next);

    /// <summary>What the log is limited to.</summary>
    /// <param name="Actor">Such as user:admin@balatrix.com.</param>
    /// <param name="Action">Such as customer.suspended.</param>
    /// <param name="Entity">Such as customer.</param>
    /// <param name="EntityId">Which one.</param>
    /// <param name="From">First instant.</param>
    /// <param name="To">First instant after.</param>
    /// <param name="Limit">1 to 500 records a page; 50 when left out.</param>
    /// <param name="Cursor">The next of the page before.</param>
    public sealed record Query(string? Actor, string? Action, string? Entity, string? EntityId, DateTimeOffset? From, DateTimeOffset? To, int? Limit, long? Cursor);

    /// <summary>Its services.</summary>
    public static void AddAudit(this IServiceCollection services) => services.AddSingleton<AuditVerification>();

    /// <summary>Its routes.</summary>
    public static void MapAudit(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/audit-logs", List).WithTags("operations").RequireRoles(Roles.Admin, Scope.All).WithSummary("Who did what, when, from where, before and after").Produces<Page>();

    static async Task<IResult> List([AsParameters] Query query, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        if (query.Limit is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        foreach (var (name, text) in new[] { ("actor", query.Actor), ("action", query.Action), ("entity", query.Entity), ("entityId", query.EntityId) })
            if (text is { Length: > 300 } || text?.Contains('\0', StringComparison.Ordinal) == true)
                return Problem.Invalid(name, "at most 300 characters").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var limit = query.Limit ?? 50;
        var items = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                $"""
                select {AuditStore.Columns} from audit.records
                 where tenant_id = $1 and sequence_no < $2
                   {(query.Actor is null ? "" : "and actor = $3")} {(query.Action is null ? "" : "and action = $4")}
                   {(query.Entity is null ? "" : "and entity = $5")} {(query.EntityId is null ? "" : "and entity_id = $6")}
                   {(query.From is null ? "" : "and occurred_at >= $7")} {(query.To is null ? "" : "and occurred_at < $8")}
                 order by sequence_no desc limit {(limit + 1).ToString(CultureInfo.InvariantCulture)}
                """,
                [
                    tenantId, query.Cursor ?? long.MaxValue, query.Actor ?? "", query.Action ?? "", query.Entity ?? "", query.EntityId ?? "",
                    query.From ?? DateTimeOffset.UnixEpoch, query.To ?? DateTimeOffset.UnixEpoch,
                ],
                AuditStore.Read, ct),
            cancellationToken);
        var entries = items.Take(limit).Select(r => new Entry(
            r.SequenceNo, r.OccurredAt, r.Actor, r.Address, r.RequestId, r.Action, r.Entity, r.EntityId, Parse(r.Before), Parse(r.After))).ToList();
        return Results.Ok(new Page(entries, items.Count > limit ? entries[^1].SequenceNo : null));
    }

    static JsonElement? Parse(string? json) => json is null ? null : JsonElement.Parse(json);
}
