using System.Net;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Numbering;
using Balatrix.Core.Usage;
using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Voice.EventSocket;
using Balatrix.Modules.Voice.Fraud;
using Balatrix.Modules.Voice.Numbers;
using Balatrix.Modules.Voice.Routing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>What authorising a call asks others.</summary>
sealed record CallAdvisers(CallPayers Payers, CallAccounts Accounts, AccountGates Gates, FraudGuard Fraud, RoutePlanner Routes, CallTimings Timings, CallMetrics Metrics);

/// <summary>
/// Says whether a call may go on, and reserves its first slice: the same for every door. Only reserving decides about money; what is read before it
/// finds the payer, the price, and what speaks against the call whatever it costs.
/// </summary>
public sealed partial class CallAuthorizer
{
    /// <summary>Reserved at once for a call whose FreeSWITCH is not controlled, since nobody can reserve more for it later.</summary>
    const int LongestWithoutControlSeconds = 3_600;

    readonly CallAdvisers advisers;
    readonly CallLedger ledger;
    readonly CallRulesDirectory rulesOf;
    readonly FreeSwitchNodes nodes;
    readonly FailOpenBudget budget = new();
    readonly ILogger logger;

    internal CallAuthorizer(CallAdvisers advisers, CallLedger ledger, CallRulesDirectory rules, FreeSwitchNodes nodes, ILogger<CallAuthorizer> logger)
    {
        this.advisers = advisers;
        this.ledger = ledger;
        this.nodes = nodes;
        this.logger = logger;
        rulesOf = rules;
    }

    /// <summary>May this call go on? Asking again for the same call gets the same answer and reserves nothing more.</summary>
    public async Task<(CallPermit? Permit, CallRefusal? Refusal)> AuthorizeAsync(CallRequest request, CancellationToken cancellationToken)
    {
        var grant = await AuthorizeAsync(request, CallAsk.ByDoor(request.Uuid), cancellationToken);
        return grant.Permit?.ForwardedTo is { } target ? await ForwardAsync(grant, target, cancellationToken) : (grant.Permit, grant.Refusal);
    }

    /// <summary>A call to a number that is forwarded goes on when both are paid for, the call and its way on.</summary>
    async Task<(CallPermit? Permit, CallRefusal? Refusal)> ForwardAsync(CallGrant call, NumberTarget target, CancellationToken cancellationToken)
    {
        var (request, ask) = CallAsks.Forward(call.Row!, target, "", null, null);
        var way = await AuthorizeAsync(request, ask with { Ms = call.Row!.ReservationId is null ? null : call.GrantedMs }, cancellationToken);
        if (way.Permit is not { } next)
        {
            if (call.Row is { ReservationId: not null, IsOpenFailed: false } row)
                await ledger.ReleaseAsync(row, request.At, cancellationToken);
            return (null, way.Refusal);
        }
        var permit = call.Permit!;
        return (permit with
        {
            GrantedSeconds = Math.Min(permit.GrantedSeconds, next.GrantedSeconds),
            MaxSeconds = Math.Min(permit.MaxSeconds, next.MaxSeconds),
            Routes = next.Routes,
            Inbound = next.Inbound ?? permit.Inbound,
            Forward = next,
        }, null);
    }

    internal async Task<CallGrant> AuthorizeAsync(CallRequest request, CallAsk ask, CancellationToken cancellationToken)
    {
        var grant = await AnswerAsync(request, ask, cancellationToken);
        if (grant is not { Refusal: { } refusal, IsTaken: false })
            return grant;
        advisers.Metrics.Refused(refusal);
        var rules = await rulesOf.OfAsync(request.TenantId, cancellationToken);
        return rules.AnnouncementOf(refusal.Code) is { } file ? grant with { Refusal = refusal with { Announcement = file } } : grant;
    }

