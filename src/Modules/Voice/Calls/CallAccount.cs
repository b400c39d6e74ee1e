using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>An account as a call sees it before anything is reserved: only reserving decides.</summary>
sealed record CallAccount(AccountState State, int? PlanVersionId, List<TariffSpan>? Tariffs)
{
    /// <summary>The payer's, read unless it was; null when there is none.</summary>
    public static async Task<CallAccount?> FindAsync(Database database, int tenantId, CallPayer payer, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var id = payer.AccountId;
        if ((payer.Account ?? await AccountReading.FindAsync(database, tenantId, id, at, cancellationToken)) is not { } account)
            return null;
        var tariffs = account.HasTariffs
            ? await database.InTenantAsync(tenantId, (connection, ct) => TariffStore.SpansAsync(connection, tenantId, [id], ct), cancellationToken)
            : null;
        return new CallAccount(account.State, account.PlanVersionId, tariffs?.GetValueOrDefault(id));
    }

    /// <summary>The prices of a call that begins at a time.</summary>
    public async ValueTask<PriceBook?> PricesAsync(PriceBookStore books, int tenantId, DateTimeOffset at, CancellationToken cancellationToken) =>
        PlanVersionId is { } plan ? await books.GetAsync(tenantId, plan, TariffSpan.At(Tariffs, at), cancellationToken) : null;
}

/// <summary>What a call of an account costs.</summary>
/// <param name="Book">The prices.</param>
/// <param name="Destination">Name of the destination.</param>
/// <param name="MinuteMicros">What a minute of ten costs without allowances.</param>
/// <param name="LongestSeconds">What the account could pay for now.</param>
/// <param name="AllowanceSeconds">Of that, what allowances pay for.</param>
sealed record CallPrice(PriceBook Book, string Destination, long MinuteMicros, int LongestSeconds, long AllowanceSeconds)
{
    /// <summary>Prices a call, or null when the plan has no price for it.</summary>
    public static CallPrice? Of(PriceBook? book, AccountState account, Service service, string key, DateTimeOffset at, int billingDay, int longestSeconds)
    {
        if (book is null || book.Currency != account.Currency || !Rater.TryFind(book.Decks(service), key, at, out var deckNo, out var rate))
            return null;
        var deck = book.Decks(service)[deckNo];
        var destination = deck.DescriptionOf(rate, at);
        var covered = account.Allowances.Where(a => a.Covers(service, destination, at)).Sum(a => a.Left);
        var spendable = account.AvailableMicros;
        if (account.DailyCapMicros is { } cap)
            spendable = Math.Min(spendable, cap - (account.SpentDay == billingDay ? account.SpentMicros : 0) - account.HeldMicros);
        var longest = Rater.LongestFor(book.Decks(service), service, key, at, Math.Max(0, spendable), covered, longestSeconds);
        return new(book, destination, MinutePrice.Of(deck, deckNo, rate, service, at), (int)longest, covered);
    }

    /// <summary>What a call that has lasted so long costs.</summary>
    public long CostMicros(Service service, string key, DateTimeOffset at, long talkMs) =>
        Math.Max(0, Rater.Rate(Book.Decks(service), service, key, at, Math.Max(0, talkMs), AllowanceSeconds, null).AmountMicros);
}
