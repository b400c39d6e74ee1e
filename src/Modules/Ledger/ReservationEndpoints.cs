using System.Globalization;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Numbering;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Ledger;

/// <summary>Reservations by HTTP: hold, hold more, capture what was used, let go.</summary>
public static class ReservationEndpoints
{
    static readonly TimeSpan DefaultExpiry = TimeSpan.FromMinutes(5);

    /// <summary>A hold to be made: of an amount, or of a quantity of a service.</summary>
    /// <param name="Id">A UUID of the caller's, so that a repeated request finds its first answer; made here when left out.</param>
    /// <param name="Amount">Decimal string; instead of a service and quantity.</param>
    /// <param name="Service">voice.outbound, voice.inbound, sms or event.</param>
    /// <param name="To">Called number, mcc-mnc or channel.</param>
    /// <param name="From">Calling number.</param>
    /// <param name="Quantity">Seconds, segments or events.</param>
    /// <param name="Source">Who numbers the use: "cdr" for calls when left out.</param>
    /// <param name="EventId">Id of the use, such as the call's uuid; settling charges it once under this id.</param>
    /// <param name="StartTime">Start of the use; now when left out.</param>
    /// <param name="ExpiresInSeconds">1 to 86400; 300 when left out.</param>
    /// <param name="AcceptLess">True to hold as much as can be paid.</param>
    public sealed record ReserveRequest(
        Guid? Id, string? Amount, string? Service, string? To, string? From, long? Quantity, string? Source, string? EventId, DateTimeOffset? StartTime,
        int? ExpiresInSeconds, bool? AcceptLess);

    /// <summary>More to be held.</summary>
    /// <param name="Sequence">1 for the first extension, then counting up; a number already used is answered again and holds nothing more.</param>
    /// <param name="Quantity">More seconds, segments or events.</param>
    /// <param name="Amount">More money, for a hold of an amount.</param>
    /// <param name="ExpiresInSeconds">From now on; 300 when left out.</param>
    /// <param name="AcceptLess">True to hold as much as can be paid.</param>
    public sealed record ExtendRequest(int? Sequence, long? Quantity, string? Amount, int? ExpiresInSeconds, bool? AcceptLess);

    /// <summary>What was used.</summary>
    /// <param name="Quantity">Seconds, segments or events; for a hold of a service.</param>
    /// <param name="Amount">Decimal string; for a hold of an amount.</param>
    public sealed record SettleRequest(decimal? Quantity, string? Amount);

    internal static async Task<IResult> Reserve(
        string id, ReserveRequest request, HttpContext context, AccountDirectory directory, AccountGates gates, ChargingPipeline pipeline, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await directory.FindAsync(tenantId, id, cancellationToken) is not { } accountId)
            return Refusals.ToProblem(Refusal.UnknownAccount).ToResult();
        if (gates.Check(accountId, context.Connection.RemoteIpAddress) is { } closed)
            return closed.ToResult();
        var now = await clock.NowAsync(tenantId, cancellationToken);
        long? amount = null;
        if (request.Amount is not null)
        {
            if (!Money.TryParse(request.Amount, out var micros) || micros <= 0)
                return Problem.Invalid("amount", "a decimal string of more than 0").ToResult();
            amount = micros;
        }
        var service = Service.Event;
        if (request.Service is not null ? !Services.TryParse(request.Service, out service) : amount is null)
            return Problem.Invalid("service", $"{Services.Expected}, or an amount").ToResult();
        var isVoice = service is Service.VoiceOutbound or Service.VoiceInbound;
        if (amount is null && request.Quantity is not (> 0 and <= 86_400))
            return Problem.Invalid("quantity", "1 to 86400 seconds, segments or events").ToResult();
        var key = isVoice ? E164Number.Normalise(request.To ?? "") : request.To ?? "-";
        if (key.Length is 0 or > 64 || (amount is null && request.To is null) || key.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("to", "a called number, mcc-mnc or channel").ToResult();
        foreach (var (name, text) in new[] { ("from", request.From), ("source", request.Source), ("eventId", request.EventId) })
            if (text is { Length: > 128 } || text?.Contains('\0', StringComparison.Ordinal) == true || (text?.Length == 0 && name != "from"))
                return Problem.Invalid(name, "1 to 128 characters").ToResult();
        if (Expiry(request.ExpiresInSeconds, now) is not { } expiresAt)
            return Problem.Invalid("expiresInSeconds", "1 to 86400").ToResult();
        if (request.StartTime is { } start && (start > now.AddHours(24) || start < now.AddDays(-7)))
            return Problem.Invalid("startTime", "an instant of the last 7 days").ToResult();
        var reservationId = request.Id ?? Guid.NewGuid();
        var usage = new UsageEvent(
            request.Source ?? (isVoice ? "cdr" : "reservation"), request.EventId ?? reservationId.ToString(), service, request.StartTime ?? now, key,
            (request.Quantity ?? 0) * (isVoice ? 1000 : 1), request.From ?? "", request.To ?? "", null);
        var operation = new Reserve(reservationId, usage, amount, request.AcceptLess == true, expiresAt);
        return Answer(accountId, await pipeline.SubmitAsync(tenantId, accountId, operation, cancellationToken), created: true);
    }

