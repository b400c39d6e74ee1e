using System.Text.Json;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Writes steps that were taken, one statement a table for however many.</summary>
sealed class SubscriptionWrites(SubscriptionAllowances allowances, CallLimits limits)
{
    const string Upsert = """
        insert into subscriptions.subscriptions as s (tenant_id, subscription_id, account_id, currency, status, plan_version_id, plan_code, cycle, price_micros, add_ons, scheduled,
               anchor_at, zone, period_from, period_to, month_from, month_to, is_trial, is_paid, is_next_paid, auto_renew, is_held_by_hand, is_reminded, waited, owed,
               stopped_at, payment_method, next_at, version, created_at, is_held_with_customer, updated_at)
        select $1, v.id, v.account, v.currency, v.status, v.plan, v.code, v.cycle, v.price, v.add_ons::jsonb, v.scheduled::jsonb,
               v.anchor, v.zone, v.period_from, v.period_to, v.month_from, v.month_to, v.trial, v.paid, v.next_paid, v.auto, v.held, v.reminded, v.waited, v.owed::jsonb,
               v.stopped, v.method, v.next_at, v.version, v.created, v.held_with_customer, $2
          from unnest($3::bigint[], $4::bigint[], $5::text[], $6::smallint[], $7::int[], $8::text[], $9::smallint[], $10::bigint[], $11::text[], $12::text[],
                      $13::timestamptz[], $14::text[], $15::timestamptz[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[],
                      $19::boolean[], $20::boolean[], $21::boolean[], $22::boolean[], $23::boolean[], $24::boolean[], $25::int[], $26::text[],
                      $27::timestamptz[], $28::text[], $29::timestamptz[], $30::int[], $31::timestamptz[], $32::boolean[])
               as v(id, account, currency, status, plan, code, cycle, price, add_ons, scheduled, anchor, zone, period_from, period_to, month_from, month_to,
                    trial, paid, next_paid, auto, held, reminded, waited, owed, stopped, method, next_at, version, created, held_with_customer)
        on conflict (subscription_id) do update
           set status = excluded.status, plan_version_id = excluded.plan_version_id, plan_code = excluded.plan_code, cycle = excluded.cycle, price_micros = excluded.price_micros,
               add_ons = excluded.add_ons, scheduled = excluded.scheduled, anchor_at = excluded.anchor_at, zone = excluded.zone, period_from = excluded.period_from,
               period_to = excluded.period_to, month_from = excluded.month_from, month_to = excluded.month_to, is_trial = excluded.is_trial, is_paid = excluded.is_paid,
               is_next_paid = excluded.is_next_paid, auto_renew = excluded.auto_renew, is_held_by_hand = excluded.is_held_by_hand, is_reminded = excluded.is_reminded,
               waited = excluded.waited, owed = excluded.owed, stopped_at = excluded.stopped_at, payment_method = excluded.payment_method, next_at = excluded.next_at,
               version = excluded.version, is_held_with_customer = excluded.is_held_with_customer, updated_at = excluded.updated_at
        """;

    const string InsertLines = """
        insert into subscriptions.lines (tenant_id, posted_at, subscription_id, version, line_no, kind, item, plan_version_id, quantity, from_at, to_at, amount_micros, account_id, event_key)
        select $1, $2, * from unnest($3::bigint[], $4::int[], $5::int[], $6::smallint[], $7::text[], $8::int[], $9::int[], $10::timestamptz[], $11::timestamptz[], $12::bigint[], $13::bigint[], $14::uuid[])
        """;

    const string CutSegments = """
        update subscriptions.segments g set to_at = v.at
          from unnest($1::bigint[], $2::timestamptz[]) as v(id, at)
         where g.subscription_id = any($1) and g.subscription_id = v.id and g.from_at <= v.at and (g.to_at is null or g.to_at > v.at)
        """;

    const string InsertSegments = """
        insert into subscriptions.segments (tenant_id, subscription_id, from_at, to_at, kind, plan_version_id, plan_code, period_from, period_to, price_micros)
        select $1, * from unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::smallint[], $6::int[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::bigint[])
        on conflict (subscription_id, from_at) do update
           set to_at = excluded.to_at, kind = excluded.kind, plan_version_id = excluded.plan_version_id, plan_code = excluded.plan_code,
               period_from = excluded.period_from, period_to = excluded.period_to, price_micros = excluded.price_micros
        """;

