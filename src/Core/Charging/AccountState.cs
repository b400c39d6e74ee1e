using System.Collections.Immutable;
using Balatrix.Core.Usage;

namespace Balatrix.Core.Charging;

/// <summary>How an account pays. Numbers are stored.</summary>
public enum AccountKind : short
{
    /// <summary>Pays first: its book is the wallet.</summary>
    Prepaid = 1,

    /// <summary>Is invoiced: its book is the receivable.</summary>
    Postpaid = 2,
}

/// <summary>Whether an account may be charged. Numbers are stored.</summary>
public enum AccountStatus : short
{
    /// <summary>In use.</summary>
    Active = 1,

    /// <summary>Refuses new use; what already happened is still charged.</summary>
    Suspended = 2,

    /// <summary>Refuses everything.</summary>
    Closed = 3,
}

/// <summary>What dunning has barred. Numbers are stored.</summary>
public enum AccountBar : short
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>New use but for calls that the account receives; what is going on may go on.</summary>
    Outgoing = 1,

    /// <summary>All new use.</summary>
    All = 2,
}

/// <summary>All that a decision about one account depends on. Amounts are micro-units of <see cref="Currency"/>.</summary>
public sealed record AccountState
{
    /// <summary>The account.</summary>
    public required long AccountId { get; init; }

    /// <summary>How it pays.</summary>
    public required AccountKind Kind { get; init; }

    /// <summary>Whether it may be used.</summary>
    public AccountStatus Status { get; init; } = AccountStatus.Active;

    /// <summary>What is barred until overdue invoices are paid. It is dunning's alone: staff stop an account by its status.</summary>
    public AccountBar Bar { get; init; }

    /// <summary>ISO 4217 code of its one currency.</summary>
    public required string Currency { get; init; }

    /// <summary>Sum of its entries; negative when it owes.</summary>
    public long BalanceMicros { get; init; }

    /// <summary>Sum of what its open reservations hold.</summary>
    public long HeldMicros { get; init; }

    /// <summary>How far below zero the balance may go.</summary>
    public long CreditLimitMicros { get; init; }

    /// <summary>The most that may be spent in one billing day, or null.</summary>
    public long? DailyCapMicros { get; init; }

    /// <summary>Spent on <see cref="SpentDay"/>.</summary>
    public long SpentMicros { get; init; }

    /// <summary>The billing day that <see cref="SpentMicros"/> counts, as a day number.</summary>
    public int SpentDay { get; init; }

    /// <summary>Open reservations of voice.</summary>
    public int OpenCalls { get; init; }

    /// <summary>The most calls at a time, or null.</summary>
    public int? MaxCalls { get; init; }

    /// <summary>Number of the last entry; entries are 1, 2, 3 … without a gap.</summary>
    public long EntryNo { get; init; }

    /// <summary>Its allowances that are not used up.</summary>
    public ImmutableArray<AllowanceState> Allowances { get; init; } = [];

    /// <summary>Those of its reservations that the operations at hand speak of.</summary>
    public ImmutableArray<ReservationState> Reservations { get; init; } = [];

    /// <summary>Why the account takes no new use of a service; none when it does.</summary>
    /// <param name="service">The service.</param>
    /// <param name="isGoingOn">True for more of a use that is going on already.</param>
    public Refusal UseRefusal(Service service, bool isGoingOn = false) => (Status, Bar) switch
    {
        (AccountStatus.Closed, _) => Refusal.AccountClosed,
        (AccountStatus.Suspended, _) or (_, AccountBar.All) => Refusal.AccountSuspended,
        (_, AccountBar.Outgoing) when !isGoingOn && service != Service.VoiceInbound => Refusal.AccountRestricted,
        _ => Refusal.None,
    };

    /// <summary>What can still be spent or held.</summary>
    public long AvailableMicros => BalanceMicros + CreditLimitMicros - HeldMicros;

    /// <summary>The book that its charges are posted to.</summary>
    public Book OwnBook => Kind == AccountKind.Prepaid ? Book.Wallet : Book.Receivable;
}

/// <summary>Use that is already paid for, for one service and destination group, in one period.</summary>
/// <param name="Id">The allowance within its account.</param>
/// <param name="Name">Shown in traces ("500 outbound minutes").</param>
/// <param name="Service">What it covers.</param>
/// <param name="DestinationGroup">Covers destinations of this description or beginning with it and a blank; empty covers all.</param>
/// <param name="Granted">Seconds of voice, or units.</param>
/// <param name="Used">Used up.</param>
/// <param name="Held">Held by open reservations.</param>
/// <param name="ValidFrom">First instant of its period.</param>
/// <param name="ValidTo">First instant after its period.</param>
public sealed record AllowanceState(
    long Id, string Name, Service Service, string DestinationGroup, long Granted, long Used, long Held, DateTimeOffset ValidFrom, DateTimeOffset ValidTo)
{
    /// <summary>What can still be used or held.</summary>
    public long Left => Granted - Used - Held;

    /// <summary>Whether it pays for a use of this service, destination and time.</summary>
    public bool Covers(Service service, string destination, DateTimeOffset at) =>
        Service == service && ValidFrom <= at && at < ValidTo && IsInGroup(DestinationGroup, destination);

    /// <summary>Whether a destination is of a group: its description is the group's, or begins with it and a blank; the empty group has all.</summary>
    public static bool IsInGroup(string group, string destination) =>
        group.Length == 0
        || (destination.StartsWith(group, StringComparison.Ordinal) && (destination.Length == group.Length || destination[group.Length] == ' '));
}

/// <summary>Where a reservation stands. Numbers are stored.</summary>
public enum ReservationStatus : short
{
    /// <summary>Holds money or allowance.</summary>
    Open = 1,

    /// <summary>Ended by a charge.</summary>
    Settled = 2,

    /// <summary>Let go unused.</summary>
    Released = 3,

    /// <summary>Let go because its time ran out.</summary>
    Expired = 4,
}

/// <summary>Part of an allowance that a reservation holds.</summary>
public readonly record struct AllowanceHold(long AllowanceId, long Quantity);

/// <summary>Money and allowance set aside for a use that is going on.</summary>
/// <param name="Id">Within its account.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Usage">What it is for; its quantity is what is reserved (milliseconds, segments or events), 0 when only an amount is held.</param>
/// <param name="IsAmount">True when an amount was asked for, not a quantity of a rated service.</param>
/// <param name="HeldMicros">Money held.</param>
/// <param name="Allowances">Allowance held.</param>
/// <param name="Sequence">Number of the last extension applied; 0 after the reservation itself.</param>
/// <param name="ExpiresAt">When it is let go by itself.</param>
public sealed record ReservationState(
    Guid Id, ReservationStatus Status, UsageEvent Usage, bool IsAmount, long HeldMicros,
    ImmutableArray<AllowanceHold> Allowances, int Sequence, DateTimeOffset ExpiresAt);
