using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Voice;

/// <summary>
/// Prices the calls of a period again after a rate was mended: shows the differences, or posts them as adjustments. Allowances stay
/// as they were used. What was posted counts the next time, so that a run that was cut off goes on when it is asked for again; so
/// does what was corrected after an estimate, whose true length its adjustment tells.
/// </summary>
public static class RerateCdrs
{
    const int Page = 2_000;
    const int Shown = 100;

    static readonly TimeSpan LongestPeriod = TimeSpan.FromDays(92);

    const string ReadCalls = """
        select u.account_id, u.event_key, u.occurred_at, u.service, u.rating_key, coalesce(r.talk_ms, u.quantity), u.covered_quantity, u.plan_version_id,
               u.amount_micros, u.shortfall_micros, coalesce(r.adjusted, 0)::bigint, a.currency
          from usage.usage_records u
          join ledger.accounts a on a.account_id = u.account_id
          left join (
            select account_id, coalesce(detail::jsonb ->> 'rerated', detail::jsonb ->> 'corrected')::uuid as event_key, max((detail::jsonb ->> 'talkMs')::bigint) as talk_ms,
                   sum(case when debit_book in (1, 2) then amount_micros else -amount_micros end) as adjusted
              from ledger.journal_entries
             where tenant_id = $1 and kind = 2 and (detail like '{"rerated":%' or detail like '{"corrected":%') group by 1, 2) r on r.account_id = u.account_id and r.event_key = u.event_key
         where u.tenant_id = $1 and u.service in (1, 2) and u.occurred_at >= $2 and u.occurred_at < $3 and ($4::bigint is null or u.account_id = $4)
         order by u.occurred_at, u.account_id, u.entry_no
        """;

    /// <summary>Which calls to price again.</summary>
    /// <param name="From">First instant of the period.</param>
    /// <param name="To">First instant after it; at most 92 days later.</param>
    /// <param name="Account">Number or code of one account; all when left out.</param>
    /// <param name="Preview">True, the default, only shows the differences; false posts them.</param>
    /// <param name="RunId">Names the run in the adjustments; needed to post.</param>
    /// <param name="Reason">Why; needed to post.</param>
    public sealed record Request(DateTimeOffset? From, DateTimeOffset? To, string? Account, bool? Preview, string? RunId, string? Reason);

    /// <summary>One call whose price is another now. Amounts are decimal strings of its currency.</summary>
    public sealed record Difference(string UsageId, string Account, string Currency, string Charged, string Price, string Amount);

    /// <summary>Sums of one currency.</summary>
    public sealed record CurrencySums(string Currency, string Charged, string GivenBack);

    /// <summary>What a run came to.</summary>
    /// <param name="Preview">Whether nothing was posted.</param>
    /// <param name="Examined">Calls of the period.</param>
    /// <param name="Changed">Calls whose price is another now.</param>
    /// <param name="Posted">Adjustments that were posted.</param>
    /// <param name="Refused">Adjustments that could not be posted, such as for want of balance; ask again to retry them.</param>
    /// <param name="NoRate">Calls that no rate covers now; they are left as they are.</param>
    /// <param name="Sums">Differences by currency.</param>
    /// <param name="Differences">The first 100.</param>
    public sealed record Report(bool Preview, long Examined, long Changed, long Posted, long Refused, long NoRate, List<CurrencySums> Sums, List<Difference> Differences);

    sealed record Call(
        long AccountId, Guid Key, DateTimeOffset At, Service Service, string RatingKey, long Quantity, long Covered, int PlanVersionId, long Charged, long Shortfall, long Adjusted, string Currency);

    internal static async Task<IResult> Handle(
        Request request, HttpContext context, AccountDirectory directory, Database database, PriceBookStore priceBooks, ChargingPipeline pipeline, TenantClock clock, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (request.From is not { } from || request.To is not { } to || from >= to || to - from > LongestPeriod)
            return Problem.Invalid("from", "an instant before to, at most 92 days").ToResult();
        var preview = request.Preview ?? true;
        if (!preview && (request.RunId is not { Length: > 0 and <= 64 } || request.RunId.Contains('\0', StringComparison.Ordinal)))
            return Problem.Invalid("runId", "1 to 64 characters; the same again goes on with the same run").ToResult();
        if (!preview && (request.Reason is not { Length: > 0 and <= 200 } || request.Reason.Contains('\0', StringComparison.Ordinal)))
            return Problem.Invalid("reason", "1 to 200 characters").ToResult();
        long? accountId = null;
        if (request.Account is not null && (accountId = await directory.FindAsync(caller, request.Account, cancellationToken)) is null)
            return Problem.NotFound("account").ToResult();
        var run = new Run(caller.TenantId, preview, request.RunId, request.Reason, priceBooks, pipeline);
        var isAlone = await database.InTenantAsync(caller.TenantId, async (connection, ct) =>
        {
            // Two runs at once would both post what either found.
            var locked = await Database.QueryAsync(connection, "select pg_try_advisory_xact_lock(hashtext('balatrix.rerate'), $1)", [caller.TenantId], r => r.GetBoolean(0), ct);
            if (!locked[0])
                return false;
            await run.GoAsync(connection, [caller.TenantId, from, to, accountId], ct);
            if (!preview)
                await AuditLog.WriteAsync(
                    connection, caller.TenantId, Actor.Of(context), "cdrs.rerated", "rerate", request.RunId!, null,
                    new { request, run.Examined, run.Changed, run.Posted, run.Refused }, await clock.NowAsync(caller.TenantId, ct), ct);
            return true;
        }, cancellationToken);
        return isAlone
            ? Results.Ok(run.ToReport())
            : new Problem(409, "rerate_running", "Calls of this tenant are being priced again just now.").ToResult();
    }

