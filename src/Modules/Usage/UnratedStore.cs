using System.Text.Json;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Usage;

/// <summary>A use that happened and could not be charged yet.</summary>
public sealed record UnratedEvent(
    long Id, string Account, string Service, DateTimeOffset OccurredAt, UsageEvent Event, string Code, string Message, int Attempts, string Status, DateTimeOffset ReceivedAt);

/// <summary>Which of the uses that wait are asked for; what is null excludes none.</summary>
/// <param name="References">The account, by any text that records name it by.</param>
/// <param name="Numbers">Calling or called, in each way that records write it.</param>
/// <param name="From">First instant of use.</param>
/// <param name="To">First instant after.</param>
/// <param name="Before">The number that the page before ended with.</param>
/// <param name="Limit">How many.</param>
public sealed record UnratedFilter(string[]? References, string[]? Numbers, DateTimeOffset? From, DateTimeOffset? To, long Before, int Limit);

/// <summary>The visible queue of use that could not be rated or charged: nothing that happened is lost.</summary>
public sealed class UnratedStore(Database database, TenantClock clock)
{
    /// <summary>Keeps a use; the same use again counts an attempt, and is what will be charged when it was mended meanwhile.</summary>
    public Task<long> KeepAsync(int tenantId, string account, UsageEvent usage, Problem problem, CancellationToken cancellationToken) =>
        database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var ids = await Database.QueryAsync(
                connection,
                """
                insert into usage.unrated_events (tenant_id, account_reference, source, event_id, service, occurred_at, event, code, message, received_at, updated_at)
                values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $10)
                on conflict (tenant_id, account_reference, source, event_id) do update
                   set attempts = unrated_events.attempts + 1, service = excluded.service, occurred_at = excluded.occurred_at, event = excluded.event, code = excluded.code, message = excluded.message, updated_at = excluded.updated_at
                returning unrated_id
                """,
                [tenantId, account, usage.Source, usage.Id, (short)usage.Service, usage.OccurredAt, JsonSerializer.Serialize(usage), problem.Code, problem.Title, await clock.NowAsync(tenantId, ct)],
                r => r.GetInt64(0), ct);
            return ids[0];
        }, cancellationToken);

    /// <summary>Notes in the caller's transaction that kept uses were charged after all.</summary>
    public async Task SettleAsync(NpgsqlConnection connection, int tenantId, IReadOnlyCollection<(long Id, string UsageId)> charged, CancellationToken cancellationToken) =>
        await Database.ExecuteAsync(
            connection,
            """
            update usage.unrated_events u set status = 'charged', usage_id = c.usage_id, updated_at = $4
              from unnest($1::bigint[], $2::text[]) as c(unrated_id, usage_id)
             where u.unrated_id = c.unrated_id and u.tenant_id = $3
            """,
            [charged.Select(c => c.Id).ToArray(), charged.Select(c => c.UsageId).ToArray(), tenantId, await clock.NowAsync(tenantId, cancellationToken)], cancellationToken);

    /// <summary>Open ones, oldest first, after an id.</summary>
    public Task<List<UnratedEvent>> OpenAfterAsync(int tenantId, long after, int limit, CancellationToken cancellationToken) =>
        ListAsync(tenantId, "status = 'open' and unrated_id > $2 order by unrated_id limit $3", [after, limit], cancellationToken);

    /// <summary>One, or null.</summary>
    public async Task<UnratedEvent?> FindAsync(int tenantId, long id, CancellationToken cancellationToken) =>
        (await ListAsync(tenantId, "unrated_id = $2", [id], cancellationToken)).SingleOrDefault();

    /// <summary>Open ones, newest first.</summary>
    public Task<List<UnratedEvent>> OpenAsync(int tenantId, UnratedFilter filter, CancellationToken cancellationToken) => ListAsync(
        tenantId,
        """
        status = 'open' and unrated_id < $2
           and ($4::text[] is null or account_reference = any($4))
           and ($5::text[] is null or array[event->>'CallingNumber', event->>'CalledNumber', event->>'RatingKey'] && $5)
           and ($6::timestamptz is null or occurred_at >= $6) and ($7::timestamptz is null or occurred_at < $7)
         order by unrated_id desc limit $3
        """,
        [filter.Before, filter.Limit, filter.References, filter.Numbers, filter.From, filter.To], cancellationToken);

    Task<List<UnratedEvent>> ListAsync(int tenantId, string condition, object?[] values, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(
            connection,
            $"""
            select unrated_id, account_reference, service, occurred_at, event, code, message, attempts, status, received_at
              from usage.unrated_events where tenant_id = $1 and {condition}
            """,
            [tenantId, .. values], Read, ct),
        cancellationToken);

    static UnratedEvent Read(NpgsqlDataReader r) => new(
        r.GetInt64(0), r.GetString(1), Services.Name((Service)r.GetInt16(2)), r.GetFieldValue<DateTimeOffset>(3),
        JsonSerializer.Deserialize<UsageEvent>(r.GetString(4))!, r.GetString(5), r.GetString(6), r.GetInt32(7), r.GetString(8), r.GetFieldValue<DateTimeOffset>(9));
}
