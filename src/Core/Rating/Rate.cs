namespace Balatrix.Core.Rating;

/// <summary>What a deck prices.</summary>
public enum DeckKind : byte
{
    /// <summary>Calls, by prefix of the called E.164 number.</summary>
    Voice,

    /// <summary>Messages, by MCC and MNC.</summary>
    Sms,

    /// <summary>Counted events, by channel.</summary>
    Event,
}

/// <summary>Days that a rate holds on.</summary>
[Flags]
public enum RateDays : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Sunday.</summary>
    Sunday = 1,

    /// <summary>Monday.</summary>
    Monday = 2,

    /// <summary>Tuesday.</summary>
    Tuesday = 4,

    /// <summary>Wednesday.</summary>
    Wednesday = 8,

    /// <summary>Thursday.</summary>
    Thursday = 16,

    /// <summary>Friday.</summary>
    Friday = 32,

    /// <summary>Saturday.</summary>
    Saturday = 64,

    /// <summary>Days of the tenant's holiday calendar.</summary>
    Holiday = 128,

    /// <summary>Every day of the week, holiday or not.</summary>
    All = 127,
}

/// <summary>One row of a rate deck. Amounts are micro-units of the deck's currency; times are local to the tenant.</summary>
public sealed record Rate
{
    /// <summary>Seconds of a day; the default of <see cref="ToTime"/>.</summary>
    public const int SecondsPerDay = 86_400;

    /// <summary>E.164 digits, <c>mcc-mnc</c> or <c>mcc-*</c>, or a channel; <c>*</c> matches all.</summary>
    public required string Prefix { get; init; }

    /// <summary>Name of the destination, and its group for allowances and reports.</summary>
    public string Description { get; init; } = "";

    /// <summary>Charged once when anything is.</summary>
    public long ConnectFeeMicros { get; init; }

    /// <summary>The row holds from this second of the call on.</summary>
    public int FromSecond { get; init; }

    /// <summary>Price of one <see cref="RateUnitSeconds"/>, or of one message or event.</summary>
    public required long RateMicros { get; init; }

    /// <summary>Seconds that <see cref="RateMicros"/> buys.</summary>
    public int RateUnitSeconds { get; init; } = 60;

    /// <summary>Billed at least, from the start of the step; 0 is the same as <see cref="IncrementSeconds"/>.</summary>
    public int MinimumSeconds { get; init; }

    /// <summary>Used seconds are raised to a multiple of it.</summary>
    public int IncrementSeconds { get; init; } = 60;

    /// <summary>Calls up to this long cost nothing.</summary>
    public int FreeSeconds { get; init; }

    /// <summary>Days that it holds on.</summary>
    public RateDays Days { get; init; } = RateDays.All;

    /// <summary>First second of the day that it holds in.</summary>
    public int FromTime { get; init; }

    /// <summary>First second of the day that it no longer holds in; not after <see cref="FromTime"/> means the next day.</summary>
    public int ToTime { get; init; } = SecondsPerDay;

    /// <summary>The most that one use costs, or null.</summary>
    public long? MaxChargeMicros { get; init; }

    /// <summary>The one rounding of the whole charge.</summary>
    public Rounding Rounding { get; init; } = Rounding.HalfUp;

    /// <summary>Decimals of the charge, 0 to 6.</summary>
    public int Decimals { get; init; } = 4;

    /// <summary>First instant of its validity, or always.</summary>
    public DateTimeOffset? ValidFrom { get; init; }

    /// <summary>First instant after its validity, or never.</summary>
    public DateTimeOffset? ValidTo { get; init; }
}
