using System.Globalization;
using Balatrix.Core;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>That a wallet is to be recharged now.</summary>
/// <param name="What">The account and how much, with tax.</param>
/// <param name="Method">The saved method that its owner chose; null is the default.</param>
/// <param name="IsCapped">Whether it was charged as often today as it may be.</param>
/// <param name="Tomorrow">When the next day begins.</param>
sealed record RechargeNeed(PayingAccount What, string? Method, bool IsCapped, DateTimeOffset Tomorrow)
{
    /// <summary>Held by whoever is about to recharge an account, so that two crossings, or a crossing and a retry, look one after the other.</summary>
    const int LockClass = 0x5EC4;

    /// <summary>Looks whether an account needs money and no recharge of it is under way; the answer holds until the transaction ends.</summary>
    /// <param name="connection">The job's.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="accountId">The account.</param>
    /// <param name="ownPayment">The payment that is about to be tried again, or the key of the one that is to be begun.</param>
    /// <param name="now">The tenant's now.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<RechargeNeed?> FindAsync(NpgsqlConnection connection, int tenantId, long accountId, object ownPayment, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(connection, "select pg_advisory_xact_lock($1, hashint8($2))", [LockClass, accountId], cancellationToken);
        if (await AutoRecharge.FindAsync(connection, tenantId, accountId, cancellationToken) is not { } wish || !Money.TryParse(wish.Amount, out var micros))
            return null;
        var (paymentId, key) = (ownPayment as long? ?? 0, ownPayment as string ?? "");
        var found = await Database.QueryAsync(
            connection,
            """
            select a.currency from ledger.accounts a
             where a.account_id = $1 and a.tenant_id = $2 and a.status <> 3 and a.balance_micros < a.recharge_mark_micros
               and not exists (select from payments.payments p where p.account_id = $1 and p.purpose = $3 and p.status in (1, 2, 3, 4, 5) and p.payment_id <> $4 and p.idempotency_key <> $5)
            """,
            [accountId, tenantId, (short)PaymentPurpose.AutoRecharge, paymentId, key], r => r.GetString(0), cancellationToken);
        if (found is not [var currency])
            return null;
        var settings = await TenantSettingsStore.LoadAsync(connection, tenantId, cancellationToken);
        var (today, tomorrow) = DayOf(now, TimeZoneInfo.FindSystemTimeZoneById(settings.Zone!));
        var charged = (await Database.QueryAsync(
            connection,
            """
            select count(*) from payments.attempts t join payments.payments p on p.payment_id = t.payment_id
             where p.account_id = $1 and p.tenant_id = $2 and p.purpose = $3 and t.started_at >= $4 and t.started_at < $5 and p.idempotency_key <> $6
            """,
            [accountId, tenantId, (short)PaymentPurpose.AutoRecharge, today, tomorrow, key], r => r.GetInt64(0), cancellationToken))[0];
        var what = new PayingAccount(accountId, currency, micros, null, $"Recharge of {AccountDirectory.NumberOf(accountId)}");
        return new(what, wish.PaymentMethod, charged >= settings.RechargesPerDay, tomorrow);
    }

    /// <summary>Whether an account is still to be recharged, for a recharge that is under way itself; holds nothing.</summary>
    public static async Task<bool> IsThereAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken) =>
        await AutoRecharge.FindAsync(connection, tenantId, accountId, cancellationToken) is not null
        && (await Database.QueryAsync(
            connection, "select 1 from ledger.accounts where account_id = $1 and tenant_id = $2 and status <> 3 and balance_micros < recharge_mark_micros", [accountId, tenantId], r => 1, cancellationToken)).Count > 0;

    /// <summary>Names a day that the cap put off.</summary>
    public string TomorrowKey => Tomorrow.UtcDateTime.ToString("yyyy-MM-dd'T'HH", CultureInfo.InvariantCulture);

    static (DateTimeOffset From, DateTimeOffset To) DayOf(DateTimeOffset now, TimeZoneInfo zone)
    {
        var day = zone.DayOf(now);
        return (zone.StartOf(day), zone.StartOf(day.AddDays(1)));
    }
}
