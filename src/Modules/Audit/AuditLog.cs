using System.Text.Json;
using System.Text.Json.Nodes;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Audit;

/// <summary>Who changes something.</summary>
/// <param name="Name">user:E-MAIL, key:NAME or system:JOB.</param>
/// <param name="Address">Where the request came from, or null.</param>
/// <param name="RequestId">The request's id, or null.</param>
public sealed record Actor(string Name, string? Address, string? RequestId)
{
    /// <summary>The caller of a request.</summary>
    public static Actor Of(HttpContext context)
    {
        var caller = context.Items[typeof(Caller)] as Caller;
        var name = caller is null ? "anonymous" : caller.ApiKeyId is null ? $"user:{caller.Name}" : $"key:{caller.Name}";
        return new(name, context.Connection.RemoteIpAddress?.ToString(), context.TraceIdentifier);
    }

    /// <summary>The program itself, doing a job.</summary>
    public static Actor System(string job) => new($"system:{job}", null, null);
}

/// <summary>Writes the audit log: append-only, and hash-chained per tenant, so that a record that was changed, taken out or put in shows.</summary>
public static class AuditLog
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    static readonly string[] Secrets = ["password", "secret", "token", "apikey", "hash", "privatekey"];

    /// <summary>Adds a record in the caller's transaction of the tenant; changes of one tenant wait for each other here, so write it last.</summary>
    /// <param name="connection">In a transaction of the tenant.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="actor">Who.</param>
    /// <param name="action">What was done, such as customer.suspended.</param>
    /// <param name="entity">What it was done to, such as customer.</param>
    /// <param name="entityId">Which one.</param>
    /// <param name="before">State before, or null; properties that name secrets are masked.</param>
    /// <param name="after">State after, or null; the same.</param>
    /// <param name="now">The tenant's time.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task WriteAsync(
        NpgsqlConnection connection, int tenantId, Actor actor, string action, string entity, string entityId, object? before, object? after, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(
            connection, "insert into audit.heads (tenant_id, sequence_no, hash) values ($1, 0, $2) on conflict do nothing", [tenantId, AuditRecord.Genesis], cancellationToken);
        var heads = await Database.QueryAsync(
            connection, "select h.sequence_no, h.hash, t.test_now from audit.heads h join platform.tenants t on t.tenant_id = h.tenant_id where h.tenant_id = $1 for update of h", [tenantId],
            r => (No: r.GetInt64(0), Hash: r.GetFieldValue<byte[]>(1), TestNow: r.IsDBNull(2) ? (DateTimeOffset?)null : r.GetFieldValue<DateTimeOffset>(2)), cancellationToken);
        // Logins and keys live in real time, but what is written of them stands in the tenant's.
        now = heads[0].TestNow ?? now;
        // PostgreSQL keeps microseconds; the hash is of what it keeps.
        var at = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
        var record = new AuditRecord(heads[0].No + 1, at, actor.Name, actor.Address, actor.RequestId, action, entity, entityId, Masked(before), Masked(after));
        var hash = record.HashAfter(tenantId, heads[0].Hash);
        await Database.ExecuteAsync(
            connection,
            """
            with head as (update audit.heads set sequence_no = $2, hash = $12 where tenant_id = $1)
            insert into audit.records (tenant_id, sequence_no, occurred_at, actor, address, request_id, action, entity, entity_id, before, after, hash)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            [tenantId, record.SequenceNo, at, record.Actor, record.Address, record.RequestId, action, entity, entityId, record.Before, record.After, hash], cancellationToken);
    }

    /// <summary>A state as JSON text without its secrets.</summary>
    internal static string? Masked(object? state)
    {
        if (state is null)
            return null;
        var node = JsonSerializer.SerializeToNode(state, Json);
        Mask(node);
        return node?.ToJsonString(Json);
    }

    static void Mask(JsonNode? node)
    {
        if (node is JsonArray array)
        {
            foreach (var element in array)
                Mask(element);
        }
        else if (node is JsonObject fields)
        {
            foreach (var (name, value) in fields.ToArray())
            {
                if (value is not null && Array.Exists(Secrets, s => name.Contains(s, StringComparison.OrdinalIgnoreCase)))
                    fields[name] = "***";
                else
                    Mask(value);
            }
        }
    }
}
