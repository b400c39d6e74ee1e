using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>
/// The job reconcile-payments: holds a day of a gateway's own books against ours. Money that the gateway has and we did not hear of is asked for and
/// received; what agrees is posted as settled, what does not is kept and shown. Each run enqueues the next day's.
/// </summary>
sealed class ReconcilePayments(Database database, TenantClock clock, GatewayDirectory gateways, PaymentRunner runner) : IJobHandler
{
    public const string Queue = "payment-retry";
    public const string Kind = "reconcile-payments";

    /// <summary>Days after which money that was taken should be in a settlement.</summary>
    const int SettledWithinDays = 4;

    static readonly TimeOnly At = new(6, 30);

    sealed record Payload(GatewayKind Gateway, DateOnly Day, bool GoesOn);

    /// <summary>Something that does not agree.</summary>
    internal sealed record Difference(string What, string? Payment, string? GatewayId, string? Ours, string? Theirs);

    /// <summary>Enqueues the run of yesterday, and by it all that follow; does nothing when it is there already.</summary>
    public static Task EnqueueAsync(NpgsqlConnection connection, int tenantId, GatewayKind gateway, DateTimeOffset now, TimeZoneInfo zone, CancellationToken cancellationToken) =>
        JobQueue.EnqueueAsync(connection, tenantId, Request(gateway, zone.DayOf(now), zone, goesOn: true), cancellationToken);