    const string InsertNotices = """
        insert into subscriptions.notices (tenant_id, given_at, subscription_id, notice) select $1, $2, * from unnest($3::bigint[], $4::text[])
        """;

    const string SetPlans = """
        update ledger.accounts a set plan_version_id = v.plan, plan_since = v.at
          from unnest($1::bigint[], $3::timestamptz[], $4::int[]) as v(account, at, plan)
         where a.account_id = any($1) and a.account_id = v.account and a.tenant_id = $2
        """;

    const string InsertPlans = """
        insert into ledger.account_plans (account_id, tenant_id, valid_from, plan_version_id)
        select v.account, $2, v.at, v.plan from unnest($1::bigint[], $3::timestamptz[], $4::int[]) as v(account, at, plan)
        on conflict (account_id, valid_from) do update set plan_version_id = excluded.plan_version_id
        """;

    /// <summary>Writes the steps; the subscriptions and their accounts are locked.</summary>
    public async Task SaveAsync(NpgsqlConnection connection, int tenantId, List<TakenStep> taken, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (taken.Count == 0)
            return;
        await SaveSubscriptionsAsync(connection, tenantId, [.. taken.Select(t => t.After)], now, cancellationToken);
        await SaveLinesAsync(connection, tenantId, taken, now, cancellationToken);
        await SaveSegmentsAsync(connection, tenantId, taken, cancellationToken);
        var notices = Effects<NoticeGiven>(taken);
        if (notices.Count > 0)
        {
            await Database.ExecuteAsync(connection, InsertNotices, [tenantId, now, Column(notices, n => n.Taken.After.Id), Column(notices, n => Notices.Name(n.Effect.Notice))], cancellationToken);
            await NoticeMail.EnqueueAsync(connection, tenantId, [.. notices.Select(n => (n.Taken.After, n.Effect.Notice))], cancellationToken);
        }
        // Before the plans, since a new subscription's account still has the plan before it.
        await limits.SaveAsync(connection, tenantId, taken, cancellationToken);
        await SavePlansAsync(connection, tenantId, taken, cancellationToken);
        await allowances.SaveAsync(connection, tenantId, taken, cancellationToken);
        await SubscriptionEnds.EnqueueAsync(connection, tenantId, taken, cancellationToken);
    }

    /// <summary>Writes subscriptions as they are now.</summary>
    public static Task<int> SaveSubscriptionsAsync(NpgsqlConnection connection, int tenantId, List<SubscriptionRecord> rows, DateTimeOffset now, CancellationToken cancellationToken) =>
        Database.ExecuteAsync(
            connection, Upsert,
            [
                tenantId, now, Column(rows, r => r.Id), Column(rows, r => r.AccountId), Column(rows, r => r.Currency), Column(rows, r => (short)r.State.Status),
                Column(rows, r => r.State.Plan.PlanVersionId), Column(rows, r => r.State.Plan.Code), Column(rows, r => (short)r.State.Plan.Cycle),
                Column(rows, r => r.State.Plan.PriceMicros), Column(rows, r => r.State.AddOns.IsEmpty ? "[]" : Json(r.State.AddOns)),
                Column(rows, r => r.State.Scheduled is { } scheduled ? Json(scheduled) : null), Column(rows, r => r.State.Anchor.Start), Column(rows, r => r.State.Anchor.Zone.Id),
                Column(rows, r => r.State.Period.From), Column(rows, r => r.State.Period.To), Column(rows, r => r.State.AllowanceMonth.From),
                Column(rows, r => r.State.AllowanceMonth.To), Column(rows, r => r.State.IsTrial), Column(rows, r => r.State.IsPaid), Column(rows, r => r.State.IsNextPaid),
                Column(rows, r => r.State.AutoRenew), Column(rows, r => r.State.IsHeldByHand), Column(rows, r => r.State.IsReminded), Column(rows, r => r.State.Waited),
                Column(rows, r => r.State.Owed.IsEmpty ? "[]" : Json(r.State.Owed)), Column(rows, r => r.State.StoppedAt), Column(rows, r => r.PaymentMethod),
                Column(rows, r => Lifecycle.NextAt(r.State)), Column(rows, r => r.Version), Column(rows, r => r.CreatedAt), Column(rows, r => r.State.IsHeldWithCustomer),
            ],
            cancellationToken);

