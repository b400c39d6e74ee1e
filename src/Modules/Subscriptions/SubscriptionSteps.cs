using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Ledger;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>A step that is to be taken: the one when its money is there, and the one when it is not.</summary>
/// <param name="Before">The subscription, locked; version 0 when it begins.</param>
/// <param name="IfPaid">Null when no payment is to be tried.</param>
/// <param name="IfRefused">Null when a refusal changes nothing.</param>
sealed record PlannedStep(SubscriptionRecord Before, SubscriptionStep? IfPaid, SubscriptionStep? IfRefused);

/// <summary>A step that was taken, or the refusal of its money.</summary>
/// <param name="Before">The subscription before it.</param>
/// <param name="After">The subscription after it; as before when it was refused.</param>
/// <param name="Step">Null when it was refused.</param>
/// <param name="Decision">The ledger's word, when money was to move.</param>
sealed record TakenStep(SubscriptionRecord Before, SubscriptionRecord After, SubscriptionStep? Step, Decision? Decision)
{
    /// <summary>The posting's key, when money moved for the step.</summary>
    public Guid? EventKey => Step is { NetMicros: not 0 } ? Before.NextEventKey : null;
}

/// <summary>Takes steps of many subscriptions in one transaction: money, state, lines, segments, plans and allowances commit together.</summary>
sealed class SubscriptionSteps(SubscriptionWrites writes)
{
    /// <summary>Takes the steps; each is whole or not at all, and one that is refused spoils none of the others.</summary>
    public async Task<List<TakenStep>> TakeAsync(NpgsqlConnection connection, int tenantId, IReadOnlyList<PlannedStep> planned, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The same order as the charging pipeline's, so that neither waits for the other in a ring.
        await LedgerPosting.LockAsync(connection, tenantId, [.. planned.Select(p => p.Before.AccountId).Distinct()], cancellationToken);
        var paying = planned.Where(p => p.IfPaid is { NetMicros: not 0 }).ToList();
        var decisions = await LedgerPosting.PostAsync(connection, tenantId, [.. paying.Select(p => (p.Before.AccountId, Posting(p)))], now, cancellationToken);
        var decided = paying.Zip(decisions).ToDictionary(p => p.First, p => p.Second);
        var taken = planned.Select(p => Choose(p, decided.GetValueOrDefault(p))).ToList();
        await writes.SaveAsync(connection, tenantId, [.. taken.Where(t => t.Step is not null)], now, cancellationToken);
        return taken;
    }

    static TakenStep Choose(PlannedStep planned, Decision? decision)
    {
        var step = decision is { Accepted: false } ? planned.IfRefused : planned.IfPaid ?? planned.IfRefused;
        var after = step is null ? planned.Before : planned.Before with { Version = planned.Before.Version + 1, State = step.After };
        return new(planned.Before, after, step, decision);
    }

    static Post Posting(PlannedStep planned)
    {
        var (before, step) = (planned.Before, planned.IfPaid!);
        return new(before.NextEventKey, EntryKind.Subscription, Book.RevenueRecurring, -step.NetMicros, before.Currency, Reference(before, step), null);
    }

    /// <summary>What the statement shows: "SUB-1001 starter 2026-04-01/2026-05-01", by the days of the subscription's zone.</summary>
    static string Reference(SubscriptionRecord before, SubscriptionStep step)
    {
        var (from, to) = (step.Lines.Min(l => l.Span.From), step.Lines.Max(l => l.Span.To));
        var zone = step.After.Anchor.Zone;
        return $"SUB-{before.Id} {step.After.Plan.Code} {zone.DayOf(from):yyyy-MM-dd}/{zone.DayOf(to):yyyy-MM-dd}";
    }
}