    /// <summary>The run of a day, in the morning after it.</summary>
    static JobRequest Request(GatewayKind gateway, DateOnly day, TimeZoneInfo zone, bool goesOn) => new(
        Queue, Kind, JsonSerializer.Serialize(new Payload(gateway, day, goesOn)), zone.InstantOf(day.AddDays(1).ToDateTime(At)),
        string.Create(CultureInfo.InvariantCulture, $"{GatewayDirectory.Name(gateway)}/{day:yyyy-MM-dd}"));

    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var (kind, day, goesOn) = run.Payload.Deserialize<Payload>()!;
        var zone = await clock.ZoneAsync(run.TenantId, cancellationToken);
        if (await gateways.FindAsync(run.TenantId, kind, cancellationToken) is not { } gateway)
            return;
        var answer = await gateway.Client.ReadSettledAsync(day, zone, cancellationToken);
        if (answer.Value is not { } settled)
            throw new IOException($"The gateway does not show its books of {day:yyyy-MM-dd}: {answer.Failure?.Code}.");
        foreach (var item in settled.Items.Where(i => i.Kind == SettledKind.Payment))
            await HearOfAsync(run.TenantId, kind, item, cancellationToken);
        await CompareAsync(run, kind, day, settled.Items, cancellationToken);
        if (goesOn)
            await JobQueue.EnqueueAsync(run.Connection, run.TenantId, Request(kind, day.AddDays(1), zone, goesOn: true), cancellationToken);
    }

    /// <summary>A payment that was settled and that nobody told of is asked for now.</summary>
    async Task HearOfAsync(int tenantId, GatewayKind kind, SettledItem item, CancellationToken cancellationToken)
    {
        var unheard = await database.InTenantAsync(tenantId, async (connection, ct) =>
            await PaymentFinder.FindAttemptAsync(connection, tenantId, kind, item.OrderId, item.Reference, item.PaymentId, ct) is { } attempt
            && (await Database.QueryAsync(
                connection, "select 1 from payments.captures where tenant_id = $1 and gateway = $2 and gateway_payment_id = $3", [tenantId, (short)kind, item.PaymentId ?? ""], r => 1, ct)).Count == 0
                ? attempt
                : ((long PaymentId, int AttemptNo)?)null, cancellationToken);
        if (unheard is var (paymentId, attemptNo))
            await runner.RunAsync(tenantId, paymentId, attemptNo, Actor.System(Kind), cancellationToken);
    }

    static async Task CompareAsync(JobRun run, GatewayKind kind, DateOnly day, IReadOnlyList<SettledItem> items, CancellationToken cancellationToken)
    {
        var differences = new List<Difference>();
        foreach (var item in items)
            if (await KeepAsync(run, kind, day, item, cancellationToken) is { } changed)
                differences.Add(changed);
        // What was learnt just now is in other transactions; this one reads after them.
        differences.AddRange(await PostSettlements.PostAsync(run.Connection, run.TenantId, kind, run.Now, cancellationToken));
        differences.AddRange(await LateAsync(run, kind, day, cancellationToken));
        await SummariseAsync(run, kind, day, items, differences, cancellationToken);
    }

    /// <summary>Keeps a line as the gateway shows it now; what was posted is not changed any more.</summary>
    static async Task<Difference?> KeepAsync(JobRun run, GatewayKind kind, DateOnly day, SettledItem item, CancellationToken cancellationToken)
    {
        var posted = (await Database.QueryAsync(
            run.Connection,
            """
            insert into payments.settlements as s (tenant_id, gateway, item_id, day, kind, gateway_payment_id, gateway_refund_id, currency, gross_micros, fee_micros, fee_tax_micros, net_micros, settlement_id,
                   utr, occurred_at, read_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
            on conflict (tenant_id, gateway, item_id) do update set settlement_id = excluded.settlement_id, utr = excluded.utr, read_at = excluded.read_at,
                   gross_micros = case when s.posted_at is null then excluded.gross_micros else s.gross_micros end, fee_micros = case when s.posted_at is null then excluded.fee_micros else s.fee_micros end,
                   fee_tax_micros = case when s.posted_at is null then excluded.fee_tax_micros else s.fee_tax_micros end, net_micros = case when s.posted_at is null then excluded.net_micros else s.net_micros end
            returning payment_id, gross_micros, fee_micros, fee_tax_micros
            """,
            [
                run.TenantId, (short)kind, item.Id, day, item.Kind.ToString().ToLowerInvariant(), item.PaymentId, item.RefundId, item.Gross.Currency, item.Gross.Micros, item.Fee.Micros, item.FeeTax.Micros,
                item.Net.Micros, item.SettlementId, item.Utr, item.OccurredAt, run.Now,
            ],
            r => (PaymentId: r.IsDBNull(0) ? (long?)null : r.GetInt64(0), Line: new SettlementLine(r.GetInt64(1), r.GetInt64(2), r.GetInt64(3))), cancellationToken))[0];
        return posted.Line == new SettlementLine(item.Gross.Micros, item.Fee.Micros, item.FeeTax.Micros)
            ? null
            : new("changed_after_posting", posted.PaymentId is { } id ? PaymentNumbers.Payment(id) : null, item.Id, Money.Format(posted.Line.NetMicros), Money.Format(item.Net.Micros));
    }

    /// <summary>Money of ours that should have been settled by now.</summary>
    static Task<List<Difference>> LateAsync(JobRun run, GatewayKind kind, DateOnly day, CancellationToken cancellationToken) => Database.QueryAsync(
        run.Connection,
        """
        select c.payment_id, c.gateway_payment_id, c.amount_micros from payments.captures c
         where c.tenant_id = $1 and c.gateway = $2 and c.captured_at < $3::timestamptz - make_interval(days => $4)
           and not exists (select from payments.settlements s where s.tenant_id = c.tenant_id and s.gateway = c.gateway and s.gateway_payment_id = c.gateway_payment_id and s.kind = 'payment')
         order by c.captured_at limit 200
        """,
        [run.TenantId, (short)kind, new DateTimeOffset(day.ToDateTime(TimeOnly.MaxValue), TimeSpan.Zero), SettledWithinDays],
        r => new Difference("not_settled", PaymentNumbers.Payment(r.GetInt64(0)), r.GetString(1), Money.Format(r.GetInt64(2)), null), cancellationToken);

    static Task<int> SummariseAsync(JobRun run, GatewayKind kind, DateOnly day, IReadOnlyList<SettledItem> items, List<Difference> differences, CancellationToken cancellationToken)
    {
        var own = items.Where(i => i.Kind != SettledKind.Payout).ToList();
        return Database.ExecuteAsync(
            run.Connection,
            """
            insert into payments.reconciliations (tenant_id, gateway, day, items, gross_micros, fee_micros, net_micros, clearing_micros, unsettled_micros, differences, run_at)
            select $1, $2, $3, $4, $5, $6, $7, accounts + general, unsettled, $8::jsonb, $9
              from (select coalesce((select sum(case when debit_book = $10 then amount_micros else -amount_micros end) from ledger.journal_entries
                                      where tenant_id = $1 and $10 in (debit_book, credit_book)), 0)::bigint as accounts,
                           coalesce((select sum(case when debit_book = $10 then amount_micros else -amount_micros end) from ledger.general_entries
                                      where tenant_id = $1 and $10 in (debit_book, credit_book)), 0)::bigint as general,
                           coalesce((select sum(amount_micros) from payments.unsettled where tenant_id = $1 and gateway = $2), 0)::bigint as unsettled) sums
            on conflict (tenant_id, gateway, day) do update set items = excluded.items, gross_micros = excluded.gross_micros, fee_micros = excluded.fee_micros, net_micros = excluded.net_micros,
                   clearing_micros = excluded.clearing_micros, unsettled_micros = excluded.unsettled_micros, differences = excluded.differences, run_at = excluded.run_at
            """,
            [
                run.TenantId, (short)kind, day, items.Count, own.Sum(i => i.Gross.Micros), own.Sum(i => i.Fee.Micros), own.Sum(i => i.Net.Micros),
                JsonSerializer.Serialize(differences, JsonSerializerOptions.Web), run.Now, (short)PaymentRecord.BookOf(kind),
            ], cancellationToken);
    }
}
