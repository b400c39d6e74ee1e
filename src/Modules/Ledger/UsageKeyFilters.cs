using System.Collections.Concurrent;
using System.Threading.Channels;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>
/// What this node knows by heart of the keys of past months, so that a new use need not be looked for in each of them: a filter a
/// month, made in the background once a month has been looked into often. A filter never says that a key is not there when it is:
/// it holds all that was recorded before it was made, and an account says when use of a past month was last recorded for it.
/// </summary>
public sealed partial class UsageKeyFilters(Database database, TimeProvider time, ChargingOptions options, ILogger<UsageKeyFilters> logger) : BackgroundService
{
    /// <summary>Look-ups in a month that are dearer than reading its keys once.</summary>
    const int Worthwhile = 100_000;

    /// <summary>The least hours between two filters of a month.</summary>
    const int HoursOfFilter = 6;

    /// <summary>An entry of the index of keys is no shorter, so this bounds how many there are.</summary>
    const int BytesOfEntry = 40;

    // The clocks of two nodes may be twice this apart, a transaction included.
    static readonly TimeSpan Skew = TimeSpan.FromHours(12);
    static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    readonly ConcurrentDictionary<int, MonthFilter> filters = new();
    readonly ConcurrentDictionary<int, int> lookups = new();
    readonly Channel<int> wanted = Channel.CreateUnbounded<int>(new() { SingleReader = true });

    /// <summary>Hours since 2000.</summary>
    internal static int HourOf(DateTimeOffset at) => (int)(at - Epoch).TotalHours;

    /// <summary>Use of months before this one is noted at its account: a filter of the month may be there, on some node, by the time it is committed.</summary>
    internal static short LateBefore(DateTimeOffset now) => UsageMonth.Of(now + Skew);

    /// <summary>Whether there is a filter of a month.</summary>
    public bool Has(int month) => filters.ContainsKey(month);

    /// <summary>How often a month had to be looked into for some use since its filter was made, or asked for.</summary>
    public int Lookups(int month) => lookups.GetValueOrDefault(month);

    /// <summary>Whether an account, as it was read under its lock, has no use of a key in a month. False when that is not known.</summary>
    internal bool SurelyNotIn(int month, AccountSlot account, Guid key) =>
        filters.TryGetValue(month, out var filter)
        && account.LateHour < filter.Hour - 1
        && !filter.Keys.MayHold(account.State.AccountId, key);

    /// <summary>Notes look-ups in a month, and has its filter made when that is worth while.</summary>
    internal void Note(int month, int count)
    {
        var now = time.GetUtcNow();
        if (lookups.AddOrUpdate(month, count, (_, before) => before + count) < Worthwhile || month >= UsageMonth.Of(now - Skew))
            return;
        if (filters.TryGetValue(month, out var filter) && filter.Hour > HourOf(now) - HoursOfFilter)
            return;
        lookups[month] = 0;
        wanted.Writer.TryWrite(month);
    }

    /// <summary>Makes the filter of a past month, if there is room for it.</summary>
    public async Task MakeAsync(int month, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (month >= UsageMonth.Of(now - Skew))
            return;
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        var partition = "usage." + UsageMonth.Partition(month);
        var sizes = await Database.QueryAsync(
            connection, "select pg_relation_size(to_regclass($1))", [partition + "_event"], r => r.IsDBNull(0) ? 0 : r.GetInt64(0), cancellationToken);
        var taken = filters.Where(f => f.Key != month).Sum(f => f.Value.Keys.Bytes);
        if (sizes[0] == 0 || taken + KeyFilter.BytesFor(sizes[0] / BytesOfEntry) > options.KeyFilterBytes)
            return;
        var keys = new KeyFilter(sizes[0] / BytesOfEntry);
        await using var command = new NpgsqlCommand($"select account_id, event_key from {partition}", connection) { CommandTimeout = 0 };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            keys.Add(reader.GetInt64(0), reader.GetGuid(1));
        filters[month] = new(keys, HourOf(now));
        lookups[month] = 0;
    }

    /// <summary>Makes the filters that are asked for, one at a time.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var month in wanted.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await MakeAsync(month, stoppingToken);
            }
            catch (Exception e) when (e is NpgsqlException or IOException)
            {
                LogFailed(logger, month, e.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The keys of month {Month} could not be read, so they are looked up as before: {Reason}")]
    static partial void LogFailed(ILogger logger, int month, string reason);

    /// <summary>The keys of a past month.</summary>
    /// <param name="Keys">Of all that was recorded before it was made.</param>
    /// <param name="Hour">In which it was begun.</param>
    sealed record MonthFilter(KeyFilter Keys, int Hour);
}
