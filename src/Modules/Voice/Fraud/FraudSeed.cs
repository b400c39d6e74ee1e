using Balatrix.Core.Usage;
using Balatrix.Core.Voice.Fraud;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>Reads once, for tenants that had calls before there were fraud rules: what is usual for their accounts, which countries they call, and what they used in the last day.</summary>
sealed class FraudSeed(Database database, TimeProvider time)
{
    const string Calls = "from usage.usage_records where tenant_id = $1 and service = $2 and occurred_at >= $3 and occurred_at < $4";

    public async Task RunAsync(NpgsqlConnection owner, CancellationToken cancellationToken)
    {
        var tenants = await Database.QueryAsync(
            owner, "select tenant_id, coalesce(test_now, $1) from platform.tenants t where not exists (select 1 from voice.fraud_seeds s where s.tenant_id = t.tenant_id)",
            [time.GetUtcNow()], r => (Id: r.GetInt32(0), Now: r.GetFieldValue<DateTimeOffset>(1)), cancellationToken);
        foreach (var (id, now) in tenants)
            await database.InTenantAsync(id, (connection, ct) => SeedAsync(connection, id, now, ct), cancellationToken);
    }

    static async Task<bool> SeedAsync(NpgsqlConnection connection, int tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await Database.ExecuteAsync(connection, "insert into voice.fraud_seeds (tenant_id, seeded_at) values ($1, $2) on conflict do nothing", [tenantId, now], cancellationToken) == 0)
            return false;
        object?[] month = [tenantId, (short)Service.VoiceOutbound, now.AddDays(-28), now];
        await Database.ExecuteAsync(
            connection,
            $"""
            insert into voice.fraud_hours (tenant_id, account_id, hour_no, calls, talk_ms, spend_micros)
            select $1, account_id, floor(extract(epoch from occurred_at) / 3600)::int as hour_no, count(*), sum(quantity), sum(amount_micros) {Calls} group by 2, 3
            on conflict do nothing
            """,
            month, cancellationToken);
        // Four digits tell the country, seven the special range.
        var called = await Database.QueryAsync(
            connection, $"select account_id, left(rating_key, 4), min(occurred_at) {Calls} and quantity > 0 group by 1, 2", month,
            r => (AccountId: r.GetInt64(0), Country: CallingCodes.CountryOf(r.GetString(1)), At: r.GetFieldValue<DateTimeOffset>(2)), cancellationToken);
        foreach (var (accountId, country, at) in called.Where(c => c.Country.Length > 0))
            await Database.ExecuteAsync(
                connection, "insert into voice.fraud_permits (tenant_id, account_id, rule, subject, given_at, given_by) values ($1, $2, $3, $4, $5, 'call') on conflict do nothing",
                [tenantId, accountId, FraudRules.FirstCall, country, at], cancellationToken);
        var day = await Database.QueryAsync(
            connection,
            $"""
            select account_id, floor(extract(epoch from occurred_at) / {UseWindow.BucketSeconds})::int, left(rating_key, 7), destination, count(*), sum(quantity)::bigint, sum(amount_micros)::bigint
            {Calls} group by 1, 2, 3, 4
            """,
            [tenantId, (short)Service.VoiceOutbound, now.AddHours(-25), now],
            r => new UseRow(tenantId, r.GetInt64(0), r.GetInt32(1), CalledDestination.Of(r.GetString(2), r.GetString(3)), new(r.GetInt64(4), r.GetInt64(5), r.GetInt64(6))), cancellationToken);
        foreach (var g in day.GroupBy(r => (r.AccountId, r.Bucket, r.To)))
        {
            var sum = g.Aggregate(default(CallUse), (s, r) => s + r.Use);
            await Database.ExecuteAsync(
                connection,
                """
                insert into voice.fraud_use (tenant_id, account_id, bucket, country, class, destination_group, calls, talk_ms, spend_micros, changed_by)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing
                """,
                [tenantId, g.Key.AccountId, g.Key.Bucket, g.Key.To.Country, (short)g.Key.To.Class, g.Key.To.Group, sum.Calls, sum.TalkMs, sum.SpendMicros, Guid.Empty], cancellationToken);
        }
        return true;
    }
}
