using System.Collections.Concurrent;
using System.Text.Json;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Catalog;

/// <summary>
/// Compiled price books, shared by all requests; a deck is compiled once, however many plans name it. A change anywhere is told
/// by NOTIFY: what it touches is compiled aside, and then all is swapped at once, so that charging never waits for it.
/// </summary>
public sealed partial class PriceBookStore(Database database, ILogger<PriceBookStore> logger) : BackgroundService
{
    /// <summary>The channel that changes of decks and plans are told on.</summary>
    public const string Channel = "catalog_changed";

    sealed class Compiled
    {
        public ConcurrentDictionary<(int TenantId, int PlanVersionId), PriceBook> Books { get; } = new();

        /// <summary>Plans' books with a tariff before them. Refreshing begins without: they are many and small, and are made when use asks for them.</summary>
        public ConcurrentDictionary<(int TenantId, int PlanVersionId, int TariffVersionId), PriceBook> TariffBooks { get; } = new();

        public ConcurrentDictionary<(int TenantId, string Deck), Lazy<Task<CompiledDeck?>>> Decks { get; } = new();
    }

    readonly SemaphoreSlim refreshing = new(1);
    Compiled compiled = new();

    /// <summary>The price book of a plan version, or null when the tenant has no such version.</summary>
    public async ValueTask<PriceBook?> GetAsync(int tenantId, int planVersionId, CancellationToken cancellationToken)
    {
        var snapshot = Volatile.Read(ref compiled);
        if (snapshot.Books.TryGetValue((tenantId, planVersionId), out var known))
            return known;
        return await LoadAsync(snapshot, tenantId, planVersionId, cancellationToken) is { } book
            ? snapshot.Books.GetOrAdd((tenantId, planVersionId), book)
            : null;
    }

    /// <summary>The price book of a plan version with a tariff's own prices searched first.</summary>
    public async ValueTask<PriceBook?> GetAsync(int tenantId, int planVersionId, int? tariffVersionId, CancellationToken cancellationToken)
    {
        if (tariffVersionId is not { } tariff)
            return await GetAsync(tenantId, planVersionId, cancellationToken);
        // The snapshot before the book: should prices change in between, the newer book goes with the older snapshot.
        var snapshot = Volatile.Read(ref compiled);
        if (snapshot.TariffBooks.TryGetValue((tenantId, planVersionId, tariff), out var known))
            return known;
        if (await GetAsync(tenantId, planVersionId, cancellationToken) is not { } plan)
            return null;
        var version = await database.LookUpAsync(tenantId, (connection, ct) => TariffStore.VersionAsync(connection, tenantId, tariff, ct), cancellationToken)
            ?? throw new InvalidOperationException($"Tariff version {tariff} is not there.");
        return snapshot.TariffBooks.GetOrAdd((tenantId, planVersionId, tariff), TariffBook.Compile(version.Tariff, version.EffectiveFrom, plan));
    }

    /// <summary>A compiled deck by name, or null.</summary>
    public Task<RateDeck?> DeckAsync(int tenantId, string name, CancellationToken cancellationToken) =>
        DeckAsync(Volatile.Read(ref compiled), tenantId, name, cancellationToken);

    /// <summary>Compiles again what has changed in the database, and swaps it in. After it, this node rates by the new prices.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await refreshing.WaitAsync(cancellationToken);
        try
        {
            var old = Volatile.Read(ref compiled);
            var fresh = new Compiled();
            foreach (var (key, loading) in old.Decks)
                if (loading is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } task } && await task is { } deck)
                {
                    if (await CompiledDeck.StampAsync(database, key.TenantId, key.Deck, cancellationToken) == deck.Stamp)
                        fresh.Decks.TryAdd(key, loading);
                    else
                        await DeckAsync(fresh, key.TenantId, key.Deck, cancellationToken);
                }
            foreach (var (key, _) in old.Books)
                if (await LoadAsync(fresh, key.TenantId, key.PlanVersionId, cancellationToken) is { } book)
                    fresh.Books.TryAdd(key, book);
            Volatile.Write(ref compiled, fresh);
        }
        finally
        {
            refreshing.Release();
        }
    }

    /// <summary>Listens for changes, from the start and again after a lost connection, since a change may have been missed meanwhile.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.App.OpenConnectionAsync(stoppingToken);
                await Database.ExecuteAsync(connection, $"listen {Channel}", [], stoppingToken);
                while (true)
                {
                    await RefreshAsync(stoppingToken);
                    await connection.WaitAsync(stoppingToken);
                }
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

    async Task<PriceBook?> LoadAsync(Compiled snapshot, int tenantId, int planVersionId, CancellationToken cancellationToken)
    {
        var plans = await database.LookUpAsync(
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
        var decks = new Dictionary<Service, RateDeck[]>();
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

    async Task<RateDeck?> DeckAsync(Compiled snapshot, int tenantId, string name, CancellationToken cancellationToken)
    {
        // All who wait share one compilation, so none of them may cancel it.
        var loading = snapshot.Decks.GetOrAdd(
            (tenantId, name), key => new(() => CompiledDeck.LoadAsync(database, key.TenantId, key.Deck, CancellationToken.None)));
        try
        {
            var deck = await loading.Value.WaitAsync(cancellationToken);
            if (deck is null)
                snapshot.Decks.TryRemove(KeyValuePair.Create((tenantId, name), loading));
            return deck?.Deck;
        }
        catch
        {
            if (loading.Value.IsFaulted)
                snapshot.Decks.TryRemove(KeyValuePair.Create((tenantId, name), loading));
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lost the connection that tells of price changes: {Reason}")]
    static partial void LogLost(ILogger logger, string reason);
}