    internal static async Task<IResult> Extend(
        string id, ExtendRequest request, HttpContext context, ChargingPipeline pipeline, TenantClock clock, CancellationToken cancellationToken)
    {
        if (!TryParse(id, out var accountId, out var reservationId))
            return Refusals.ToProblem(Refusal.UnknownReservation).ToResult();
        if (request.Sequence is not >= 1)
            return Problem.Invalid("sequence", "1 for the first extension, then counting up").ToResult();
        long? amount = null;
        if (request.Amount is not null)
        {
            if (!Money.TryParse(request.Amount, out var micros) || micros <= 0)
                return Problem.Invalid("amount", "a decimal string of more than 0").ToResult();
            amount = micros;
        }
        else if (request.Quantity is not (> 0 and <= 86_400))
            return Problem.Invalid("quantity", "1 to 86400 more seconds, segments or events, or an amount").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        if (Expiry(request.ExpiresInSeconds, await clock.NowAsync(tenantId, cancellationToken)) is not { } expiresAt)
            return Problem.Invalid("expiresInSeconds", "1 to 86400").ToResult();
        var operation = new Extend(reservationId, request.Sequence.Value, request.Quantity ?? 0, amount, request.AcceptLess == true, expiresAt);
        return Answer(accountId, await pipeline.SubmitAsync(tenantId, accountId, operation, cancellationToken), created: false);
    }

    internal static async Task<IResult> Settle(
        string id, SettleRequest request, HttpContext context, ChargingPipeline pipeline, ReservationQueries reservations, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (!TryParse(id, out var accountId, out var reservationId) || await reservations.UsageAsync(tenantId, accountId, reservationId, cancellationToken) is not { } usage)
            return Refusals.ToProblem(Refusal.UnknownReservation).ToResult();
        long? amount = null;
        if (request.Amount is not null)
        {
            if (!Money.TryParse(request.Amount, out var micros) || micros < 0)
                return Problem.Invalid("amount", "a decimal string, 0 or more").ToResult();
            amount = micros;
        }
        else if (request.Quantity is not (>= 0 and <= 604_800))
            return Problem.Invalid("quantity", "seconds, segments or events that were used, or an amount").ToResult();
        var isVoice = usage.Service is Service.VoiceOutbound or Service.VoiceInbound;
        var used = usage with { Quantity = (long)decimal.Ceiling((request.Quantity ?? 0) * (isVoice ? 1000 : 1)) };
        var decision = await pipeline.SubmitAsync(tenantId, accountId, new Settle(reservationId, used, amount), cancellationToken);
        if (!decision.Accepted)
            return Refusals.ToProblem(decision.Refusal).ToResult();
        var (posting, outcome) = (decision.Posting!.Value, decision.Usage!);
        return Results.Ok(new SettledView(
            id, "settled", new UsageId(accountId, UsageMonth.Of(used.OccurredAt), EventKey.Of(used.Source, used.Id)).ToString(), Money.Format(posting.AmountMicros),
            outcome.ShortfallMicros > 0 ? Money.Format(outcome.ShortfallMicros) : null, outcome.BilledQuantity, outcome.CoveredQuantity,
            Money.Format(posting.BalanceAfterMicros), decision.IsRepeat));
    }

    internal static async Task<IResult> Release(string id, HttpContext context, ChargingPipeline pipeline, CancellationToken cancellationToken)
    {
        if (!TryParse(id, out var accountId, out var reservationId))
            return Refusals.ToProblem(Refusal.UnknownReservation).ToResult();
        var decision = await pipeline.SubmitAsync(Caller.Of(context).TenantId, accountId, new Release(reservationId, OnlyIfExpired: false), cancellationToken);
        return Answer(accountId, decision, created: false);
    }

    static IResult Answer(long accountId, Decision decision, bool created)
    {
        if (!decision.Accepted)
            return Refusals.ToProblem(decision.Refusal).ToResult();
        var r = decision.Reservation!;
        var isVoice = r.Usage.Service is Service.VoiceOutbound or Service.VoiceInbound;
        var body = new ReservationView(
            string.Create(CultureInfo.InvariantCulture, $"{accountId}-{r.Id:N}"), AccountDirectory.NumberOf(accountId), r.Status.ToString().ToLowerInvariant(),
            Money.Format(r.HeldMicros), r.IsAmount ? null : r.Usage.Quantity / (isVoice ? 1000 : 1), r.Allowances.Sum(a => a.Quantity), r.Sequence, r.ExpiresAt,
            decision.IsRepeat);
        return Results.Json(body, statusCode: created && !decision.IsRepeat ? 201 : 200);
    }

    static DateTimeOffset? Expiry(int? seconds, DateTimeOffset now) => seconds switch
    {
        null => now + DefaultExpiry,
        >= 1 and <= 86_400 => now.AddSeconds(seconds.Value),
        _ => null,
    };

    static bool TryParse(string id, out long accountId, out Guid reservationId)
    {
        reservationId = default;
        accountId = 0;
        var dash = id.IndexOf('-', StringComparison.Ordinal);
        return dash > 0
            && long.TryParse(id.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out accountId)
            && Guid.TryParseExact(id.AsSpan(dash + 1), "N", out reservationId);
    }
}
