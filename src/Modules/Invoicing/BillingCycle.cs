using System.Globalization;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>How far a billing cycle is.</summary>
/// <param name="Day">The day that it bills for.</param>
/// <param name="Status">running or done.</param>
/// <param name="Examined">Accounts that were due.</param>
/// <param name="Issued">Documents that were issued.</param>
/// <param name="Failed">Accounts that could not be billed.</param>
/// <param name="LastAccount">Up to where it is, in the order of account numbers.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="FinishedAt">When it was done.</param>
/// <param name="Failures">Why, for the first hundred.</param>
public sealed record CycleView(
    DateOnly Day, string Status, int Examined, int Issued, int Failed, string? LastAccount, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, IReadOnlyList<CycleFailure> Failures);

/// <summary>An account that a cycle could not bill; the next cycle tries it again.</summary>
public sealed record CycleFailure(string Account, string Code, string Message);

/// <summary>
/// Bills all accounts whose month is over: each by the months of its subscription, or by calendar months without one. A chunk of accounts is one
/// transaction with the cycle's mark, so a cycle that was cut off goes on where it stopped; one account's fault is noted and stops no other.
/// </summary>
public sealed partial class BillingCycle(Database database, TenantClock clock, ILogger<BillingCycle> logger)
{
    /// <summary>Accounts in one transaction.</summary>
    public const int Chunk = 500;

    // Use until the account's month began; entries that are no use whenever they were posted.
    const string FindDue = """
        select account_id, until from (
            select a.account_id, case when s.month_from <= $3 then s.month_from else $4::timestamptz end as until, coalesce(b.billed_until, date_trunc('second', p.created_at)) as billed_until,
                   coalesce(b.billed_entry_no, 0) as billed_entry_no, coalesce(b.open_from_entry, 1) as open_from, a.entry_no
              from ledger.accounts a
              join customers.account_profiles p on p.account_id = a.account_id
              left join invoicing.billing b on b.account_id = a.account_id
              left join subscriptions.subscriptions s on s.account_id = a.account_id and s.status <> 7
             where a.tenant_id = $1 and a.account_id > $2
               and (a.kind = 2 or exists (select from invoicing.lots l where l.account_id = a.account_id and l.is_taxed_at_use and l.used_micros + l.returned_micros < l.net_micros))) due
         where (entry_no > billed_entry_no or open_from <= billed_entry_no) and (until > billed_until or (billed_entry_no = 0 and until = billed_until))
         order by account_id limit $5
        """;

