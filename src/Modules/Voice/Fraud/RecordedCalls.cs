using Balatrix.Core.Usage;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Usage;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>Calls that were charged from their records.</summary>
static class RecordedCalls
{
    /// <summary>Counts the calls of records that were charged now. One that a reservation was held for was counted when it began.</summary>
    public static void Recorded(this FraudGuard guard, int tenantId, IReadOnlyList<ParsedUsage> parsed, UsageAnswer[] answers)
    {
        for (var i = 0; i < answers.Length; i++)
        {
            if (answers[i] is not { Status: 201, UsageId: { } usageId, Decision: { Usage: { } outcome, Posting: { } posting } decision }
                || parsed[i].Event is not { Service: Service.VoiceOutbound } usage || !UsageId.TryParse(usageId, out var id))
                continue;
            var call = new FraudCall(id.AccountId, usage.RatingKey, outcome.Destination, 0, usage.OccurredAt);
            if (decision.Reservation is null)
                guard.Started(tenantId, call);
            guard.Ended(tenantId, call, TimeSpan.FromMilliseconds(usage.Quantity), posting.AmountMicros + outcome.ShortfallMicros);
        }
    }
}
