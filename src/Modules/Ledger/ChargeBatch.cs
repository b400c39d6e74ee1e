using System.Buffers;
using System.Text.Json;
using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;

namespace Balatrix.Modules.Ledger;

/// <summary>One transaction's worth of operations in memory: what was read, what was decided, what is to be written.</summary>
sealed class ChargeBatch : IDisposable
{
    readonly Dictionary<(long AccountId, Guid Key), int> firstInBatch = [];
    readonly TraceBuffer trace = new();
    readonly ArrayBufferWriter<byte> traceJson = new(4096);
    readonly Utf8JsonWriter traceWriter = new(Stream.Null);
    Decision[] decisions = [];
    short lateBefore;
    int hour;

    public int TenantId { get; private set; }

    public IReadOnlyList<PendingOperation> Operations { get; private set; } = [];

    public ReadOnlySpan<Decision> Decisions => decisions.AsSpan(0, Operations.Count);

    /// <summary>The locked accounts.</summary>
    public Dictionary<long, AccountSlot> Accounts { get; } = [];

    /// <summary>Uses and postings that were recorded before, by account and key.</summary>
    public Dictionary<(long AccountId, Guid Key), RecordedOutcome> Recorded { get; } = [];

    /// <summary>New usage records by month.</summary>
    public SortedDictionary<short, UsageCopyBuffer> NewUsage { get; } = [];

    /// <summary>New journal entries.</summary>
    public List<(long AccountId, Post Post, Posting Posting)> NewEntries { get; } = [];

    /// <summary>Whether any operation posts to the journal.</summary>
    public bool HasPosts { get; private set; }

    /// <summary>Whether its commit need not wait for the disk.</summary>
    public bool IsUrgent { get; private set; }

    /// <summary>Whether any operation speaks of a reservation.</summary>
    public bool HasReservations { get; private set; }

    /// <summary>Earliest and latest time of any use in the batch.</summary>
    public (DateTimeOffset First, DateTimeOffset Last) Span { get; private set; }

    public void Dispose() => traceWriter.Dispose();

    public void Begin(int tenantId, IReadOnlyList<PendingOperation> operations, DateTimeOffset now, DateTimeOffset machineNow)
    {
        TenantId = tenantId;
        (lateBefore, hour) = (UsageKeyFilters.LateBefore(machineNow), UsageKeyFilters.HourOf(machineNow));
        Operations = operations;
        if (decisions.Length < operations.Count)
            decisions = new Decision[operations.Count];
        Accounts.Clear();
        Recorded.Clear();
        firstInBatch.Clear();
        NewEntries.Clear();
        foreach (var buffer in NewUsage.Values)
            buffer.Clear();
        HasPosts = HasReservations = false;
        IsUrgent = true;
        var (first, last) = (now, now);
        foreach (var pending in operations)
        {
            IsUrgent &= pending.Haste == Haste.Urgent;
            HasPosts |= pending.Operation is Post;
            HasReservations |= pending.Operation is Reserve or Extend or Settle or Release;
            if (UsageOf(pending.Operation) is not { } usage)
                continue;
            if (usage.OccurredAt < first)
                first = usage.OccurredAt;
            else if (usage.OccurredAt > last)
                last = usage.OccurredAt;
        }
        Span = (first, last);
    }

    /// <summary>Whether anything is to be written.</summary>
    public bool WritesAnything => Accounts.Values.Any(slot => slot.IsChanged);

    /// <summary>Whether any operation was refused.</summary>
    public bool AnyRefused => Decisions.ToArray().Any(decision => !decision.Accepted);

    /// <summary>Accounts with a use that is older than their present plan.</summary>
    public long[] AccountsThatNeedPlanHistory()
    {
        HashSet<long>? ids = null;
        foreach (var pending in Operations)
            if (Accounts.TryGetValue(pending.AccountId, out var slot) && UsageOf(pending.Operation) is { } usage && slot.NeedsHistoryAt(usage.OccurredAt))
                (ids ??= []).Add(pending.AccountId);
        return ids is null ? [] : [.. ids];
    }

    /// <summary>The plan versions that any account of the batch may be priced by.</summary>
    public HashSet<int> PlanVersions()
    {
        var versions = new HashSet<int>();
        foreach (var slot in Accounts.Values)
            slot.AddPlanVersions(versions);
        return versions;
    }

    /// <summary>The accounts with tariffs.</summary>
    public long[] AccountsWithTariffs()
    {
        List<long>? ids = null;
        foreach (var (id, slot) in Accounts)
            if (slot.HasTariffs)
                (ids ??= []).Add(id);
        return ids is null ? [] : [.. ids];
    }

    /// <summary>The plan and tariff versions that its uses are priced by, where an account has a tariff.</summary>
    public HashSet<(int PlanVersionId, int TariffVersionId)> TariffVersions(DateTimeOffset now)
    {
        var versions = new HashSet<(int, int)>();
        foreach (var pending in Operations)
            if (Accounts.TryGetValue(pending.AccountId, out var slot) && slot.Tariffs is { } tariffs && PricedAt(slot, pending.Operation, now) is var at
                && slot.PlanVersionAt(at) is { } plan && TariffSpan.At(tariffs, at) is { } tariff)
                versions.Add((plan, tariff));
        return versions;
    }

    /// <summary>Whether an operation ends in a usage record.</summary>
    public static bool IsUsage(Operation operation) => operation is Charge or Settle;