    async Task<CallGrant> AnswerAsync(CallRequest request, CallAsk ask, CancellationToken cancellationToken)
    {
        if (E164Number.Normalise(request.To) is not { Length: > 0 } number)
            return CallGrant.Refused(CallRefusals.UnknownDestination);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(advisers.Timings.Answer);
        var rules = await rulesOf.OfAsync(request.TenantId, stop.Token);
        CallPayer? payer = null;
        try
        {
            payer = await advisers.Payers.FindAsync(request, number, stop.Token);
            if (payer is not { } known)
                return CallGrant.Refused(request.IsInbound ? CallRefusals.NotOurs : CallRefusals.UnknownAccount);
            advisers.Accounts.Remember(request, known, number);
            // Not waited for longer than the caller waits: what is reserved after that is settled as a call that never was.
            return await DecideAsync(request, ask, known, number, rules, stop.Token).WaitAsync(stop.Token);
        }
        catch (Exception e) when (IsOutage(e) && !cancellationToken.IsCancellationRequested)
        {
            LogUnavailable(logger, request.Uuid, e.Message);
            payer ??= advisers.Accounts.Recall(request, number);
            return (payer is { } recalled && rules.FailOpenMicros is { } limit ? await OpenAsync(request, ask, recalled, number, rules, limit, cancellationToken) : null)
                ?? CallGrant.Refused(CallRefusals.Unavailable);
        }
    }

    /// <summary>The carrier of a gateway, as far as is known without asking.</summary>
    internal string? CarrierOf(int tenantId, string gateway) => advisers.Routes.CarrierOf(tenantId, gateway);

    /// <summary>The permit of a call that was authorised before this process knew it.</summary>
    internal async Task<CallPermit> PermitAsync(CallRow row, CancellationToken cancellationToken)
    {
        var target = await advisers.Payers.TargetAsync(row, cancellationToken);
        IReadOnlyList<CallRoute> routes = row.Service == Service.VoiceInbound || target is not null
            ? []
            : (await advisers.Routes.PlanAsync(row.TenantId, row.RatingKey, row.MinuteMicros, row.Currency, row.StartedAt, cancellationToken)).Routes;
        return Granted(row, null, new(row.AccountId, row.Service, target), routes, 0).Permit!;
    }

    /// <summary>What a call costs that was authorised before this process knew it, beside the allowance that it holds; null when its plan has no price any more, or that cannot be told soon.</summary>
    internal async Task<CallPrice?> PriceAsync(CallRow row, long heldSeconds)
    {
        using var stop = new CancellationTokenSource(advisers.Timings.Answer);
        try
        {
            var rules = await rulesOf.OfAsync(row.TenantId, stop.Token);
            var (_, price) = await advisers.Accounts.FindAsync(row.TenantId, new(row.AccountId, row.Service, null), row.RatingKey, row.StartedAt, rules.Terms.MostMs / 1000, stop.Token);
            return price is null ? null : price with { AllowanceSeconds = price.AllowanceSeconds + heldSeconds };
        }
        catch (Exception e) when (IsOutage(e))
        {
            return null;
        }
    }

