using System.Globalization;
using Balatrix.Core.Voice.Fraud;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>What accounts are left alone with, by HTTP: seen, and taken back.</summary>
public static class FraudPermits
{
    const int MostItems = 500;

    /// <summary>Something that an account may do, whatever a rule says.</summary>
    /// <param name="Account">Which account.</param>
    /// <param name="Rule">blocked_destination, first_call, velocity or sudden_change.</param>
    /// <param name="Subject">The prefix, country or limit.</param>
    /// <param name="GivenAt">Since when.</param>
    /// <param name="Until">Until when; null for good.</param>
    /// <param name="GivenBy">Who gave it; call when the account called the country before.</param>
    public sealed record FraudPermitView(string Account, string Rule, string Subject, DateTimeOffset GivenAt, DateTimeOffset? Until, string GivenBy);

    /// <summary>A page of permits, by account, rule and subject.</summary>
    /// <param name="Items">Permits.</param>
    /// <param name="Next">Give it as <c>cursor</c> to get the next page; null at the end.</param>
    public sealed record FraudPermitPage(List<FraudPermitView> Items, string? Next);

    /// <summary>A permit that is taken back.</summary>
    /// <param name="Rule">Of which rule.</param>
    /// <param name="Subject">The prefix, country or limit.</param>
    /// <param name="Note">Why; at most 500 characters.</param>
    public sealed record RevokeRequest(string? Rule, string? Subject, string? Note);

    internal static async Task<IResult> List(
        string? account, string? rule, int? limit, string? cursor, HttpContext context, Database database, TenantClock clock, AccountDirectory directory, CancellationToken cancellationToken)
    {
        if (rule is not null && !FraudRules.Known.Contains(rule))
            return Problem.Invalid("rule", string.Join(", ", FraudRules.Known)).ToResult();
        if (limit is < 1 or > MostItems)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        var after = 0;
        if (cursor is not null && !int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after))
            return Problem.Invalid("cursor", "the next of the page before").ToResult();
        var caller = Caller.Of(context);
        long? accountId = null;
        if (account is not null && (accountId = await directory.FindAsync(caller, account, cancellationToken)) is null)
            return Problem.NotFound("account").ToResult();
        var most = limit ?? 50;
        var now = await clock.NowAsync(caller.TenantId, cancellationToken);
        var items = await database.InTenantAsync(
            caller.TenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                """
                select account_id, rule, subject, given_at, until_at, given_by from voice.fraud_permits
                 where tenant_id = $1 and (until_at is null or until_at > $2) and ($3::bigint is null or account_id = $3) and ($4::text is null or rule = $4)
                 order by account_id, rule, subject offset $5 limit $6
                """,
                [caller.TenantId, now, accountId, rule, after, most + 1], Read, ct),
            cancellationToken);
        var hasMore = items.Count > most;
        return Results.Ok(new FraudPermitPage(hasMore ? items[..most] : items, hasMore ? (after + most).ToString(CultureInfo.InvariantCulture) : null));
    }

    internal static async Task<IResult> Revoke(
        string account, RevokeRequest request, HttpContext context, Database database, TenantClock clock, AccountDirectory directory, FraudGuard guard, CancellationToken cancellationToken)
    {
        if (request.Rule is null || !FraudRules.Known.Contains(request.Rule))
            return Problem.Invalid("rule", string.Join(", ", FraudRules.Known)).ToResult();
        if (request.Subject is not { Length: > 0 and <= 300 } subject || subject.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("subject", "that of a permit").ToResult();
        if (request.Note is { } note && (note.Length is 0 or > 500 || note.Contains('\0', StringComparison.Ordinal)))
            return Problem.Invalid("note", "1 to 500 characters").ToResult();
        var (caller, actor) = (Caller.Of(context), Actor.Of(context));
        if (await directory.FindAsync(caller, account, cancellationToken) is not { } accountId)
            return Problem.NotFound("account").ToResult();
        var now = await clock.NowAsync(caller.TenantId, cancellationToken);
        var revoked = await database.InTenantAsync(
            caller.TenantId,
            async (connection, ct) =>
            {
                // It stays as one that is over, so that other nodes hear of it and an earlier call does not give it again.
                var before = await FindAsync(connection, caller.TenantId, accountId, request.Rule, subject, now, ct);
                if (before is null)
                    return null;
                await Database.ExecuteAsync(
                    connection, "update voice.fraud_permits set until_at = $5, given_by = $6, changed_at = clock_timestamp() where tenant_id = $1 and account_id = $2 and rule = $3 and subject = $4",
                    [caller.TenantId, accountId, request.Rule, subject, now, actor.Name], ct);
                var after = before with { Until = now, GivenBy = actor.Name };
                await AuditLog.WriteAsync(connection, caller.TenantId, actor, "fraud.permit-revoked", "fraud_permit", before.Account, before, new { after.Rule, after.Subject, after.Until, request.Note }, now, ct);
                return after;
            },
            cancellationToken);
        if (revoked is null)
            return Problem.NotFound("fraud permit").ToResult();
        guard.PermitsOf(caller.TenantId, accountId)[new(request.Rule, subject)] = now;
        return Results.Ok(revoked);
    }

    static async Task<FraudPermitView?> FindAsync(NpgsqlConnection connection, int tenantId, long accountId, string rule, string subject, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection,
            """
            select account_id, rule, subject, given_at, until_at, given_by from voice.fraud_permits
             where tenant_id = $1 and account_id = $2 and rule = $3 and subject = $4 and (until_at is null or until_at > $5) for update
            """,
            [tenantId, accountId, rule, subject, now], Read, cancellationToken)).SingleOrDefault();

    static FraudPermitView Read(NpgsqlDataReader r) => new(
        AccountDirectory.NumberOf(r.GetInt64(0)), r.GetString(1), r.GetString(2), r.GetFieldValue<DateTimeOffset>(3), r.IsDBNull(4) ? null : r.GetFieldValue<DateTimeOffset>(4), r.GetString(5));
}
