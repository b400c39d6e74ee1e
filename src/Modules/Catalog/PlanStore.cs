using System.Text.Json;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Catalog;

/// <summary>A plan with its latest version.</summary>
/// <param name="Id">Number of the plan.</param>
/// <param name="Code">Short name in URLs.</param>
/// <param name="Name">Name for customers.</param>
/// <param name="Status">draft, published or retired.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Version">Counts versions from 1.</param>
/// <param name="PlanVersionId">What charges made under this version name.</param>
/// <param name="Terms">What it says.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
public sealed record PlanView(
    int Id, string Code, string Name, string Status, string Currency, int Version, int PlanVersionId, PlanTerms Terms, DateTimeOffset UpdatedAt);

/// <summary>Plans in the database.</summary>
public sealed class PlanStore(Database database, TenantClock clock)
{
    const string Select = """
        select p.plan_id, p.code, p.name, p.status, p.currency, v.version, v.plan_version_id, v.terms, p.updated_at
          from catalog.plans p
          join lateral (select * from catalog.plan_versions v where v.plan_id = p.plan_id order by version desc limit 1) v on true
         where p.tenant_id = $1
        """;

    /// <summary>Plans, published ones only or all, by code.</summary>
    public Task<List<PlanView>> ListAsync(int tenantId, bool all, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(connection, Select + (all ? "" : " and p.status = 'published'") + " order by p.code", [tenantId], Read, ct),
        cancellationToken);

    /// <summary>One by code or number, or null.</summary>
    public Task<PlanView?> FindAsync(int tenantId, string id, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId, (connection, ct) => FindAsync(connection, tenantId, id, ct), cancellationToken);

    /// <summary>One by code or number in the caller's transaction, or null.</summary>
    public static async Task<PlanView?> FindAsync(NpgsqlConnection connection, int tenantId, string id, CancellationToken cancellationToken)
    {
        var isNumber = int.TryParse(id, out var number);
        var found = await Database.QueryAsync(
            connection, Select + (isNumber ? " and p.plan_id = $2" : " and p.code = $2"), [tenantId, isNumber ? number : id], Read, cancellationToken);
        return found.SingleOrDefault();
    }

    /// <summary>Makes a draft; null when the code is taken.</summary>
    public Task<PlanView?> CreateAsync(int tenantId, string code, string name, string currency, PlanTerms terms, Actor actor, CancellationToken cancellationToken) =>
        database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var now = await clock.NowAsync(tenantId, ct);
            var ids = await Database.QueryAsync(
                connection,
                """
                insert into catalog.plans (tenant_id, code, name, status, currency, created_at, updated_at)
                values ($1, $2, $3, 'draft', $4, $5, $5) on conflict (tenant_id, code) do nothing returning plan_id
                """,
                [tenantId, code, name, currency, now], r => r.GetInt32(0), ct);
            if (ids.Count == 0)
                return null;
            await AddVersionAsync(connection, tenantId, ids[0], 1, terms, now, ct);
            return await AuditedAsync(connection, tenantId, "plan.created", null, code, actor, now, ct);
        }, cancellationToken);

    /// <summary>Writes a new version when the latest is the one expected; null otherwise.</summary>
    public Task<PlanView?> AddVersionAsync(int tenantId, PlanView plan, string name, PlanTerms terms, Actor actor, CancellationToken cancellationToken) =>
        database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var now = await clock.NowAsync(tenantId, ct);
            // The lock on the plan numbers its versions one by one.
            await Database.ExecuteAsync(connection, "select 1 from catalog.plans where plan_id = $1 and tenant_id = $2 for update", [plan.Id, tenantId], ct);
            var latest = await FindAsync(connection, tenantId, plan.Code, ct);
            if (latest is null || latest.Version != plan.Version)
                return null;
            await Database.ExecuteAsync(connection, "update catalog.plans set name = $3, updated_at = $4 where plan_id = $1 and tenant_id = $2", [plan.Id, tenantId, name, now], ct);
            await AddVersionAsync(connection, tenantId, plan.Id, plan.Version + 1, terms, now, ct);
            return await AuditedAsync(connection, tenantId, "plan.updated", latest, plan.Code, actor, now, ct);
        }, cancellationToken);

    /// <summary>Changes the status.</summary>
    public Task<PlanView?> SetStatusAsync(int tenantId, PlanView plan, string status, Actor actor, CancellationToken cancellationToken) =>
        database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var now = await clock.NowAsync(tenantId, ct);
            await Database.ExecuteAsync(
                connection, "update catalog.plans set status = $3, updated_at = $4 where plan_id = $1 and tenant_id = $2", [plan.Id, tenantId, status, now], ct);
            return await AuditedAsync(connection, tenantId, $"plan.{status}", plan, plan.Code, actor, now, ct);
        }, cancellationToken);

    static async Task<PlanView?> AuditedAsync(
        NpgsqlConnection connection, int tenantId, string action, PlanView? before, string code, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var after = await FindAsync(connection, tenantId, code, cancellationToken);
        await AuditLog.WriteAsync(connection, tenantId, actor, action, "plan", code, before, after, now, cancellationToken);
        return after;
    }

    static async Task AddVersionAsync(
        NpgsqlConnection connection, int tenantId, int planId, int version, PlanTerms terms, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(
            connection, "insert into catalog.plan_versions (tenant_id, plan_id, version, terms, created_at) values ($1, $2, $3, $4::jsonb, $5)",
            [tenantId, planId, version, JsonSerializer.Serialize(terms, PlanTerms.Json), now], cancellationToken);
        await Database.ExecuteAsync(connection, $"notify {PriceBookStore.Channel}", [], cancellationToken);
    }

    static PlanView Read(NpgsqlDataReader r) => new(
        r.GetInt32(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetInt32(5), r.GetInt32(6),
        JsonSerializer.Deserialize<PlanTerms>(r.GetString(7), PlanTerms.Json)!, r.GetFieldValue<DateTimeOffset>(8));
}
