using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Invoices;
using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>
/// Which of an account's charges are meant: use that stands at entries up to <paramref name="ToEntryNo"/> and happened before
/// <paramref name="Until"/>, and other charges up to that entry, less what is on documents already. Both bounds only grow, so what
/// all documents together cover is one rectangle, and each charge is on exactly one.
/// </summary>
/// <param name="AccountId">The account, locked.</param>
/// <param name="OpenFromEntry">First entry that may hold use that is on no document.</param>
/// <param name="FromEntryNo">First entry beyond those of the documents before.</param>
/// <param name="BeforeUntil">Where the documents before ended in time.</param>
/// <param name="ToEntryNo">Last entry.</param>
/// <param name="Until">First instant that is not meant.</param>
sealed record BillingWindow(long AccountId, long OpenFromEntry, long FromEntryNo, DateTimeOffset BeforeUntil, long ToEntryNo, DateTimeOffset Until);

/// <summary>A correction of a call that is on a document already.</summary>
/// <param name="UsageKey">The call's key.</param>
/// <param name="ChargedMicros">More to pay when positive, given back when negative.</param>
/// <param name="Reference">What the ledger says of it.</param>
sealed record LateCorrection(Guid UsageKey, long ChargedMicros, string Reference);

/// <summary>What a window holds.</summary>
/// <param name="Charges">Grouped by service and destination, and by item of a subscription.</param>
/// <param name="Corrections">Adjustments of re-rated calls; those of calls on documents before become notes.</param>
/// <param name="ChargedMicros">Sum of the charges, exact, without the corrections.</param>
/// <param name="NextOpenFrom">First entry that is on no document after this one.</param>
sealed record UninvoicedCharges(List<BilledCharge> Charges, List<LateCorrection> Corrections, long ChargedMicros, long NextOpenFrom)
{
    // One pass over each account's entries by their numbers; what happened later only tells where the next document begins to look.
    const string ReadUsage = """
        select w.account_id, u.occurred_at >= w.until, u.service, u.destination, count(*), sum(u.billed_quantity)::bigint, sum(u.covered_quantity)::bigint,
               sum(u.amount_micros)::bigint, min(u.occurred_at), max(u.occurred_at), min(u.entry_no)
          from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::timestamptz[]) as w(account_id, open_from, from_no, before_until, to_no, until)
          join usage.usage_records u on u.account_id = w.account_id and u.entry_no between w.open_from and w.to_no
         where u.account_id = any($1) and u.tenant_id = $7 and not (u.entry_no < w.from_no and u.occurred_at < w.before_until)
         group by 1, 2, 3, 4
         order by 1, 3, 4
        """;

    const string ReadJournal = """
        select j.account_id, j.kind, case when j.debit_book in (1, 2) then j.credit_book else j.debit_book end,
               case when j.debit_book in (1, 2) then j.amount_micros else -j.amount_micros end,
               j.reference, (substring(j.detail from '"rerated":"([0-9a-f-]{36})"'))::uuid, j.recorded_at,
               l.item, l.kind, l.quantity, l.from_at, l.to_at, l.amount_micros, coalesce(p.name, a.name)
          from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as w(account_id, from_no, to_no)
          join ledger.journal_entries j on j.account_id = w.account_id and j.entry_no between w.from_no and w.to_no
          left join subscriptions.lines l on j.kind = 8 and l.account_id = j.account_id and l.event_key = j.event_key
          left join catalog.plans p on p.tenant_id = $4 and p.code = l.item and l.plan_version_id is not null
          left join catalog.addons a on a.tenant_id = $4 and a.code = l.item and l.plan_version_id is null
         where j.account_id = any($1) and j.tenant_id = $4 and j.kind in (2, 5, 8, 10)
         order by 1, j.entry_no, l.version, l.line_no
        """;

