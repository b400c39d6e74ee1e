using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Ledger;

/// <summary>What a client is told of one use: charged, repeated, kept for later, or refused.</summary>
/// <param name="Status">As HTTP would say it.</param>
/// <param name="Id">The event's id as the client gave it.</param>
/// <param name="UsageId">The record's id, when there is a record.</param>
/// <param name="Decision">The decision, when it came to one.</param>
/// <param name="Problem">Why not, when it was refused.</param>
public readonly record struct UsageAnswer(int Status, string? Id, string? UsageId, Decision? Decision, Problem? Problem)
{
    /// <summary>The answer for a decision.</summary>
    public static UsageAnswer For(long accountId, UsageEvent usage, Decision decision)
    {
        if (!decision.Accepted)
        {
            var problem = Refusals.ToProblem(decision.Refusal);
            return new(problem.Status, usage.Id, null, decision, problem);
        }
        var id = new UsageId(accountId, UsageMonth.Of(usage.OccurredAt), EventKey.Of(usage.Source, usage.Id)).ToString();
        return new(decision.IsRepeat ? 200 : 201, usage.Id, id, decision, null);
    }

    /// <summary>The answer for what did not get as far as a decision.</summary>
    public static UsageAnswer For(string? id, Problem problem) => new(problem.Status, id, null, null, problem);

    /// <summary>Writes it as one JSON object.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("status", Status);
        if (Id is not null)
            json.WriteString("id", Id);
        if (Problem is { } problem)
        {
            json.WriteString("code", problem.Code);
            json.WriteString("title", problem.Title);
            if (problem.Field is not null)
                json.WriteString("field", problem.Field);
            if (problem.Expected is not null)
                json.WriteString("expected", problem.Expected);
        }
        else if (Decision is { Posting: { } posting, Usage: { } usage } decision)
        {
            json.WriteString("usageId", UsageId);
            json.WriteBoolean("duplicate", decision.IsRepeat);
            json.WriteString("amount", Money.Format(posting.AmountMicros));
            json.WriteNumber("billedQuantity", usage.BilledQuantity);
            json.WriteNumber("coveredQuantity", usage.CoveredQuantity);
            if (usage.ShortfallMicros > 0)
                json.WriteString("shortfall", Money.Format(usage.ShortfallMicros));
            json.WriteString("destination", usage.Destination);
            json.WriteString("balance", Money.Format(posting.BalanceAfterMicros));
        }
        json.WriteEndObject();
    }
}
