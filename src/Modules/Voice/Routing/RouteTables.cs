using System.Collections.Concurrent;
using Balatrix.Core.Voice.Routing;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Voice.Routing;

/// <summary>A tenant's carriers and policy as they were at one moment.</summary>
/// <param name="Carriers">In the order of their numbers.</param>
/// <param name="Policy">How it routes.</param>
/// <param name="Calls">For each carrier the calls that go on there, or went there first and are not answered yet, on all nodes, and those that were planned here since.</param>
sealed record RouteTable(Carrier[] Carriers, RoutePolicy Policy, int[] Calls)
{
    /// <summary>Whether a carrier takes no more calls.</summary>
    public bool IsFull(int index) => Carriers[index].MaxCalls <= Volatile.Read(ref Calls[index]);

    /// <summary>Counts a call that goes to a carrier first.</summary>
    public void Count(int index) => Interlocked.Increment(ref Calls[index]);
}

/// <summary>
/// Carriers in memory, an immutable table a tenant that is swapped whole. A change made here shows at once; one made elsewhere within a second or two,
/// since a table in use is read again in the background while calls go on with the one before. Only a table that lay unused is waited for.
/// </summary>
sealed partial class RouteTables(Database database, ILogger<RouteTables> logger)
{
    const long FreshMilliseconds = 1_000;
    const long StaleMilliseconds = 5_000;

    sealed class Entry(RouteTable table, long readAt)
    {
        int isReading;

        public RouteTable Table { get; } = table;

        /// <summary>Milliseconds of the machine, when it was read.</summary>
        public long ReadAt { get; } = readAt;

        /// <summary>Whether the caller is the one who is to read it again.</summary>
        public bool TakeTurn() => Interlocked.Exchange(ref isReading, 1) == 0;
    }

    readonly ConcurrentDictionary<int, Entry> entries = new();

    /// <summary>The tenant's table, from memory when it is in use.</summary>
    public ValueTask<RouteTable> GetAsync(int tenantId, CancellationToken cancellationToken)
    {
        // The machine's own clock: the age of a memory has nothing to do with the tenant's time.
        if (!entries.TryGetValue(tenantId, out var entry) || Environment.TickCount64 - entry.ReadAt > StaleMilliseconds)
            return new(ReadAsync(tenantId, cancellationToken));
        if (Environment.TickCount64 - entry.ReadAt > FreshMilliseconds && entry.TakeTurn())
            _ = RefreshAsync(tenantId);
        return new(entry.Table);
    }

    /// <summary>The tenant's table as it was read last, however old; null when it never was.</summary>
    public RouteTable? Recall(int tenantId) => entries.TryGetValue(tenantId, out var entry) ? entry.Table : null;

    /// <summary>Reads the tenant's table and swaps it in.</summary>
    public async Task<RouteTable> ReadAsync(int tenantId, CancellationToken cancellationToken)
    {
        var readAt = Environment.TickCount64;
        var table = await database.InTenantAsync(
            tenantId,
            async (connection, ct) =>
            {
                Carrier[] carriers = [.. await CarrierStore.ListAsync(connection, tenantId, ct)];
                var policy = (await TenantSettingsStore.LoadAsync(connection, tenantId, ct)).Routing?.Read() ?? new RoutePolicy();
                return new RouteTable(carriers, policy, await CallsAsync(connection, tenantId, carriers, ct));
            },
            cancellationToken);
        // One that was read later stays.
        return entries.AddOrUpdate(tenantId, _ => new(table, readAt), (_, other) => other.ReadAt > readAt ? other : new(table, readAt)).Table;
    }

    /// <summary>The calls that go on, counted only for carriers with a limit.</summary>
    static async Task<int[]> CallsAsync(NpgsqlConnection connection, int tenantId, Carrier[] carriers, CancellationToken cancellationToken)
    {
        string[] limited = [.. carriers.Where(c => c.MaxCalls is not null).Select(c => c.Name)];
        if (limited.Length == 0)
            return new int[carriers.Length];
        var counts = (await Database.QueryAsync(
            connection,
            $"""
            select c.carrier, count(*)::int
              from voice.live_calls c
              left join ledger.reservations r on r.account_id = c.account_id and r.reservation_id = c.reservation_id and r.tenant_id = c.tenant_id
             where c.tenant_id = $1 and {Calls.CallStore.GoingOn} and c.carrier = any($2) group by c.carrier
            """,
            [tenantId, limited], r => (Carrier: r.GetString(0), Calls: r.GetInt32(1)), cancellationToken)).ToDictionary(c => c.Carrier, c => c.Calls);
        return [.. carriers.Select(c => counts.GetValueOrDefault(c.Name))];
    }

    async Task RefreshAsync(int tenantId)
    {
        try
        {
            await ReadAsync(tenantId, CancellationToken.None);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            // The next call after the table has gone stale asks again and is told.
            LogLost(logger, tenantId, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The carriers of tenant {TenantId} could not be read again: {Reason}")]
    static partial void LogLost(ILogger logger, int tenantId, string reason);
}
