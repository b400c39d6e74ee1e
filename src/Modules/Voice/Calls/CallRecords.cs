using System.Text.Json;
using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Voice;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Balatrix.Modules.Voice.Fraud;
using Balatrix.Modules.Voice.FreeSwitch;
using Npgsql;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>
/// Meets call records with the calls that were controlled: whichever comes first, the record or the last event, settles the reservation, and the other finds it done.
/// What was charged by estimate is corrected.
/// </summary>
public sealed class CallRecords
{
    readonly Database database;
    readonly AccountDirectory accounts;
    readonly CallLedger ledger;
    readonly EstimateCorrection correction;
    readonly CallEnds ends;

    internal CallRecords(Database database, AccountDirectory accounts, CallLedger ledger, EstimateCorrection correction, CallEnds ends)
    {
        (this.database, this.accounts, this.ledger) = (database, accounts, ledger);
        (this.correction, this.ends) = (correction, ends);
    }

    /// <summary>The segments of a call of accounts that are named by number or code.</summary>
    internal async Task<List<KeptCall>> FindAsync(int tenantId, string?[] codes, string callId, CancellationToken cancellationToken) =>
        await PayersAsync(tenantId, codes, cancellationToken) is { Length: > 0 } payers
            ? await database.InTenantAsync(tenantId, (connection, ct) => CallStore.FindAsync(connection, tenantId, payers, [callId], ct), cancellationToken)
            : [];

    async Task<long[]> PayersAsync(int tenantId, IEnumerable<string?> codes, CancellationToken cancellationToken)
    {
        var payers = new HashSet<long>();
        foreach (var code in codes.Distinct(StringComparer.Ordinal))
            if (code is { Length: > 0 } && await accounts.FindAsync(tenantId, code, cancellationToken) is { } accountId)
                payers.Add(accountId);
        return [.. payers];
    }

    /// <summary>Which of some records are of calls that were controlled, by their channels.</summary>
    public async Task<HashSet<string>> ControlledAsync(int tenantId, IReadOnlyList<CallRecord> calls, CancellationToken cancellationToken)
    {
        var payers = await PayersAsync(tenantId, calls.SelectMany(c => new[] { c.AccountCode, c.ForwardedBy }), cancellationToken);
        if (payers.Length == 0)
            return [];
        var found = await database.InTenantAsync(tenantId, (connection, ct) => CallStore.FindAsync(connection, tenantId, payers, [.. calls.Select(c => c.Uuid)], ct), cancellationToken);
        return found.Select(k => k.Row.ChannelId).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Lets fraud rules count calls that were charged from records alone.</summary>
    internal void Recorded(int tenantId, IReadOnlyList<ParsedUsage> parsed, UsageAnswer[] answers) => ends.Fraud.Recorded(tenantId, parsed, answers);

    /// <summary>Takes a record, or says by null that it is of a call that nobody controlled.</summary>
    public async Task<UsageAnswer?> TakeAsync(int tenantId, CallRecord call, CancellationToken cancellationToken)
    {
        UsageAnswer? answer = null;
        var facts = new CallFacts(call.StartedAt, call.AnsweredAt, call.EndedAt, call.TalkMs);
        foreach (var kept in await FindAsync(tenantId, [call.AccountCode, call.ForwardedBy], call.Uuid, cancellationToken))
        {
            // After a transfer the call goes on in another leg, which this record does not tell of.
            if (kept.Row.ChannelId != call.Uuid || kept.State == CallRowState.Released)
                continue;
            answer = await TakeAsync(kept, call, facts, cancellationToken);
        }
        for (var session = answer is null ? null : ends.Live.Find(call.Uuid); session is not null; session = session.Also)
            session.Post(new CallInput.Ended(facts));
        return answer;
    }

    async Task<UsageAnswer> TakeAsync(KeptCall kept, CallRecord call, CallFacts facts, CancellationToken cancellationToken)
    {
        var row = kept.Row;
        var end = CallMachine.EndOf(facts, kept.MeterFrom);
        if (kept.State is CallRowState.Estimated or CallRowState.Corrected)
            return await correction.CorrectAsync(kept, end, call.AnsweredAt, cancellationToken);
        if (kept is { State: CallRowState.Settled, TalkMs: { } settledMs })
            end = end with { TalkMs = settledMs };
        var answer = await ledger.SettleAsync(row, end, call.AnsweredAt, call.Detail(), cancellationToken);
        if (answer is { Status: 201, Decision: { } decision })
            ends.Fraud.Ended(row.TenantId, CallAuthorizer.FraudCallOf(row), TimeSpan.FromMilliseconds(end.TalkMs), decision.Posting?.AmountMicros ?? 0);
        // Since it was looked for, it may have been charged by estimate.
        else if (kept.State == CallRowState.GoingOn && await AgainAsync(kept, cancellationToken) is { State: CallRowState.Estimated } estimated)
            return await correction.CorrectAsync(estimated, end, call.AnsweredAt, cancellationToken);
        return answer;
    }

    async Task<KeptCall?> AgainAsync(KeptCall kept, CancellationToken cancellationToken)
    {
        var found = await database.InTenantAsync(kept.Row.TenantId, (connection, ct) => CallStore.FindAsync(connection, kept.Row.TenantId, [kept.Row.AccountId], [kept.Row.CallId], ct), cancellationToken);
        return found.Find(k => k.Row.Segment == kept.Row.Segment);
    }
}

/// <summary>Who is told when a call has ended.</summary>
sealed record CallEnds(FraudGuard Fraud, LiveCalls Live);

/// <summary>Posts the difference when the record of a call comes that was charged by estimate.</summary>
sealed class EstimateCorrection(Database database, PriceBookStore priceBooks, ChargingPipeline pipeline)
{
    const string ReadUsage = """
        select u.amount_micros, u.shortfall_micros, u.covered_quantity, u.plan_version_id, a.currency, a.balance_micros + a.credit_limit_micros - a.held_micros,
               (select coalesce(sum(case when j.debit_book in (1, 2) then j.amount_micros else -j.amount_micros end), 0)::bigint
                  from ledger.journal_entries j where j.account_id = u.account_id and j.entry_no > u.entry_no and j.kind = 2 and j.detail like '{"rerated":"' || u.event_key || '"%')
          from usage.usage_records u join ledger.accounts a on a.account_id = u.account_id
         where u.account_id = $1 and u.event_key = $2 and u.tenant_id = $3 and u.occurred_at >= $4 and u.occurred_at < $5
        """;