    async Task<CallGrant> DecideAsync(CallRequest request, CallAsk ask, CallPayer payer, string number, CallRules rules, CancellationToken cancellationToken)
    {
        var isOutbound = payer.Service == Service.VoiceOutbound;
        if (request.ForwardedBy is not null && payer.Inbound is { TargetKind: InboundTarget.Number })
            return CallGrant.Refused(CallRefusals.ForwardingLoop);
        if (isOutbound && IPAddress.TryParse(request.NetworkIp, out var address) && advisers.Gates.Check(payer.AccountId, address) is { } gate)
            return CallGrant.Refused(CallRefusals.OfGate(gate.Code, gate.Title));
        var (account, price) = await advisers.Accounts.FindAsync(request.TenantId, payer, number, request.At, rules.Terms.MostMs / 1000, cancellationToken);
        if (account is null)
            return CallGrant.Refused(CallRefusals.UnknownAccount);
        if (account.State.UseRefusal(payer.Service) is not Refusal.None and var refusal)
            return CallGrant.Refused(CallRefusals.Of(refusal));
        var row = NewRow(request, ask, payer, number, price);
        if (price is null)
            return isOutbound || payer.Inbound is { IsTollFree: true } ? CallGrant.Refused(CallRefusals.UnknownDestination) : await FreeAsync(row with { ReservationId = null }, ask, payer, rules, cancellationToken);
        IReadOnlyList<CallRoute> routes = [];
        if (isOutbound && !ask.IsLetThrough)
        {
            // A door may ask twice for one call: it counts once, and what it takes already does not stand in its way.
            var isAgain = ask.Owner.Length == 0 && await ledger.IsHeldAsync(row, cancellationToken);
            if (!isAgain && await advisers.Fraud.CheckAsync(request.TenantId, FraudCallOf(row), cancellationToken) is { Allowed: false } verdict)
                return CallGrant.Refused(CallRefusals.OfFraud(verdict.Rule, verdict.Reason));
            if (payer.Inbound is null)
            {
                var plan = await advisers.Routes.PlanAsync(request.TenantId, number, price.MinuteMicros, row.Currency, request.At, cancellationToken, isAgain);
                if (plan.Refusal is not null)
                    return CallGrant.Refused(CallRefusals.OfRoutes(plan.Refusal));
                routes = plan.Routes;
            }
        }
        row = row with { Carrier = routes is [var first, ..] ? first.Carrier : null };
        var ms = ask.Ms ?? (nodes.Find(request.Node) is null
            ? 1000L * Math.Clamp(await LongestAsync(request, payer, price, rules, cancellationToken), 1, LongestWithoutControlSeconds)
            : rules.Terms.SliceMs);
        var decision = await ledger.ReserveAsync(row, ask, ms, cancellationToken);
        // Charging is there again; what is refused without it does not tell.
        budget.Reset(request.TenantId);
        if (!decision.Accepted)
            return CallGrant.Refused(CallRefusals.Of(decision.Refusal));
        if (decision.IsRepeat && (decision.Reservation!.Status != ReservationStatus.Open || (ask.Owner.Length > 0 && !await ledger.ClaimAsync(row, ask.Owner, cancellationToken))))
            return CallGrant.Refused(CallRefusals.Unavailable) with { IsTaken = true };
        var granted = decision.Reservation!.Usage.Quantity;
        // What it holds already was not counted as available.
        if (decision.IsRepeat)
            price = price with { LongestSeconds = (int)Math.Min(rules.Terms.MostMs / 1000, (granted / 1000) + price.LongestSeconds) };
        else if (isOutbound)
            advisers.Fraud.Started(request.TenantId, FraudCallOf(row));
        return Granted(row, price, payer, routes, granted);
    }

    /// <summary>What the balance pays for; of a call that its receiver forwards, together with the way on.</summary>
    async Task<long> LongestAsync(CallRequest request, CallPayer payer, CallPrice price, CallRules rules, CancellationToken cancellationToken)
    {
        long alone = price.LongestSeconds;
        if (payer.Inbound is not { TargetKind: InboundTarget.Number } target || target.AccountId != payer.AccountId)
            return alone;
        var (_, way) = await advisers.Accounts.FindAsync(
            request.TenantId, new(target.AccountId, Service.VoiceOutbound, null), target.Target, request.At, rules.Terms.MostMs / 1000, cancellationToken);
        return way is { LongestSeconds: > 0 and var other } ? alone * other / (alone + other) : alone;
    }

    /// <summary>A call that costs its receiver nothing: nothing is reserved and nothing charged.</summary>
    async Task<CallGrant> FreeAsync(CallRow row, CallAsk ask, CallPayer payer, CallRules rules, CancellationToken cancellationToken)
    {
        await ledger.KeepAsync(row, ask, cancellationToken);
        return Granted(row, null, payer, [], rules.Terms.MostMs);
    }

