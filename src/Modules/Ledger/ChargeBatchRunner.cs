using System.Collections.Concurrent;
using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>
/// Runs a batch as one transaction: lock the accounts in their order, apply every operation in memory, write, commit, answer.
/// Row locks in account order make it right with any number of nodes.
/// </summary>
public sealed class ChargeBatchRunner(NpgsqlDataSource dataSource, PriceBookStore priceBooks, TenantClock clock, UsageKeyFilters filters, TimeProvider time)
{
    const int Attempts = 8;

    /// <summary>Batches after a duplicate was met that look for duplicates first: a client that repeats does so more than once.</summary>
    const int CarefulBatches = 32;

    readonly ConcurrentBag<ChargeBatch> spare = [];
    readonly ConcurrentDictionary<int, bool> months = new();
    int careful;

    /// <summary>Runs operations of one tenant and gives every one its answer. Does not throw: failures go to the answers.</summary>
    /// <param name="operations">In the order in which they are to be applied.</param>
    /// <param name="allOrNothing">True to write nothing when any one is refused.</param>
    /// <param name="cancellationToken">Stops waiting between attempts.</param>
    public async Task RunAsync(IReadOnlyList<PendingOperation> operations, bool allOrNothing, CancellationToken cancellationToken)
    {
        var lookFirst = allOrNothing || (Volatile.Read(ref careful) > 0 && Interlocked.Decrement(ref careful) >= 0);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CommitAsync(operations, lookFirst, allOrNothing, cancellationToken);
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation && !lookFirst)
            {
                lookFirst = true;
                Interlocked.Exchange(ref careful, CarefulBatches);
            }
            catch (Exception e) when (Database.IsPassing(e) && attempt < Attempts)
            {
                // The commit may have gone through although its answer was lost, so the next attempt looks first.
                lookFirst = true;
                months.Clear();
                await Task.Delay(TimeSpan.FromMilliseconds(25 << attempt), time, cancellationToken);
            }
            catch (Exception e) when (!Database.IsPassing(e) && operations.Count > 1 && !allOrNothing)
            {
                // One bad operation must not spoil its neighbours.
                foreach (var operation in operations)
                    await RunAsync([operation], allOrNothing: false, cancellationToken);
                return;
            }
            catch (Exception e)
            {
                foreach (var operation in operations)
                    operation.Answers.Fail(Database.IsPassing(e) ? new ChargingUnavailableException(e) : e);
                return;
            }
        }
    }

    async Task CommitAsync(IReadOnlyList<PendingOperation> operations, bool lookFirst, bool allOrNothing, CancellationToken cancellationToken)
    {
        var tenantId = operations[0].TenantId;
        if (!spare.TryTake(out var batch))
            batch = new ChargeBatch();
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var moment = new Moment(now, await clock.BillingDayAsync(tenantId, now, cancellationToken));
        batch.Begin(tenantId, operations, now, time.GetUtcNow());
        await EnsureMonthsAsync(batch, cancellationToken);
        await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
        {
            try
            {
                await LedgerStore.LoadAsync(connection, batch, cancellationToken);
                await LoadRareAsync(connection, batch, lookFirst, cancellationToken);
                var books = await PriceBooksAsync(batch, now, cancellationToken);
                batch.Apply(books, moment);
                if (!batch.WritesAnything || (allOrNothing && batch.AnyRefused))
                    await ExecuteAsync(connection, "rollback", cancellationToken);
                else
                {
                    await using var writes = new NpgsqlBatch(connection);
                    await RunAlongsideAsync(writes, batch, cancellationToken);
                    await LedgerWrites.SaveAsync(writes, batch, now, cancellationToken);
                }
            }
            catch (PostgresException e) when (!Database.IsPassing(e))
            {
                await ExecuteAsync(connection, "rollback", CancellationToken.None);
                throw;
            }
            catch
            {
                // Left in an unknown state: not to be used again.
                NpgsqlConnection.ClearPool(connection);
                throw;
            }
        }
        for (var i = 0; i < operations.Count; i++)
            operations[i].Answers.Answer(operations[i].Index, batch.Decisions[i]);
        spare.Add(batch);
    }

    static async Task RunAlongsideAsync(NpgsqlBatch writes, ChargeBatch batch, CancellationToken cancellationToken)
    {
        for (var i = 0; i < batch.Operations.Count; i++)
            if (batch.Operations[i].Alongside is { } alongside && batch.Decisions[i] is { Accepted: true, IsRepeat: false } decision)
                await alongside(writes, decision, cancellationToken);
    }

    /// <summary>What most batches do not need: plans of the past, tariffs, and uses recorded before.</summary>
    async Task LoadRareAsync(NpgsqlConnection connection, ChargeBatch batch, bool lookFirst, CancellationToken cancellationToken)
    {
        var withHistory = batch.AccountsThatNeedPlanHistory();
        if (withHistory.Length > 0)
            await LedgerStore.LoadPlanHistoryAsync(connection, batch, withHistory, cancellationToken);
        var withTariffs = batch.AccountsWithTariffs();
        if (withTariffs.Length > 0)
            foreach (var (id, spans) in await TariffStore.SpansAsync(connection, batch.TenantId, withTariffs, cancellationToken))
                batch.Accounts[id].Tariffs = spans;
        var queries = RecordedQueries.For(batch, lookFirst, filters);
        if (queries.Count > 0)
            await LedgerStore.LoadRecordedAsync(connection, batch, queries, cancellationToken);
    }

    async Task<Func<int, int?, PriceBook?>> PriceBooksAsync(ChargeBatch batch, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // One snapshot a batch: a change of prices in between takes effect with the next one.
        var books = new Dictionary<(int Plan, int Tariff), PriceBook?>();
        foreach (var plan in batch.PlanVersions())
            books[(plan, 0)] = await priceBooks.GetAsync(batch.TenantId, plan, cancellationToken);
        foreach (var (plan, tariff) in batch.TariffVersions(now))
            books[(plan, tariff)] = await priceBooks.GetAsync(batch.TenantId, plan, tariff, cancellationToken);
        return (plan, tariff) => books.GetValueOrDefault((plan, tariff ?? 0));
    }

    async Task EnsureMonthsAsync(ChargeBatch batch, CancellationToken cancellationToken)
    {
        for (var month = UsageMonth.Of(batch.Span.First); month <= UsageMonth.Of(batch.Span.Last); month++)
        {
            if (months.ContainsKey(month))
                continue;
            await using var command = dataSource.CreateCommand("select usage.ensure_month($1)");
            command.Parameters.Add(new() { Value = DateOnly.FromDateTime(UsageMonth.Start(month).UtcDateTime) });
            await command.ExecuteNonQueryAsync(cancellationToken);
            months[month] = true;
        }
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
