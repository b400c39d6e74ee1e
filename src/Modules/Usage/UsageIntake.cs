using System.Text.Json;
using Balatrix.Core.Charging;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Ledger;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Usage;

/// <summary>The way of parsed use into the pipeline and of its answers back, for every door.</summary>
public sealed class UsageIntake(ChargingPipeline pipeline, AccountDirectory directory, UnratedStore unrated, AccountGates gates)
{
    /// <summary>Charges what was parsed; the answers stand in its order.</summary>
    /// <param name="tenantId">Whose.</param>
    /// <param name="parsed">Uses and problems.</param>
    /// <param name="hasHappened">True for use that is kept for later when it cannot be charged now; false refuses it.</param>
    /// <param name="cancellationToken">Stops before charging begins.</param>
    /// <param name="from">Address of the client whose accounts are held to their limits; null for use that has happened.</param>
    public async Task<UsageAnswer[]> ChargeAsync(
        int tenantId, IReadOnlyList<ParsedUsage> parsed, bool hasHappened, CancellationToken cancellationToken, System.Net.IPAddress? from = null)
    {
        HashSet<long>? passed = null;
        var answers = new UsageAnswer[parsed.Count];
        var operations = new List<AccountOperation>(parsed.Count);
        var places = new List<int>(parsed.Count);
        for (var i = 0; i < parsed.Count; i++)
        {
            if (parsed[i] is not { Event: { } usage, Problem: null } item)
                answers[i] = UsageAnswer.For(parsed[i].Event?.Id, parsed[i].Problem!);
            else if (await directory.FindAsync(tenantId, item.Account, cancellationToken) is { } accountId)
            {
                // A batch is one request of each of its accounts.
                if (!hasHappened && (passed ??= []).Add(accountId) && gates.Check(accountId, from) is { } closed)
                {
                    passed.Remove(accountId);
                    answers[i] = UsageAnswer.For(usage.Id, closed);
                    continue;
                }
                operations.Add(new(accountId, new Charge(usage, hasHappened)));
                places.Add(i);
            }
            else
                answers[i] = await RefuseAsync(tenantId, item, new Decision(Refusal.UnknownAccount), hasHappened, cancellationToken);
        }
        var decisions = await pipeline.SubmitAsync(tenantId, operations, cancellationToken);
        for (var i = 0; i < decisions.Length; i++)
        {
            var item = parsed[places[i]];
            answers[places[i]] = decisions[i].Accepted
                ? UsageAnswer.For(operations[i].AccountId, item.Event!, decisions[i])
                : await RefuseAsync(tenantId, item, decisions[i], hasHappened, cancellationToken);
        }
        return answers;
    }

    /// <summary>Writes the answers of a batch: counts, and each element's own outcome in order.</summary>
    public static async Task WriteBatchAsync(HttpResponse response, UsageAnswer[] answers, CancellationToken cancellationToken)
    {
        response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(response.BodyWriter);
        json.WriteStartObject();
        json.WriteNumber("accepted", answers.Count(a => a.Status == 201));
        json.WriteNumber("duplicates", answers.Count(a => a.Status == 200));
        json.WriteNumber("kept", answers.Count(a => a.Status == 202));
        json.WriteNumber("refused", answers.Count(a => a.Status >= 400));
        json.WriteStartArray("results");
        foreach (var answer in answers)
        {
            answer.WriteTo(json);
            if (json.BytesPending > 32 * 1024)
                await json.FlushAsync(cancellationToken);
        }
        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
    }

    /// <summary>Writes one answer: its object, or its problem.</summary>
    public static async Task WriteOneAsync(HttpContext context, UsageAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Problem is { } problem && answer.Status >= 400)
        {
            await problem.ToResult().ExecuteAsync(context);
            return;
        }
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        answer.WriteTo(json);
        await json.FlushAsync(cancellationToken);
    }

    /// <summary>Use that happened is kept for another try, unless trying again can change nothing.</summary>
    async Task<UsageAnswer> RefuseAsync(int tenantId, ParsedUsage item, Decision decision, bool hasHappened, CancellationToken cancellationToken)
    {
        var problem = Refusals.ToProblem(decision.Refusal);
        if (!hasHappened || decision.Refusal is Refusal.Conflict or Refusal.InvalidAmount)
            return new(problem.Status, item.Event!.Id, null, decision, problem);
        var id = await unrated.KeepAsync(tenantId, item.Account, item.Event!, problem, cancellationToken);
        return new(202, item.Event!.Id, $"unrated-{id}", null, problem);
    }
}
