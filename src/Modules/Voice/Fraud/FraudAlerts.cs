using System.Globalization;
using Balatrix.Core.Voice.Fraud;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>Something that a rule found.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Account">Whose calls.</param>
/// <param name="Rule">blocked_destination, first_call, velocity or sudden_change.</param>
/// <param name="Subject">The prefix, country or limit.</param>
/// <param name="Action">What was done: alert, throttle, suspend or refuse.</param>
/// <param name="Status">open, resolved or allowed.</param>
/// <param name="Reason">What was found, the last time.</param>
/// <param name="Called">The number that was called the last time.</param>
/// <param name="Repeats">How many calls it was found in.</param>
/// <param name="RaisedAt">The first time.</param>
/// <param name="LastAt">The last time.</param>
/// <param name="ClosedAt">When staff closed it.</param>
/// <param name="ClosedBy">Who.</param>
/// <param name="Note">What they said.</param>
public sealed record FraudAlertView(
    long Id, string Account, string Rule, string Subject, string Action, string Status, string Reason, string Called, long Repeats,
    DateTimeOffset RaisedAt, DateTimeOffset LastAt, DateTimeOffset? ClosedAt, string? ClosedBy, string? Note);

/// <summary>A page of alerts, latest first.</summary>
/// <param name="Items">Alerts.</param>
/// <param name="Next">Give it as <c>cursor</c> to get the next page; null at the end.</param>
public sealed record FraudAlertPage(List<FraudAlertView> Items, string? Next);

/// <summary>Alerts: one that is open takes up all that is found of the same rule, subject and account.</summary>
sealed class FraudAlerts(Database database, TenantClock clock)
{
    const string Columns = "alert_id, account_id, rule, subject, action, status, reason, called, repeats, raised_at, last_at, closed_at, closed_by, note";

    static readonly Actor Guard = Actor.System("fraud-guard");

    /// <summary>Tells staff of a finding, and suspends the account when the rule says so.</summary>
    public Task<bool> RaiseAsync(int tenantId, PendingAlert alert, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        async (connection, ct) =>
        {
            var now = await clock.NowAsync(tenantId, ct);
            var (finding, call) = (alert.Finding, alert.Call);
            // Staff may be closing one of these: what they allow is seen after them.
            await Database.ExecuteAsync(
                connection, "select 1 from voice.fraud_alerts where tenant_id = $1 and account_id = $2 and rule = $3 and subject = $4 and status = 'open' for update",
                [tenantId, call.AccountId, finding.Subject.Rule, finding.Subject.Subject], ct);
            var raised = await Database.QueryAsync(
                connection,
                """
                insert into voice.fraud_alerts as a (tenant_id, account_id, rule, subject, action, reason, called, repeats, raised_at, last_at)
                select $1, $2, $3, $4, $5, $6, $7, $8, $9, $9
                 where not exists (select 1 from voice.fraud_permits
                                    where tenant_id = $1 and account_id = $2 and rule = $3 and subject = $4 and (until_at is null or until_at > $9))
                on conflict (tenant_id, account_id, rule, subject) where status = 'open'
                do update set repeats = a.repeats + excluded.repeats, last_at = excluded.last_at, called = excluded.called, reason = excluded.reason, action = excluded.action
                returning alert_id, xmax = 0
                """,
                [tenantId, call.AccountId, finding.Subject.Rule, finding.Subject.Subject, FraudActions.Name(finding.Action), finding.Reason, call.ToE164, alert.Times, now],
                r => (Id: r.GetInt64(0), IsNew: r.GetBoolean(1)), ct);
            if (raised is not [var (id, isNew)])
                return false;
            if (finding.Action == FraudAction.Suspend)
                await AccountSuspension.StopAsync(connection, tenantId, call.AccountId, Guard, $"Fraud alert {id}: {finding.Reason}", now, ct);
            if (isNew)
                await AuditLog.WriteAsync(connection, tenantId, Guard, "fraud.alert-raised", "fraud_alert", Name(id), null, await FindAsync(connection, tenantId, id, false, ct), now, ct);
            return isNew;
        },
        cancellationToken);

    /// <summary>A page.</summary>
    public static async Task<FraudAlertPage> ListAsync(
        NpgsqlConnection connection, int tenantId, string? status, long? accountId, string? rule, long before, int limit, CancellationToken cancellationToken)
    {
        var items = await Database.QueryAsync(
            connection,
            $"""
            select {Columns} from voice.fraud_alerts
             where tenant_id = $1 and alert_id < $2 and ($3::text is null or status = $3) and ($4::bigint is null or account_id = $4) and ($5::text is null or rule = $5)
             order by alert_id desc limit {limit + 1}
            """,
            [tenantId, before, status, accountId, rule], Read, cancellationToken);
        var hasMore = items.Count > limit;
        return new(hasMore ? items[..limit] : items, hasMore ? Name(items[limit - 1].Id) : null);
    }

    /// <summary>One, or null.</summary>
    public static async Task<FraudAlertView?> FindAsync(NpgsqlConnection connection, int tenantId, long id, bool toChange, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, $"select {Columns} from voice.fraud_alerts where alert_id = $1 and tenant_id = $2{(toChange ? " for update" : "")}", [id, tenantId], Read, cancellationToken)).SingleOrDefault();

    /// <summary>Closes one that is open and locked.</summary>
    public static Task CloseAsync(NpgsqlConnection connection, int tenantId, long id, string status, string by, string? note, DateTimeOffset now, CancellationToken cancellationToken) =>
        Database.ExecuteAsync(
            connection, "update voice.fraud_alerts set status = $3, closed_at = $4, closed_by = $5, note = $6 where alert_id = $1 and tenant_id = $2",
            [id, tenantId, status, now, by, note], cancellationToken);

    /// <summary>Leaves an account alone with something, for a time or for good.</summary>
    public static Task PermitAsync(
        NpgsqlConnection connection, int tenantId, long accountId, FraudSubject subject, DateTimeOffset now, DateTimeOffset? until, string by, CancellationToken cancellationToken) =>
        Database.ExecuteAsync(
            connection,
            """
            insert into voice.fraud_permits (tenant_id, account_id, rule, subject, given_at, until_at, given_by) values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (tenant_id, account_id, rule, subject)
            do update set given_at = excluded.given_at, until_at = excluded.until_at, given_by = excluded.given_by, changed_at = clock_timestamp()
            """,
            [tenantId, accountId, subject.Rule, subject.Subject, now, until, by], cancellationToken);

    internal static string Name(long id) => id.ToString(CultureInfo.InvariantCulture);

    static FraudAlertView Read(NpgsqlDataReader r) => new(
        r.GetInt64(0), AccountDirectory.NumberOf(r.GetInt64(1)), r.GetString(2), r.GetString(3), r.GetString(4), r.GetString(5), r.GetString(6), r.GetString(7), r.GetInt64(8),
        r.GetFieldValue<DateTimeOffset>(9), r.GetFieldValue<DateTimeOffset>(10), r.IsDBNull(11) ? null : r.GetFieldValue<DateTimeOffset>(11),
        r.IsDBNull(12) ? null : r.GetString(12), r.IsDBNull(13) ? null : r.GetString(13));
}