    sealed class Run(int tenantId, bool preview, string? runId, string? reason, PriceBookStore priceBooks, ChargingPipeline pipeline)
    {
        readonly List<Difference> shown = [];
        readonly SortedDictionary<string, (long Charged, long GivenBack)> sums = new(StringComparer.Ordinal);
        readonly Dictionary<(int Plan, int? Tariff), PriceBook?> books = [];
        Dictionary<long, List<TariffSpan>> tariffs = [];

        public long Examined { get; private set; }

        public long Changed { get; private set; }

        public long Posted { get; private set; }

        public long Refused { get; private set; }

        long noRate;

        public async Task GoAsync(NpgsqlConnection connection, object?[] parameters, CancellationToken cancellationToken)
        {
            tariffs = await TariffStore.SpansAsync(connection, tenantId, parameters[3] is long only ? [only] : null, cancellationToken);
            await using var command = Database.Command(connection, ReadCalls, parameters);
            command.Parameters[3].NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint;
            command.CommandTimeout = 0;
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var adjustments = new List<AccountOperation>();
            while (await reader.ReadAsync(cancellationToken))
            {
                Examined++;
                if (await PriceAsync(Read(reader), cancellationToken) is not { } adjustment)
                    continue;
                adjustments.Add(adjustment);
                if (adjustments.Count == Page)
                    await PostAsync(adjustments, cancellationToken);
            }
            await PostAsync(adjustments, cancellationToken);
        }

        public Report ToReport() => new(
            preview, Examined, Changed, Posted, Refused, noRate,
            [.. sums.Select(s => new CurrencySums(s.Key, Money.Format(s.Value.Charged), Money.Format(s.Value.GivenBack)))], shown);

        async Task<AccountOperation?> PriceAsync(Call call, CancellationToken cancellationToken)
        {
            var prices = (call.PlanVersionId, TariffSpan.At(tariffs.GetValueOrDefault(call.AccountId), call.At));
            if (!books.TryGetValue(prices, out var book))
                books.Add(prices, book = await priceBooks.GetAsync(tenantId, prices.PlanVersionId, prices.Item2, cancellationToken));
            var rated = book is null ? default : Rater.Rate(book.Decks(call.Service), call.Service, call.RatingKey, call.At, call.Quantity, call.Covered, null);
            if (!rated.Matched || rated.AmountMicros is < 0 or > Charging.MaxMicros)
            {
                noRate++;
                return null;
            }
            var difference = Rerating.Difference(call.Charged, call.Shortfall, call.Adjusted, rated.AmountMicros);
            if (difference == 0)
                return null;
            Changed++;
            var usageId = new UsageId(call.AccountId, UsageMonth.Of(call.At), call.Key).ToString();
            var (charged, givenBack) = sums.GetValueOrDefault(call.Currency);
            sums[call.Currency] = difference > 0 ? (charged + difference, givenBack) : (charged, givenBack - difference);
            if (shown.Count < Shown)
                shown.Add(new(usageId, AccountDirectory.NumberOf(call.AccountId), call.Currency, Money.Format(call.Charged + call.Adjusted), Money.Format(rated.AmountMicros), Money.Format(difference)));
            var detail = JsonSerializer.Serialize(new { rerated = call.Key, run = runId, reason }, JsonSerializerOptions.Web);
            return new(call.AccountId, new Post(
                EventKey.Of("rerate", $"{runId}/{usageId}/{call.Adjusted}"), EntryKind.Adjustment, Book.RevenueVoice, -difference, call.Currency, $"rerate {usageId}", detail));
        }

        async Task PostAsync(List<AccountOperation> adjustments, CancellationToken cancellationToken)
        {
            if (!preview)
            {
                var decisions = await pipeline.SubmitAsync(tenantId, adjustments, cancellationToken);
                Posted += decisions.Count(d => d is { Accepted: true, IsRepeat: false });
                Refused += decisions.Count(d => !d.Accepted);
            }
            adjustments.Clear();
        }

        static Call Read(NpgsqlDataReader r) => new(
            r.GetInt64(0), r.GetGuid(1), r.GetFieldValue<DateTimeOffset>(2), (Service)r.GetInt16(3), r.GetString(4), r.GetInt64(5), r.GetInt64(6), r.GetInt32(7),
            r.GetInt64(8), r.GetInt64(9), r.GetInt64(10), r.GetString(11));
    }
}