    static async Task SaveLinesAsync(NpgsqlConnection connection, int tenantId, List<TakenStep> taken, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var lines = taken.SelectMany(t => t.Step!.Lines.Select((line, no) => (Taken: t, Line: line, No: no + 1))).ToList();
        if (lines.Count == 0)
            return;
        await Database.ExecuteAsync(
            connection, InsertLines,
            [
                tenantId, now, Column(lines, l => l.Taken.After.Id), Column(lines, l => l.Taken.After.Version), Column(lines, l => l.No), Column(lines, l => (short)l.Line.Kind),
                Column(lines, l => l.Line.Item), Column(lines, l => l.Line.PlanVersionId), Column(lines, l => l.Line.Quantity), Column(lines, l => l.Line.Span.From),
                Column(lines, l => l.Line.Span.To), Column(lines, l => l.Line.AmountMicros), Column(lines, l => l.Taken.After.AccountId), Column(lines, l => l.Taken.EventKey),
            ],
            cancellationToken);
    }

    static async Task SaveSegmentsAsync(NpgsqlConnection connection, int tenantId, List<TakenStep> taken, CancellationToken cancellationToken)
    {
        var begun = Effects<SegmentBegun>(taken);
        if (begun.Count == 0)
            return;
        await Database.ExecuteAsync(connection, CutSegments, [Column(begun, b => b.Taken.After.Id), Column(begun, b => b.Effect.From)], cancellationToken);
        begun.RemoveAll(b => b.Effect.Kind == SegmentKind.Ended);
        if (begun.Count == 0)
            return;
        await Database.ExecuteAsync(
            connection, InsertSegments,
            [
                tenantId, Column(begun, b => b.Taken.After.Id), Column(begun, b => b.Effect.From), Column(begun, b => b.Effect.To), Column(begun, b => (short)b.Effect.Kind),
                Column(begun, b => b.Taken.After.State.Plan.PlanVersionId), Column(begun, b => b.Taken.After.State.Plan.Code), Column(begun, b => b.Taken.After.State.Period.From),
                Column(begun, b => b.Taken.After.State.Period.To),
                Column(begun, b => b.Taken.After.State.Plan.PriceMicros + b.Taken.After.State.AddOns.Sum(a => a.Quantity * a.PriceMicros)),
            ],
            cancellationToken);
    }

    static async Task SavePlansAsync(NpgsqlConnection connection, int tenantId, List<TakenStep> taken, CancellationToken cancellationToken)
    {
        // The last word of a step is what holds.
        var set = Effects<PlanInForce>(taken).GroupBy(e => e.Taken.After.AccountId).Select(g => g.Last()).ToList();
        if (set.Count == 0)
            return;
        var (accounts, at, versions) = (Column(set, s => s.Taken.After.AccountId), Column(set, s => s.Effect.At), Column(set, s => s.Effect.PlanVersionId));
        await Database.ExecuteAsync(connection, SetPlans, [accounts, tenantId, at, versions], cancellationToken);
        await Database.ExecuteAsync(connection, InsertPlans, [accounts, tenantId, at, versions], cancellationToken);
    }

    /// <summary>The effects of one kind, with their steps.</summary>
    internal static List<(TakenStep Taken, TEffect Effect)> Effects<TEffect>(List<TakenStep> taken)
        where TEffect : SubscriptionEffect => [.. taken.SelectMany(t => t.Step!.Effects.OfType<TEffect>().Select(e => (t, e)))];

    /// <summary>One column of some rows.</summary>
    internal static TColumn[] Column<TRow, TColumn>(List<TRow> rows, Func<TRow, TColumn> value) => [.. rows.Select(value)];

    static string Json<T>(T value) => JsonSerializer.Serialize(value, JsonSerializerOptions.Web);
}
