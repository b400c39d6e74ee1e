using System.Text.Json;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>What happened to documents, shown with them.</summary>
public static class DocumentSteps
{
    /// <summary>Notes steps, in the transaction of what happened.</summary>
    public static Task<int> WriteAsync(
        NpgsqlConnection connection, int tenantId, IReadOnlyList<(long DocumentId, string Step, object? Detail)> steps, DateTimeOffset now, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        "insert into invoicing.document_steps (tenant_id, taken_at, document_id, step, detail) select $1, $2, v.id, v.step, v.detail::jsonb from unnest($3::bigint[], $4::text[], $5::text[]) as v(id, step, detail)",
        [
            tenantId, now, steps.Select(s => s.DocumentId).ToArray(), steps.Select(s => s.Step).ToArray(),
            steps.Select(s => s.Detail is null ? null : JsonSerializer.Serialize(s.Detail, JsonSerializerOptions.Web)).ToArray(),
        ],
        cancellationToken);
}
