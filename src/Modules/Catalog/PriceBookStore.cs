using System.Collections.Concurrent;
using System.Text.Json;
using Balatrix.Core.Rating;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Catalog;

/// <summary>
/// Compiled price books, shared by all requests. A change of decks anywhere is told by NOTIFY; what is compiled is then
/// forgotten at once and compiled again on the next use.
/// </summary>
public sealed partial class PriceBookStore(Database database, ILogger<PriceBookStore> logger) : BackgroundService
{
    /// <summary>The channel that changes of decks and plans are told on.</summary>
    public const string Channel = "catalog_changed";

    sealed class Compiled
    {
        public ConcurrentDictionary<(int TenantId, int PlanVersionId), PriceBook?> Books { get; } = new();

        public ConcurrentDictionary<(int TenantId, string Deck), Task<RateDeck?>> Decks { get; } = new();
    }

    Compiled compiled = new();

    /// <summary>The price book of a plan version, or null when the tenant has no such version.</summary>
    public async ValueTask<PriceBook?> GetAsync(int tenantId, int planVersionId, CancellationToken cancellationToken)
    {
        var snapshot = Volatile.Read(ref compiled);
        if (snapshot.Books.TryGetValue((tenantId, planVersionId), out var known))
            return known;
        var book = await LoadAsync(snapshot, tenantId, planVersionId, cancellationToken);
        return snapshot.Books.GetOrAdd((tenantId, planVersionId), book);
    }

    /// <summary>A compiled deck by name, or null.</summary>
    public Task<RateDeck?> DeckAsync(int tenantId, string name, CancellationToken cancellationToken) =>
        DeckAsync(Volatile.Read(ref compiled), tenantId, name, cancellationToken);

    /// <summary>Forgets what is compiled.</summary>
    public void Forget() => Volatile.Write(ref compiled, new Compiled());

    async Task<PriceBook?> LoadAsync(Compiled snapshot, int tenantId, int planVersionId, CancellationToken cancellationToken)
    {
        var plans = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                """
                select p.name, p.currency, v.terms
                  from catalog.plan_versions v join catalog.plans p using (tenant_id, plan_id)
                 where v.plan_version_id = $1 and v.tenant_id = $2
                """,
                [planVersionId, tenantId],
                r => (Name: r.GetString(0), Currency: r.GetString(1), Terms: JsonSerializer.Deserialize<PlanTerms>(r.GetString(2), PlanTerms.Json)!),
                ct),
            cancellationToken);
        if (plans.Count == 0)
            return null;
        var (plan, currency, terms) = plans[0];
        var decks = new Dictionary<Core.Usage.Service, RateDeck[]>();
        foreach (var (serviceName, names) in terms.Decks)
        {
            var list = new List<RateDeck>();
            foreach (var name in names)
                if (await DeckAsync(snapshot, tenantId, name, cancellationToken) is { } deck)
                    list.Add(deck);
            if (Services.TryParse(serviceName, out var service))
                decks[service] = [.. list];
        }
        return new PriceBook(planVersionId, plan, currency, decks);
    }

    Task<RateDeck?> DeckAsync(Compiled snapshot, int tenantId, string name, CancellationToken cancellationToken)
    {
        var task = snapshot.Decks.GetOrAdd((tenantId, name), key => CompiledDeck.LoadAsync(database, key.TenantId, key.Deck, cancellationToken));
        if (task.IsFaulted || task.IsCanceled)
            snapshot.Decks.TryRemove(KeyValuePair.Create((tenantId, name), task));
        return task;
    }

    /// <summary>Listens for changes; after a lost connection everything is forgotten, since a change may have been missed.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.App.OpenConnectionAsync(stoppingToken);
                connection.Notification += (_, _) => Forget();
                await Database.ExecuteAsync(connection, $"listen {Channel}", [], stoppingToken);
                Forget();
                while (true)
                    await connection.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException)
            {
                LogLost(logger, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), stoppingToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lost the connection that tells of price changes: {Reason}")]
    static partial void LogLost(ILogger logger, string reason);
}
