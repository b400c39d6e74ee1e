using System.Collections.Immutable;
using Balatrix.Core.Charging;
using Balatrix.Modules.Catalog;

namespace Balatrix.Modules.Ledger;

/// <summary>One locked account in a batch: as it was read, and as the batch's operations have left it so far.</summary>
sealed class AccountSlot(AccountState loaded, int? planVersionId, DateTimeOffset planSince, short? firstMonth, short? lastMonth, bool hasTariffs, BalanceMarks marks)
{
    /// <summary>The balances below which something is to happen.</summary>
    public BalanceMarks Marks => marks;

    /// <summary>As it was read.</summary>
    public AccountState Loaded { get; private set; } = loaded;

    /// <summary>As it is now.</summary>
    public AccountState State { get; set; } = loaded;

    /// <summary>First and last month that it has usage in, as months since 2000-01.</summary>
    public short? FirstMonth { get; private set; } = firstMonth;

    /// <inheritdoc cref="FirstMonth"/>
    public short? LastMonth { get; private set; } = lastMonth;

    /// <summary>The hour, since 2000, in which use of a past month was last recorded.</summary>
    public int LateHour { get; set; }

    /// <summary>The plans it had, oldest first; read only when some use is older than its plan.</summary>
    public List<(DateTimeOffset From, int? PlanVersionId)>? PlanHistory { get; set; }

    /// <summary>Whether it has or had a tariff.</summary>
    public bool HasTariffs => hasTariffs;

    /// <summary>Its tariffs; read only when it has any.</summary>
    public List<TariffSpan>? Tariffs { get; set; }

    /// <summary>Whether anything is to be written.</summary>
    public bool IsChanged => !ReferenceEquals(State, Loaded);

    /// <summary>Whether the plan at a time can be told without its history.</summary>
    public bool NeedsHistoryAt(DateTimeOffset at) => PlanHistory is null && at < planSince;

    /// <summary>The plan version that holds for use at a time; the first plan reaches back to always.</summary>
    public int? PlanVersionAt(DateTimeOffset at)
    {
        if (at >= planSince || PlanHistory is not { Count: > 0 } history)
            return planVersionId;
        var version = history[0].PlanVersionId;
        foreach (var (from, id) in history)
            if (from <= at)
                version = id;
        return version;
    }

    /// <summary>Adds the plan versions that it may be priced by.</summary>
    public void AddPlanVersions(HashSet<int> versions)
    {
        if (planVersionId is { } current)
            versions.Add(current);
        foreach (var (_, past) in PlanHistory ?? [])
            if (past is { } id)
                versions.Add(id);
    }

    /// <summary>Takes allowances and reservations, which are read after the account.</summary>
    public void Load(ImmutableArray<AllowanceState> allowances, ImmutableArray<ReservationState> reservations) =>
        State = Loaded = Loaded with { Allowances = allowances, Reservations = reservations };

    /// <summary>Notes that it has usage in a month.</summary>
    public void Widen(short month)
    {
        FirstMonth = FirstMonth is { } first && first < month ? first : month;
        LastMonth = LastMonth is { } last && last > month ? last : month;
    }
}