    /// <summary>Begins the cycle of a day, or begins it again when it is done; one that runs goes on.</summary>
    public static async Task<long> StartAsync(NpgsqlConnection connection, int tenantId, DateOnly day, DateTimeOffset now, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection,
        """
        insert into invoicing.cycles as c (tenant_id, run_on, status, started_at, updated_at) values ($1, $2, 'running', $3, $3)
        on conflict (tenant_id, run_on) do update
           set last_account_id = case when c.status = 'done' then 0 else c.last_account_id end, status = 'running', finished_at = null, updated_at = excluded.updated_at
        returning cycle_id
        """,
        [tenantId, day, now], r => r.GetInt64(0), cancellationToken))[0];

    /// <summary>Bills one chunk in the caller's transaction.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> StepAsync(NpgsqlConnection connection, int tenantId, long cycleId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (day, status, last) = (await Database.QueryAsync(
            connection, "select run_on, status, last_account_id from invoicing.cycles where cycle_id = $1 and tenant_id = $2 for update", [cycleId, tenantId],
            r => (r.GetFieldValue<DateOnly>(0), r.GetString(1), r.GetInt64(2)), cancellationToken)).Single();
        if (status == "done")
            return false;
        var tenant = await BillingTenant.LoadAsync(connection, tenantId, cancellationToken);
        var (dayEnd, month) = (tenant.Start(day.AddDays(1)), tenant.Start(new DateOnly(day.Year, day.Month, 1)));
        var due = await Database.QueryAsync(
            connection, FindDue, [tenantId, last, dayEnd < now ? dayEnd : now, month, Chunk], r => (Id: r.GetInt64(0), Until: r.GetFieldValue<DateTimeOffset>(1)), cancellationToken);
        var outcomes = await BillAsync(connection, tenantId, tenant, due.ToDictionary(d => d.Id, d => (DateTimeOffset?)d.Until), now, cancellationToken);
        await GenerateInvoice.WriteAuditAsync(connection, tenantId, Actor.System("process-billing-cycle"), outcomes, now, cancellationToken);
        var failed = outcomes.Where(o => o.Problem is not null).ToList();
        foreach (var outcome in failed)
            await Database.ExecuteAsync(
                connection,
                """
                insert into invoicing.cycle_failures (tenant_id, cycle_id, account_id, code, message, failed_at) values ($1, $2, $3, $4, $5, $6)
                on conflict (cycle_id, account_id) do update set code = excluded.code, message = excluded.message, failed_at = excluded.failed_at
                """,
                [tenantId, cycleId, outcome.AccountId, outcome.Problem!.Code, outcome.Problem.Title, now], cancellationToken);
        await Database.ExecuteAsync(
            connection, "delete from invoicing.cycle_failures where cycle_id = $1 and account_id = any($2) and tenant_id = $3",
            [cycleId, outcomes.Where(o => o.Problem is null).Select(o => o.AccountId).ToArray(), tenantId], cancellationToken);
        await Database.ExecuteAsync(
            connection,
            """
            update invoicing.cycles set last_account_id = $2, examined = examined + $3, issued = issued + $4,
                   failed = (select count(*) from invoicing.cycle_failures f where f.cycle_id = $1), updated_at = $5,
                   status = case when $6 then 'done' else 'running' end, finished_at = case when $6 then $5::timestamptz end
             where cycle_id = $1 and tenant_id = $7
            """,
            [cycleId, due.Count > 0 ? due[^1].Id : last, due.Count, outcomes.Sum(o => o.Issued.Count), now, due.Count < Chunk, tenantId], cancellationToken);
        return due.Count == Chunk;
    }

    /// <summary>Runs the cycle of a day for so long, chunk by chunk, each in a transaction of its own; what is left is for a job.</summary>
    public async Task<CycleView> RunAsync(int tenantId, DateOnly day, TimeSpan atMost, Actor actor, CancellationToken cancellationToken)
    {
        var started = Environment.TickCount64;
        var cycleId = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var now = await clock.NowAsync(tenantId, ct);
            var id = await StartAsync(connection, tenantId, day, now, ct);
            await AuditLog.WriteAsync(connection, tenantId, actor, "billing_cycle.started", "billing_cycle", day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), null, null, now, ct);
            return id;
        }, cancellationToken);
        while (await database.InTenantAsync(tenantId, async (connection, ct) => await StepAsync(connection, tenantId, cycleId, await clock.NowAsync(tenantId, ct), ct), cancellationToken))
        {
            if (Environment.TickCount64 - started < atMost.TotalMilliseconds)
                continue;
            await database.InTenantAsync(tenantId, (connection, ct) => RunBillingCycle.EnqueueAsync(connection, tenantId, cycleId, ct), cancellationToken);
            break;
        }
        return (await FindAsync(tenantId, day, cancellationToken))!;
    }

    /// <summary>How far the cycle of a day is, or null when it was never begun.</summary>
    public Task<CycleView?> FindAsync(int tenantId, DateOnly day, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        async (connection, ct) =>
        {
            var failures = await Database.QueryAsync(
                connection,
                "select f.account_id, f.code, f.message from invoicing.cycle_failures f join invoicing.cycles c using (cycle_id) where c.tenant_id = $1 and c.run_on = $2 order by f.account_id limit 100",
                [tenantId, day], r => new CycleFailure(Customers.AccountDirectory.NumberOf(r.GetInt64(0)), r.GetString(1), r.GetString(2)), ct);
            return (await Database.QueryAsync(
                connection, "select status, examined, issued, failed, last_account_id, started_at, finished_at from invoicing.cycles where tenant_id = $1 and run_on = $2", [tenantId, day],
                r => new CycleView(
                    day, r.GetString(0), r.GetInt32(1), r.GetInt32(2), r.GetInt32(3), r.GetInt64(4) == 0 ? null : Customers.AccountDirectory.NumberOf(r.GetInt64(4)),
                    r.GetFieldValue<DateTimeOffset>(5), r.IsDBNull(6) ? null : r.GetFieldValue<DateTimeOffset>(6), failures), ct)).SingleOrDefault();
        },
        cancellationToken);

    /// <summary>Bills accounts together; when that fails, one by one, so that whose fault it was fails alone.</summary>
    async Task<List<InvoiceOutcome>> BillAsync(
        NpgsqlConnection connection, int tenantId, BillingTenant tenant, Dictionary<long, DateTimeOffset?> due, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (due.Count == 0)
            return [];
        await SavepointAsync(connection, "savepoint chunk", cancellationToken);
        try
        {
            return await InvoiceCharges.IssueAsync(connection, tenantId, tenant, due, now, cancellationToken);
        }
        catch (Exception exception) when (IsOneAccounts(exception))
        {
            await SavepointAsync(connection, "rollback to savepoint chunk", cancellationToken);
        }
        var outcomes = new List<InvoiceOutcome>();
        foreach (var (accountId, until) in due.OrderBy(d => d.Key))
        {
            await SavepointAsync(connection, "savepoint account", cancellationToken);
            try
            {
                outcomes.AddRange(await InvoiceCharges.IssueAsync(connection, tenantId, tenant, new Dictionary<long, DateTimeOffset?> { [accountId] = until }, now, cancellationToken));
            }
            catch (Exception exception) when (IsOneAccounts(exception))
            {
                await SavepointAsync(connection, "rollback to savepoint account", cancellationToken);
                LogFailed(logger, accountId.ToString(CultureInfo.InvariantCulture), exception);
                outcomes.Add(new(accountId, [], exception is ProblemException refused ? refused.Problem : new(500, "billing_failed", "The account could not be billed; see the log.")));
            }
        }
        return outcomes;
    }

    /// <summary>A fault of the data, not of the connection or of whoever stops us.</summary>
    static bool IsOneAccounts(Exception exception) => exception is not OperationCanceledException && !Database.IsPassing(exception);

    static Task<int> SavepointAsync(NpgsqlConnection connection, string statement, CancellationToken cancellationToken) => Database.ExecuteAsync(connection, statement, [], cancellationToken);

    [LoggerMessage(LogLevel.Error, "Account {Account} could not be billed")]
    static partial void LogFailed(ILogger logger, string account, Exception exception);
}