    /// <summary>What was charged by estimate, and by re-ratings since (negative: given back).</summary>
    sealed record Charged(long Micros, long Shortfall, long Covered, int PlanVersionId, string Currency, long Available, long Rerated);

    /// <summary>Corrects a call once, however often its record comes.</summary>
    public async Task<UsageAnswer> CorrectAsync(KeptCall kept, CallEnd end, DateTimeOffset? answeredAt, CancellationToken cancellationToken)
    {
        var row = kept.Row;
        var estimatedFrom = kept.AnsweredAt is { } answered ? kept.MeterFrom ?? answered : row.StartedAt;
        var usageId = new UsageId(row.AccountId, UsageMonth.Of(estimatedFrom), EventKey.Of(CallRecord.Source, row.UsageId));
        var answer = new UsageAnswer(200, row.UsageId, usageId.ToString(), null, null);
        if (kept.State == CallRowState.Corrected)
            return answer;
        var (charged, spans) = await database.InTenantAsync(row.TenantId, async (connection, ct) => (
            await ReadAsync(connection, row, usageId, ct), await TariffStore.SpansAsync(connection, row.TenantId, [row.AccountId], ct)), cancellationToken);
        if (charged is not null && await priceBooks.GetAsync(row.TenantId, charged.PlanVersionId, TariffSpan.At(spans.GetValueOrDefault(row.AccountId), end.At), cancellationToken) is { } book)
        {
            var rated = Rater.Rate(book.Decks(row.Service), row.Service, row.RatingKey, end.At, end.TalkMs, charged.Covered, null);
            var difference = rated.Matched ? Rerating.Difference(charged.Micros, charged.Shortfall, charged.Rerated, rated.AmountMicros) : 0;
            // An estimate that was too low, and the money was spent since: as much as is there.
            difference = Math.Min(difference, Math.Max(0, charged.Available));
            if (difference != 0)
            {
                var detail = JsonSerializer.Serialize(new { corrected = usageId.EventKey, talkMs = end.TalkMs }, JsonSerializerOptions.Web);
                await pipeline.SubmitAsync(
                    row.TenantId, row.AccountId,
                    new Post(EventKey.Of("estimate", row.UsageId), EntryKind.Adjustment, Book.RevenueVoice, -difference, charged.Currency, $"call {row.UsageId}", detail), cancellationToken);
            }
        }
        await database.ExecuteInTenantAsync(
            row.TenantId, [CallStore.Close(row, CallRowState.Corrected, answeredAt, end.At.AddMilliseconds(end.TalkMs), end.TalkMs)], cancellationToken);
        return answer;
    }

    static async Task<Charged?> ReadAsync(NpgsqlConnection connection, CallRow row, UsageId id, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, ReadUsage, [row.AccountId, id.EventKey, row.TenantId, UsageMonth.Start(id.Month), UsageMonth.Start(id.Month + 1)],
        r => new Charged(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt32(3), r.GetString(4), r.GetInt64(5), r.GetInt64(6)), cancellationToken)).SingleOrDefault();
}