    /// <summary>Charging is not there, and the tenant rather risks a bounded sum than the call.</summary>
    async Task<CallGrant?> OpenAsync(CallRequest request, CallAsk ask, CallPayer payer, string number, CallRules rules, long limitMicros, CancellationToken cancellationToken)
    {
        try
        {
            var (account, price) = await advisers.Accounts.RecallAsync(request.TenantId, payer, number, request.At, rules.Terms.MostMs / 1000, cancellationToken);
            // The way on of a forwarded call is not risked.
            if (account is null || request.ForwardedBy is not null || payer.Inbound is { TargetKind: InboundTarget.Number } || account.State.UseRefusal(payer.Service) != Refusal.None)
                return null;
            var row = NewRow(request, ask, payer, number, price) with { IsOpenFailed = true };
            if (price is null)
                return payer.Inbound is { IsTollFree: false } ? Granted(row with { ReservationId = null }, null, payer, [], rules.FailOpenMs) : null;
            if (price.LongestSeconds <= 0)
                return null;
            IReadOnlyList<CallRoute> routes = [];
            if (payer.Service == Service.VoiceOutbound)
            {
                if (!(await advisers.Fraud.CheckAsync(request.TenantId, FraudCallOf(row), cancellationToken)).Allowed
                    || await advisers.Routes.RecallAsync(request.TenantId, number, price.MinuteMicros, row.Currency, request.At, cancellationToken) is not { Refusal: null } plan)
                    return null;
                routes = plan.Routes;
            }
            var ms = Math.Min(rules.FailOpenMs, 1000L * price.LongestSeconds);
            var cost = (price with { AllowanceSeconds = 0 }).CostMicros(payer.Service, number, request.At, ms);
            if (!budget.TryTake(request.TenantId, limitMicros, payer.AccountId, account.State.AvailableMicros, cost))
                return null;
            if (payer.Service == Service.VoiceOutbound)
                advisers.Fraud.Started(request.TenantId, FraudCallOf(row));
            return Granted(row with { Carrier = routes is [var first, ..] ? first.Carrier : null }, price, payer, routes, ms);
        }
        catch (Exception e) when (IsOutage(e) && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>More of a call whose reservation cannot be extended, since charging is not there: as long as the tenant risks it; 0 for nothing.</summary>
    internal async Task<long> ExtendOpenAsync(CallSession session, long ms)
    {
        var row = session.Row!;
        var rules = await rulesOf.OfAsync(row.TenantId, CancellationToken.None);
        ms = Math.Min(ms, rules.FailOpenMs - session.OpenMs);
        if (ms <= 0 || rules.FailOpenMicros is not { } limit || advisers.Accounts.RecallAvailable(row.AccountId) is not { } had)
            return 0;
        var cost = (long)(((Int128)row.MinuteMicros * ms + 59_999) / 60_000);
        return budget.TryTake(row.TenantId, limit, row.AccountId, had, cost) ? ms : 0;
    }

    static CallRow NewRow(CallRequest request, CallAsk ask, CallPayer payer, string number, CallPrice? price) => new()
    {
        TenantId = request.TenantId,
        AccountId = payer.AccountId,
        CallId = ask.CallId,
        Segment = ask.Segment,
        ChannelId = ask.ChannelId,
        Node = request.Node,
        CoreId = request.CoreUuid,
        Service = payer.Service,
        Calling = request.From,
        Called = request.To,
        // One text for both, where they are the same: it is kept for as long as the call.
        RatingKey = number == request.To ? request.To : number,
        Destination = price?.Destination ?? "",
        Currency = price?.Book.Currency ?? "",
        MinuteMicros = price?.MinuteMicros ?? 0,
        ReservationId = CallRow.ReservationOf(ask.CallId, ask.Segment),
        StartedAt = request.At,
    };

    static CallGrant Granted(CallRow row, CallPrice? price, CallPayer payer, IReadOnlyList<CallRoute> routes, long ms) => new(
        new CallPermit(
            row.AccountId, AccountDirectory.NumberOf(row.AccountId), row is { ReservationId: { } id, IsOpenFailed: false } ? id : Guid.Empty, (int)(ms / 1000), Math.Max((int)(ms / 1000), price?.LongestSeconds ?? 0),
            row.Destination, Money.Format(row.MinuteMicros), row.Currency, routes, payer.Inbound),
        null, row, price, ms);

    internal static FraudCall FraudCallOf(CallRow row) => new(row.AccountId, row.RatingKey, row.Destination, row.MinuteMicros, row.StartedAt);

    static bool IsOutage(Exception e) =>
        e is NpgsqlException or ChargingUnavailableException or ChargingQueueFullException or IOException or TimeoutException or OperationCanceledException;

    [LoggerMessage(Level = LogLevel.Error, Message = "Call {Uuid} could not be authorised: {Reason}")]
    static partial void LogUnavailable(ILogger logger, string uuid, string reason);
}
