using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Tariffs;

/// <summary>
/// The job credit-volume-discounts: credits the discounts of a month that is over, and what use of the two months before it that
/// came late makes of theirs. The account stays locked from the sums to the posting, so that no use slips in between.
/// </summary>
sealed class CreditDiscounts(TenantClock clock) : IJobHandler
{
    /// <summary>Its queue.</summary>
    public const string Queue = "billing";

    /// <summary>Its kind.</summary>
    public const string Kind = "credit-volume-discounts";

    const int MonthsMadeGood = 2;

    /// <summary>What was used just before the month's end has come by then; before the bills of the day are made.</summary>
    static readonly TimeSpan AfterMonth = TimeSpan.FromMinutes(30);

    // A message that was given back counts for nothing; what pricing again charged or gave back belongs to its call.
    const string ReadUse = """
        select coalesce(sum(u.billed_quantity), 0)::bigint, coalesce(sum(u.amount_micros + coalesce(r.adjusted, 0)), 0)::bigint
          from usage.usage_records u
          left join (
            select (detail::jsonb ->> 'rerated')::uuid as event_key, sum(case when debit_book in (1, 2) then amount_micros else -amount_micros end) as adjusted
              from ledger.journal_entries
             where account_id = $1 and tenant_id = $2 and kind = 2 and detail like '{"rerated":%' group by 1) r on r.event_key = u.event_key
         where u.account_id = $1 and u.tenant_id = $2 and u.occurred_at >= $3 and u.occurred_at < $4 and u.service = $5
           and ($6 = '' or u.destination = $6 or starts_with(u.destination, $6 || ' '))
           and not exists (
            select from ledger.journal_entries e
             where e.account_id = u.account_id and e.tenant_id = $2 and e.kind = 5
               and e.reference = u.account_id || '-' || to_char(u.occurred_at at time zone 'utc', 'YYYYMM') || '-' || replace(u.event_key::text, '-', ''))
        """;

    /// <summary>Has the discounts of the month of an instant credited when it is over, if the tariff gives any.</summary>
    public static async Task EnqueueAsync(NpgsqlConnection connection, int tenantId, Tariff tariff, DateTimeOffset at, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        if (tariff.Terms.Discounts.Length > 0)
            await EnqueueAsync(connection, tenantId, tariff.Id, at < tariff.ValidFrom ? tariff.ValidFrom : at, zone, cancellationToken);
    }

    /// <summary>Credits what is due and enqueues the next month's run.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var (tariffId, at) = (run.Payload.GetProperty("tariff").GetInt32(), run.Payload.GetProperty("month").GetDateTimeOffset());
        if (await TariffStore.FindAsync(run.Connection, run.TenantId, tariffId, toChange: true, cancellationToken) is not { } tariff)
            throw new JobImpossibleException($"There is no tariff {tariffId}.");
        await LedgerPosting.LockAsync(run.Connection, run.TenantId, [tariff.AccountId], cancellationToken);
        var zone = await clock.ZoneAsync(run.TenantId, cancellationToken);
        var spans = (await TariffStore.SpansAsync(run.Connection, run.TenantId, [tariff.AccountId], cancellationToken)).GetValueOrDefault(tariff.AccountId, []);
        var month = PlanTerms.MonthOf(at, zone);
        for (var n = 0; n <= MonthsMadeGood; n++, month = PlanTerms.MonthOf(month.From.AddTicks(-1), zone))
            await CreditAsync(run, tariff, spans, month, zone.DayOf(month.From), cancellationToken);
        var next = PlanTerms.MonthOf(at, zone).To;
        if (tariff.ValidTo is not { } end || next < PlanTerms.MonthOf(end, zone).To.AddMonths(MonthsMadeGood))
            await EnqueueAsync(run.Connection, run.TenantId, tariffId, next, zone, cancellationToken);
    }

    static async Task EnqueueAsync(NpgsqlConnection connection, int tenantId, int tariffId, DateTimeOffset at, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        var month = PlanTerms.MonthOf(at, zone);
        var payload = JsonSerializer.Serialize(new { tariff = tariffId, month = month.From });
        var key = string.Create(CultureInfo.InvariantCulture, $"{tariffId}/{zone.DayOf(month.From):yyyy-MM}");
        await JobQueue.EnqueueAsync(connection, tenantId, new JobRequest(Queue, Kind, payload, month.To + AfterMonth, key), cancellationToken);
    }

    /// <summary>Posts the difference between the month's discounts and what was credited of them.</summary>
    static async Task CreditAsync(
        JobRun run, Tariff tariff, List<TariffSpan> spans, (DateTimeOffset From, DateTimeOffset To) month, DateOnly day, CancellationToken cancellationToken)
    {
        var from = tariff.ValidFrom > month.From ? tariff.ValidFrom : month.From;
        var to = tariff.ValidTo < month.To ? tariff.ValidTo.Value : month.To;
        // The terms that hold at the end of the month, or of the tariff within it, are the month's.
        if (from >= to || TariffSpan.At(spans, to.AddTicks(-10)) is not { } version
            || await TariffStore.VersionAsync(run.Connection, run.TenantId, version, cancellationToken) is not { } terms || terms.Tariff.Id != tariff.Id)
            return;
        var before = (await DiscountCredit.ListAsync(run.Connection, tariff.Id, cancellationToken)).Where(c => c.Month == day).ToLookup(c => c.Discount);
        foreach (var discount in terms.Tariff.Terms.Discounts)
        {
            _ = Services.TryParse(discount.Service, out var service);
            var (quantity, spend) = (await Database.QueryAsync(
                run.Connection, ReadUse, [tariff.AccountId, run.TenantId, from, to, (short)service, discount.DestinationGroup ?? ""],
                r => (r.GetInt64(0), r.GetInt64(1)), cancellationToken))[0];
            var percent = VolumeDiscount.PercentAt(discount.VolumeTiers(), discount.IsBySpend() ? spend : quantity);
            var total = VolumeDiscount.Of(spend, percent);
            var earlier = before[discount.Name!].ToList();
            var credit = new DiscountCredit(
                day, discount.Name!, earlier.Count + 1, quantity, spend, percent, total, total - earlier.Sum(c => c.AmountMicros), run.Now);
            if (credit.AmountMicros != 0)
                await PostAsync(run, tariff, service, credit, cancellationToken);
        }
    }

    static async Task PostAsync(JobRun run, Tariff tariff, Service service, DiscountCredit credit, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{tariff.Id}/{credit.Month:yyyy-MM}/{credit.Run}/{credit.Discount}");
        var detail = JsonSerializer.Serialize(new { discount = new { tariff = tariff.Id, month = credit.Month, name = credit.Discount, credit.Run } }, JsonSerializerOptions.Web);
        var post = new Post(
            EventKey.Of("volume-discount", name), EntryKind.Adjustment, Books.RevenueOf(service), credit.AmountMicros, tariff.Currency,
            string.Create(CultureInfo.InvariantCulture, $"{credit.Discount} {credit.Month:yyyy-MM}"), detail, IsOwed: true);
        var decisions = await LedgerPosting.PostAsync(run.Connection, run.TenantId, [(tariff.AccountId, post)], run.Now, cancellationToken);
        // A closed account was settled when it was closed; there is nobody to credit.
        if (decisions[0] is { Accepted: true })
            await credit.SaveAsync(run.Connection, run.TenantId, tariff.Id, tariff.AccountId, cancellationToken);
        else if (decisions[0].Refusal != Refusal.AccountClosed)
            throw new InvalidOperationException($"The discount {name} was refused: {decisions[0].Refusal}.");
    }
}
