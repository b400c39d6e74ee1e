using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>An account as a call sees it before anything is reserved: only reserving decides.</summary>
sealed record CallAccount(AccountState State, int? PlanVersionId, List<TariffSpan>? Tariffs)
{
    const string ReadAccount = """
        select kind, status, bar, currency, balance_micros, held_micros, credit_limit_micros, daily_cap_micros, spent_micros, spent_day, open_calls, max_calls, plan_version_id, has_tariffs
          from ledger.accounts where account_id = $1 and tenant_id = $2
        """;

    const string ReadAllowances = """
        select allowance_id, name, service, destination_group, granted, used, held, valid_from, valid_to
          from ledger.allowances
         where account_id = $1 and tenant_id = $2 and service = $3 and valid_to > $4 and valid_from <= $4 and used < granted
        """;

    /// <summary>Reads one, or null.</summary>
    public static Task<CallAccount?> FindAsync(Database database, int tenantId, long accountId, Service service, DateTimeOffset at, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        async (connection, ct) =>
        {
            var rows = await Database.QueryAsync(connection, ReadAccount, [accountId, tenantId], r => (
                State: new AccountState
                {
                    AccountId = accountId,
                    Kind = (AccountKind)r.GetInt16(0),
                    Status = (AccountStatus)r.GetInt16(1),
                    Bar = (AccountBar)r.GetInt16(2),
                    Currency = r.GetString(3),
                    BalanceMicros = r.GetInt64(4),
                    HeldMicros = r.GetInt64(5),
                    CreditLimitMicros = r.GetInt64(6),
                    DailyCapMicros = r.IsDBNull(7) ? null : r.GetInt64(7),
                    SpentMicros = r.GetInt64(8),
                    SpentDay = r.GetInt32(9),
                    OpenCalls = r.GetInt32(10),
                    MaxCalls = r.IsDBNull(11) ? null : r.GetInt32(11),
                }, Plan: r.IsDBNull(12) ? (int?)null : r.GetInt32(12), HasTariffs: !r.IsDBNull(13) && r.GetBoolean(13)), ct);
            if (rows is not [var (state, plan, hasTariffs)])
                return null;
            var allowances = await Database.QueryAsync(connection, ReadAllowances, [accountId, tenantId, (short)service, at], r => new AllowanceState(
                r.GetInt64(0), r.GetString(1), (Service)r.GetInt16(2), r.GetString(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6),
                r.GetFieldValue<DateTimeOffset>(7), r.GetFieldValue<DateTimeOffset>(8)), ct);
            var tariffs = hasTariffs ? (await TariffStore.SpansAsync(connection, tenantId, [accountId], ct)).GetValueOrDefault(accountId) : null;
            return new CallAccount(state with { Allowances = [.. allowances] }, plan, tariffs);
        },
        cancellationToken);

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
    const long TenMinutesMs = 600_000;

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
        return new(book, destination, Rater.Price(deck, deckNo, rate, service, at, TenMinutesMs, 0, null).AmountMicros / 10, (int)longest, covered);
    }

    /// <summary>What a call that has lasted so long costs.</summary>
    public long CostMicros(Service service, string key, DateTimeOffset at, long talkMs) =>
        Math.Max(0, Rater.Rate(Book.Decks(service), service, key, at, Math.Max(0, talkMs), AllowanceSeconds, null).AmountMicros);
}
