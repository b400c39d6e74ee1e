using System.Globalization;
using Balatrix.Core;
using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Customers;

namespace Balatrix.Modules.Subscriptions;

/// <summary>A span of time, half-open.</summary>
public sealed record SpanView(DateTimeOffset From, DateTimeOffset To);

/// <summary>An add-on of a subscription.</summary>
/// <param name="Code">The add-on.</param>
/// <param name="Quantity">How many.</param>
/// <param name="Price">Of one, for a period.</param>
public sealed record AddOnView(string Code, int Quantity, string Price);

/// <summary>A change that waits for the renewal.</summary>
public sealed record ScheduledChangeView(string Plan, int PlanVersionId, string Cycle, string Price, DateTimeOffset At);

/// <summary>An amount for one item over one span of time.</summary>
/// <param name="Kind">period, rest, unused or grace.</param>
/// <param name="Item">Code of the plan or add-on.</param>
/// <param name="Quantity">How many.</param>
/// <param name="From">First instant that it pays for.</param>
/// <param name="To">First instant after them.</param>
/// <param name="Amount">Negative is given back.</param>
public sealed record LineView(string Kind, string Item, int Quantity, DateTimeOffset From, DateTimeOffset To, string Amount);

/// <summary>A subscription as the API shows it. Amounts are decimal strings of its currency, without tax.</summary>
public sealed record SubscriptionView
{
    const string Prefix = "SUB-";

    /// <summary>Its number.</summary>
    public required string Id { get; init; }

    /// <summary>The account that pays and that its plan rates.</summary>
    public required string Account { get; init; }

    /// <summary>trial, active, past_due, suspended, paused, cancelled or ended.</summary>
    public required string Status { get; init; }

    /// <summary>What can be done to it by hand.</summary>
    public required string[] AllowedMoves { get; init; }

    /// <summary>The plan's code.</summary>
    public required string Plan { get; init; }

    /// <summary>The plan version, which stays until the subscription moves.</summary>
    public required int PlanVersionId { get; init; }

    /// <summary>monthly, quarterly or annual.</summary>
    public required string Cycle { get; init; }

    /// <summary>The plan's price for a period.</summary>
    public required string Price { get; init; }

    /// <summary>ISO 4217 code.</summary>
    public required string Currency { get; init; }

    /// <summary>What is taken besides the plan.</summary>
    public required AddOnView[] AddOns { get; init; }

    /// <summary>The present period, or the trial.</summary>
    public required SpanView Period { get; init; }

    /// <summary>Whether it is on trial.</summary>
    public required bool IsTrial { get; init; }

    /// <summary>Whether the present period is paid for.</summary>
    public required bool IsPaid { get; init; }

    /// <summary>Whether the next period was paid for early.</summary>
    public required bool IsNextPaid { get; init; }

    /// <summary>Whether renewals are paid without asking.</summary>
    public required bool AutoRenew { get; init; }

    /// <summary>How it is to be paid, as the customer named it.</summary>
    public string? PaymentMethod { get; init; }

    /// <summary>Whether it ends with the period.</summary>
    public required bool CancelAtPeriodEnd { get; init; }

    /// <summary>A change that waits for the renewal.</summary>
    public ScheduledChangeView? ScheduledChange { get; init; }

    /// <summary>Owed for service on grace, charged when it comes back.</summary>
    public required string Owed { get; init; }

    /// <summary>Since when it is out of service.</summary>
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>When time does something next.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>When it was subscribed.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Counts its changes; its ETag.</summary>
    public required int Version { get; init; }

    /// <summary>The number that customers see.</summary>
    public static string Number(long id) => Prefix + id.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads a number, with or without its prefix.</summary>
    public static bool TryParseNumber(string text, out long id) =>
        long.TryParse(text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? text.AsSpan(Prefix.Length) : text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id > 0;

    /// <summary>What a cycle must be.</summary>
    public const string ExpectedCycle = "monthly, quarterly or annual";

    /// <summary>Reads a cycle.</summary>
    public static bool TryParseCycle(string? text, out BillingCycle cycle)
    {
        cycle = text switch { "monthly" => BillingCycle.Monthly, "quarterly" => BillingCycle.Quarterly, "annual" => BillingCycle.Annual, _ => default };
        return cycle != default;
    }

    internal static string CycleName(BillingCycle cycle) => cycle.ToString().ToLowerInvariant();

    internal static LineView[] Lines(IEnumerable<SubscriptionLine> lines) =>
        [.. lines.Select(l => new LineView(l.Kind.ToString().ToLowerInvariant(), l.Item, l.Quantity, l.Span.From, l.Span.To, Money.Format(l.AmountMicros)))];

    internal static SubscriptionView Of(SubscriptionRecord record)
    {
        var s = record.State;
        return new()
        {
            Id = Number(record.Id),
            Account = AccountDirectory.NumberOf(record.AccountId),
            Status = SubscriptionMoves.Name(s.Status),
            AllowedMoves = [.. SubscriptionMoves.From(s.Status).Select(SubscriptionMoves.Name)],
            Plan = s.Plan.Code,
            PlanVersionId = s.Plan.PlanVersionId,
            Cycle = CycleName(s.Plan.Cycle),
            Price = Money.Format(s.Plan.PriceMicros),
            Currency = record.Currency,
            AddOns = [.. s.AddOns.Select(a => new AddOnView(a.Code, a.Quantity, Money.Format(a.PriceMicros)))],
            Period = new(s.Period.From, s.Period.To),
            IsTrial = s.IsTrial,
            IsPaid = s.IsPaid,
            IsNextPaid = s.IsNextPaid,
            AutoRenew = s.AutoRenew,
            PaymentMethod = record.PaymentMethod,
            CancelAtPeriodEnd = s.Status == SubscriptionStatus.Cancelled,
            ScheduledChange = s.Scheduled is { } change
                ? new(change.Plan.Code, change.Plan.PlanVersionId, CycleName(change.Plan.Cycle), Money.Format(change.Plan.PriceMicros), s.Period.To)
                : null,
            Owed = Money.Format(s.Owed.Sum(l => l.AmountMicros)),
            StoppedAt = s.StoppedAt,
            NextAt = Lifecycle.NextAt(s),
            CreatedAt = record.CreatedAt,
            Version = record.Version,
        };
    }
}