    /// <summary>The use that an operation carries, if any.</summary>
    public static UsageEvent? UsageOf(Operation operation) => operation switch
    {
        Charge charge => charge.Usage,
        Settle settle => settle.Usage,
        Reserve reserve => reserve.Usage,
        _ => null,
    };

    /// <summary>Decides every operation in order. All that is needed must have been loaded.</summary>
    /// <param name="priceBook">By plan version and tariff version.</param>
    /// <param name="moment">When.</param>
    public void Apply(Func<int, int?, PriceBook?> priceBook, Moment moment)
    {
        for (var i = 0; i < Operations.Count; i++)
            decisions[i] = Decide(i, priceBook, moment);
    }

    Decision Decide(int index, Func<int, int?, PriceBook?> priceBook, Moment moment)
    {
        var (accountId, operation) = (Operations[index].AccountId, Operations[index].Operation);
        if (!Accounts.TryGetValue(accountId, out var slot))
            return new Decision(Refusal.UnknownAccount);
        var isPosted = operation is Charge or Settle or Post;
        var key = (accountId, operation.Key);
        if (isPosted)
        {
            if (Recorded.TryGetValue(key, out var recorded))
                return AnswerAgain(slot, operation, recorded, moment);
            if (firstInBatch.TryGetValue(key, out var first))
                return RecordedOutcome.SameContent(Operations[first].Operation, operation)
                    ? decisions[first] with { IsRepeat = true }
                    : new Decision(Refusal.Conflict);
        }
        var at = PricedAt(slot, operation, moment.Now);
        var prices = slot.PlanVersionAt(at) is { } version ? priceBook(version, TariffSpan.At(slot.Tariffs, at)) : null;
        trace.Clear();
        var (state, decision) = Charging.Apply(slot.State, operation, prices, moment, trace);
        slot.State = state;
        if (isPosted && decision.Accepted)
        {
            firstInBatch.Add(key, index);
            Record(slot, operation, decision, moment);
        }
        return decision;
    }

    /// <summary>A call that was charged through another door needs its hold no longer.</summary>
    static Decision AnswerAgain(AccountSlot slot, Operation operation, RecordedOutcome recorded, Moment moment)
    {
        var answer = recorded.Answer(operation);
        if (operation is Settle settle && answer.Accepted)
            slot.State = Charging.Apply(slot.State, new Release(settle.ReservationId, OnlyIfExpired: false), null, moment, null).State;
        return answer;
    }

    /// <summary>The time whose prices hold for an operation.</summary>
    static DateTimeOffset PricedAt(AccountSlot slot, Operation operation, DateTimeOffset now) =>
        UsageOf(operation)?.OccurredAt ?? ReservedAt(slot, operation) ?? now;

    static DateTimeOffset? ReservedAt(AccountSlot slot, Operation operation)
    {
        if (operation is not Extend extend)
            return null;
        foreach (var reservation in slot.State.Reservations)
            if (reservation.Id == extend.ReservationId)
                return reservation.Usage.OccurredAt;
        return null;
    }

    void Record(AccountSlot slot, Operation operation, Decision decision, Moment moment)
    {
        var posting = decision.Posting!.Value;
        if (operation is Post post)
        {
            NewEntries.Add((slot.State.AccountId, post, posting));
            return;
        }
        var usage = UsageOf(operation)!;
        var month = UsageMonth.Of(usage.OccurredAt);
        slot.Widen(month);
        if (month < lateBefore)
            slot.LateHour = Math.Max(slot.LateHour, hour);
        if (!NewUsage.TryGetValue(month, out var buffer))
            NewUsage.Add(month, buffer = new UsageCopyBuffer());
        WriteRow(buffer, slot.State.AccountId, operation.Key, usage, posting, decision.Usage!, moment);
    }

    /// <summary>The columns of usage.usage_records in the order that <see cref="WriteRow"/> gives them.</summary>
    public const string UsageColumns =
        "account_id, entry_no, event_key, tenant_id, occurred_at, recorded_at, service, debit_book, credit_book, amount_micros, "
        + "balance_after_micros, shortfall_micros, quantity, billed_quantity, covered_quantity, plan_version_id, source, event_id, "
        + "rating_key, calling, called, destination, detail, trace";

    void WriteRow(
        UsageCopyBuffer row, long accountId, Guid key, UsageEvent usage, in Posting posting, UsageOutcome outcome, Moment moment)
    {
        row.BeginRow(24);
        row.Write(accountId);
        row.Write(posting.EntryNo);
        row.Write(key);
        row.Write(TenantId);
        row.Write(usage.OccurredAt);
        row.Write(moment.Now);
        row.Write((short)usage.Service);
        row.Write((short)posting.Debit);
        row.Write((short)posting.Credit);
        row.Write(posting.AmountMicros);
        row.Write(posting.BalanceAfterMicros);
        row.Write(outcome.ShortfallMicros);
        row.Write(usage.Quantity);
        row.Write(outcome.BilledQuantity);
        row.Write(outcome.CoveredQuantity);
        row.Write(outcome.PlanVersionId);
        row.Write(usage.Source);
        row.Write(usage.Id);
        row.Write(usage.RatingKey);
        row.Write(usage.CallingNumber);
        row.Write(usage.CalledNumber);
        row.Write(outcome.Destination);
        row.Write(usage.Detail);
        traceJson.ResetWrittenCount();
        traceWriter.Reset(traceJson);
        trace.WriteTo(traceWriter);
        traceWriter.Flush();
        row.Write(traceJson.WrittenSpan);
    }
}
