using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>What every change of a number needs.</summary>
/// <param name="Database">The database.</param>
/// <param name="Clock">The tenant's time.</param>
/// <param name="Directory">Forgets what was changed.</param>
sealed record NumberTools(Database Database, TenantClock Clock, NumberDirectory Directory)
{
    /// <summary>What a change makes of a number that is locked; a refusal is thrown.</summary>
    public delegate Task<NumberRecord> Change(NpgsqlConnection connection, NumberRecord before, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Locks a number, changes it and writes that down, in one transaction.</summary>
    /// <param name="id">Which one.</param>
    /// <param name="action">What is written down.</param>
    /// <param name="context">The request; its If-Match holds the change to a version.</param>
    /// <param name="first">What is to be locked before the number; null is nothing.</param>
    /// <param name="change">The change.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<IResult> ChangeAsync(long id, string action, HttpContext context, Func<NpgsqlConnection, CancellationToken, Task>? first, Change change, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await Clock.NowAsync(tenantId, cancellationToken);
        var after = await Database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (first is not null)
                await first(connection, ct);
            if (await NumberStore.FindAsync(connection, tenantId, id, toChange: true, ct) is not { } before)
                return null;
            Preconditions.Check(context.Request, before.Version);
            var saved = await NumberStore.SaveAsync(connection, tenantId, await change(connection, WithoutLapsed(before, now), now, ct), now, ct);
            await WriteAsync(connection, tenantId, Actor.Of(context), action, before, saved, now, ct);
            return saved;
        }, cancellationToken);
        return after is null ? Problem.NotFound("number").ToResult() : Answer(context, after, now);
    }

    /// <summary>What was set for a reservation that lapsed is nobody's any more.</summary>
    static NumberRecord WithoutLapsed(NumberRecord number, DateTimeOffset now) => number.State.Status == NumberStatus.Reserved && NumberMachine.At(number.State, now).Status == NumberStatus.Available
        ? number with { Label = "", Target = null }
        : number;

    /// <summary>Makes a move, or throws why not.</summary>
    public static NumberRecord Move(NumberRecord before, NumberCommand command, DateTimeOffset now)
    {
        var (state, refusal) = NumberMachine.Move(before.State, command, now);
        if (state is null)
            throw new ProblemException(new(
                409, refusal!.Code, refusal.Reason, "status", refusal.Allowed.Count == 0 ? "nothing more" : string.Join(", ", refusal.Allowed.Select(NumberMachine.Name))));
        // What the last holder called it, and where its calls went, is nobody else's.
        return state.Status is NumberStatus.Available or NumberStatus.Quarantined or NumberStatus.Retired
            ? before with { State = state, Label = "", Target = null }
            : before with { State = state };
    }

    /// <summary>Writes a change down.</summary>
    public static Task WriteAsync(
        NpgsqlConnection connection, int tenantId, Actor actor, string action, NumberRecord? before, NumberRecord after, DateTimeOffset now, CancellationToken cancellationToken) => AuditLog.WriteAsync(
        connection, tenantId, actor, action, "did", $"+{after.Digits}", before is null ? null : NumberView.Of(before, now), NumberView.Of(after, now), now, cancellationToken);

    /// <summary>How long numbers rest, as the tenant has it.</summary>
    public static async Task<TimeSpan> QuarantineAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken) =>
        TimeSpan.FromDays((await TenantSettingsStore.LoadAsync(connection, tenantId, cancellationToken)).NumberQuarantineDays ?? 0);

    /// <summary>The number as an answer.</summary>
    public static IResult Answer(HttpContext context, NumberRecord record, DateTimeOffset now)
    {
        Preconditions.SetETag(context, record.Version);
        return Results.Ok(NumberView.Of(record, now));
    }
}