    /// <summary>Reads the charges of many windows, each account's once.</summary>
    public static async Task<Dictionary<long, UninvoicedCharges>> ReadAsync(
        NpgsqlConnection connection, int tenantId, IReadOnlyList<BillingWindow> windows, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        var found = windows.ToDictionary(w => w.AccountId, w => new Reading(w.ToEntryNo + 1));
        var accounts = windows.Select(w => w.AccountId).ToArray();
        await Database.QueryAsync(
            connection, ReadUsage,
            [
                accounts, windows.Select(w => w.OpenFromEntry).ToArray(), windows.Select(w => w.FromEntryNo).ToArray(), windows.Select(w => w.BeforeUntil.UtcDateTime).ToArray(),
                windows.Select(w => w.ToEntryNo).ToArray(), windows.Select(w => w.Until.UtcDateTime).ToArray(), tenantId,
            ],
            r =>
            {
                var reading = found[r.GetInt64(0)];
                if (r.GetBoolean(1))
                    reading.NextOpenFrom = Math.Min(reading.NextOpenFrom, r.GetInt64(10));
                else
                    reading.Charges.Add(Usage((Service)r.GetInt16(2), r.GetString(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6), r.GetInt64(7), zone.DayOf(r.GetFieldValue<DateTimeOffset>(8)), zone.DayOf(r.GetFieldValue<DateTimeOffset>(9))));
                return 0;
            }, cancellationToken);
        await Database.QueryAsync(
            connection, ReadJournal, [accounts, windows.Select(w => w.FromEntryNo).ToArray(), windows.Select(w => w.ToEntryNo).ToArray(), tenantId],
            r =>
            {
                var reading = found[r.GetInt64(0)];
                if (!r.IsDBNull(5))
                    reading.Corrections.Add(new(r.GetGuid(5), r.GetInt64(3), r.GetString(4)));
                else if (!r.IsDBNull(7))
                    // A period's last day is the one before the instant that it ends at.
                    reading.Charges.Add(new(
                        "recurring", Recurring(r.IsDBNull(13) ? r.GetString(7) : r.GetString(13), r.GetInt16(8), r.GetInt32(9)), null, "", null, 0, r.GetInt64(12),
                        zone.DayOf(r.GetFieldValue<DateTimeOffset>(10)), zone.DayOf(r.GetFieldValue<DateTimeOffset>(11).AddSeconds(-1))));
                else
                    reading.Charges.Add(new(ServiceOf((Book)r.GetInt16(2)), r.GetString(4), null, "", null, 0, r.GetInt64(3), zone.DayOf(r.GetFieldValue<DateTimeOffset>(6)), zone.DayOf(r.GetFieldValue<DateTimeOffset>(6))));
                return 0;
            }, cancellationToken);
        return found.ToDictionary(f => f.Key, f => new UninvoicedCharges(f.Value.Charges, f.Value.Corrections, f.Value.Charges.Sum(c => c.AmountMicros), f.Value.NextOpenFrom));
    }

    /// <summary>The line's service that a revenue book stands for.</summary>
    public static string ServiceOf(Book book) => book switch
    {
        Book.RevenueVoice => "voice",
        Book.RevenueSms => "sms",
        Book.RevenueEvent => "event",
        Book.RevenueRecurring => "recurring",
        _ => "fee",
    };

    /// <summary>The revenue book that a line's service is earned in.</summary>
    public static Book BookOf(string service) => service switch
    {
        "voice" => Book.RevenueVoice,
        "sms" => Book.RevenueSms,
        "event" => Book.RevenueEvent,
        "recurring" => Book.RevenueRecurring,
        _ => Book.RevenueFee,
    };

    sealed class Reading(long nextOpenFrom)
    {
        public List<BilledCharge> Charges { get; } = [];

        public List<LateCorrection> Corrections { get; } = [];

        public long NextOpenFrom { get; set; } = nextOpenFrom;
    }

    static BilledCharge Usage(Service service, string destination, long count, long billed, long covered, long micros, DateOnly from, DateOnly to) => service switch
    {
        Service.VoiceOutbound => new("voice", $"Calls to {destination}", Minutes(billed), "minutes", Minutes(covered), count, micros, from, to),
        Service.VoiceInbound => new("voice", $"Calls received, {destination}", Minutes(billed), "minutes", Minutes(covered), count, micros, from, to),
        Service.Sms => new("sms", $"Messages to {destination}", billed, "messages", covered, count, micros, from, to),
        _ => new("event", destination, billed, "events", covered, count, micros, from, to),
    };

    /// <summary>Minutes with seconds as decimals, to four places.</summary>
    static decimal Minutes(long seconds) => decimal.Round(seconds / 60m, 4, MidpointRounding.AwayFromZero);

    static string Recurring(string name, short kind, int quantity)
    {
        var item = quantity > 1 ? $"{quantity} × {name}" : name;
        return kind switch { 3 => $"{item}, not used", 4 => $"{item}, days of grace", _ => item };
    }
}
