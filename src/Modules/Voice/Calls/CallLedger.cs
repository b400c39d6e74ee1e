using Balatrix.Core.Charging;
using Balatrix.Core.Voice;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Npgsql;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>What of a call is money. Every operation has a key of its own, so that asking again, here or on another node, does it once.</summary>
sealed class CallLedger(ChargingPipeline pipeline, Database database, TenantClock clock, UsageIntake intake)
{
    /// <summary>A hold outlives its call by so much, should nobody be there to settle it; the record that comes later is charged all the same.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Reserves the first slice and keeps the call, in one commit. Should the database's machine lose it in a crash, the guard in FreeSWITCH still bounds the call to its slice, the next slice
    /// reserves all of it, and its end is charged all the same.
    /// </summary>
    public async Task<Decision> ReserveAsync(CallRow row, CallAsk ask, long ms, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(row.TenantId, cancellationToken);
        var usage = row.Usage(ask.MeterFrom ?? ask.AnsweredAt ?? row.StartedAt, ms);
        return await pipeline.SubmitAsync(
            row.TenantId, row.AccountId, new Reserve(row.ReservationId!.Value, usage, null, AcceptLess: true, now + Grace + TimeSpan.FromMilliseconds(ms)), cancellationToken,
            (writes, _, _) => Also(writes, CallStore.Add(row, ask.Owner, ask.AnsweredAt, ask.MeterFrom)), Haste.Urgent);
    }

    /// <summary>Whether the same call was let through before, and its hold stands.</summary>
    public Task<bool> IsHeldAsync(CallRow row, CancellationToken cancellationToken) =>
        database.InTenantAsync(row.TenantId, (connection, ct) => CallStore.IsHeldAsync(connection, row, ct), cancellationToken);

    /// <summary>Takes a call that was reserved before; false when another controls it.</summary>
    public Task<bool> ClaimAsync(CallRow row, string owner, CancellationToken cancellationToken) =>
        database.InTenantAsync(row.TenantId, (connection, ct) => CallStore.ClaimAsync(connection, row, owner, ct), cancellationToken);

    /// <summary>Keeps a call that costs nothing or could not be reserved.</summary>
    public Task<int> KeepAsync(CallRow row, CallAsk ask, CancellationToken cancellationToken) =>
        database.ExecuteInTenantAsync(row.TenantId, [CallStore.Add(row, ask.Owner, ask.AnsweredAt, ask.MeterFrom)], cancellationToken);

    /// <summary>Reserves more.</summary>
    public async Task<Decision> ExtendAsync(CallRow row, int sequence, long ms, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(row.TenantId, cancellationToken);
        return await pipeline.SubmitAsync(
            row.TenantId, row.AccountId, new Extend(row.ReservationId!.Value, sequence, ms, null, AcceptLess: true, now + Grace + TimeSpan.FromMilliseconds(2 * ms)), cancellationToken, haste: Haste.Patient);
    }

    /// <summary>Lets the hold of a call go that never went on.</summary>
    public async Task ReleaseAsync(CallRow row, DateTimeOffset at, CancellationToken cancellationToken)
    {
        if (row.ReservationId is { } id)
            await pipeline.SubmitAsync(row.TenantId, row.AccountId, new Release(id, OnlyIfExpired: false), cancellationToken, haste: Haste.Patient);
        await CloseAsync(row, CallRowState.Released, null, at, 0, cancellationToken);
    }

    /// <summary>Charges a call and lets the rest of its hold go. A call that cannot be charged is kept with what waits for a rate.</summary>
    /// <param name="row">The call.</param>
    /// <param name="end">Its end.</param>
    /// <param name="answeredAt">When it was answered.</param>
    /// <param name="detail">Further facts, as JSON.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<UsageAnswer> SettleAsync(CallRow row, CallEnd end, DateTimeOffset? answeredAt, string? detail, CancellationToken cancellationToken)
    {
        var state = end.IsEstimated ? CallRowState.Estimated : CallRowState.Settled;
        var endedAt = end.At.AddMilliseconds(end.TalkMs);
        var usage = row.Usage(end.At, end.TalkMs, detail);
        if (row.ReservationId is not { } reservation)
        {
            await CloseAsync(row, state, answeredAt, endedAt, end.TalkMs, cancellationToken);
            return new(200, usage.Id, null, null, null);
        }
        var decision = await pipeline.SubmitAsync(
            row.TenantId, row.AccountId, new Settle(reservation, usage, null), cancellationToken,
            (writes, _, _) => Also(writes, CallStore.Close(row, state, answeredAt, endedAt, end.TalkMs)), Haste.Patient);
        if (decision is { Accepted: true, IsRepeat: false })
            return UsageAnswer.For(row.AccountId, usage, decision);
        var answer = decision.Accepted ? UsageAnswer.For(row.AccountId, usage, decision) : await SettleOtherwiseAsync(row, reservation, usage, decision.Refusal, cancellationToken);
        await CloseAsync(row, state, answeredAt, endedAt, end.TalkMs, cancellationToken);
        return answer;
    }

    async Task<UsageAnswer> SettleOtherwiseAsync(CallRow row, Guid reservation, Core.Usage.UsageEvent usage, Refusal refusal, CancellationToken cancellationToken)
    {
        if (refusal is not (Refusal.UnknownReservation or Refusal.ReservationClosed))
            await pipeline.SubmitAsync(row.TenantId, row.AccountId, new Release(reservation, OnlyIfExpired: false), cancellationToken);
        if (refusal == Refusal.Conflict)
            return new(200, usage.Id, new UsageId(row.AccountId, UsageMonth.Of(usage.OccurredAt), EventKey.Of(usage.Source, usage.Id)).ToString(), null, null);
        // Its hold is gone, or there never was one: the use that happened is charged all the same.
        var answers = await intake.ChargeAsync(row.TenantId, [new ParsedUsage(AccountDirectory.NumberOf(row.AccountId), usage, null)], hasHappened: true, cancellationToken);
        return answers[0];
    }

    Task<int> CloseAsync(CallRow row, CallRowState state, DateTimeOffset? answeredAt, DateTimeOffset endedAt, long talkMs, CancellationToken cancellationToken) =>
        database.ExecuteInTenantAsync(row.TenantId, [CallStore.Close(row, state, answeredAt, endedAt, talkMs)], cancellationToken);

    static ValueTask Also(NpgsqlBatch writes, NpgsqlBatchCommand command)
    {
        writes.BatchCommands.Add(command);
        return ValueTask.CompletedTask;
    }
}
