using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Tariffs;

/// <summary>A month's discount as one run credited it.</summary>
sealed record DiscountCredit(
    DateOnly Month, string Discount, int Run, long Quantity, long SpendMicros, long PercentMicros, long DiscountMicros, long AmountMicros, DateTimeOffset PostedAt)
{
    /// <summary>Those of a tariff, latest month first.</summary>
    public static Task<List<DiscountCredit>> ListAsync(NpgsqlConnection connection, int tariffId, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        """
        select month, discount, run, quantity, spend_micros, percent_micros, discount_micros, amount_micros, posted_at
          from tariffs.credits where tariff_id = $1 order by month desc, discount, run
        """,
        [tariffId],
        r => new DiscountCredit(
            r.GetFieldValue<DateOnly>(0), r.GetString(1), r.GetInt32(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6), r.GetInt64(7), r.GetFieldValue<DateTimeOffset>(8)),
        cancellationToken);

    /// <summary>Writes it beside its posting.</summary>
    public Task SaveAsync(NpgsqlConnection connection, int tenantId, int tariffId, long accountId, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        """
        insert into tariffs.credits (tenant_id, tariff_id, account_id, month, discount, run, quantity, spend_micros, percent_micros, discount_micros, amount_micros, posted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        [tenantId, tariffId, accountId, Month, Discount, Run, Quantity, SpendMicros, PercentMicros, DiscountMicros, AmountMicros, PostedAt], cancellationToken);
}
