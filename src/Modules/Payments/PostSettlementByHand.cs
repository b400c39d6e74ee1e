using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>Posts a line of a gateway's books that no rule knows, as what people say it is. Once for each line: the same again is answered with the line.</summary>
public static class PostSettlementByHand
{
    /// <summary>What the line is.</summary>
    /// <param name="As">fee, chargeback (the tenant's loss), bank_correction or other.</param>
    /// <param name="Note">Why, 1 to 500 characters.</param>
    public sealed record Request(string? As, string? Note);

    internal static async Task<IResult> Handle(
        string gateway, string item, Request request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var what = Array.Find(Enum.GetValues<SettledAs>(), w => SettlementEndpoints.NameOf(w) == request.As);
        if (what == 0)
            return Problem.Invalid("as", string.Join(", ", Enum.GetValues<SettledAs>().Select(SettlementEndpoints.NameOf))).ToResult();
        if (request.Note is not { Length: > 0 and <= 500 } note || note.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("note", "1 to 500 characters").ToResult();
        if (GatewayDirectory.ParseKind(gateway) is not { } kind || item.Contains('\0', StringComparison.Ordinal))
            return Problem.NotFound("settlement line").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var view = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            // As when lines are posted by rule, so that no line is posted by both.
            await GeneralLedger.LockAsync(connection, tenantId, ct);
            if (await FindAsync(connection, tenantId, kind, item, ct) is not var (line, amounts))
                return null;
            if (line.PostedAs == request.As && line.Note == note)
                return line;
            if (line.Status == "posted")
                throw new ProblemException(new(409, "already_posted", line.PostedAs is { } before ? $"The line is posted as {before}." : "The line is posted by its rule."));
            if (!line.MayBePosted)
                throw new ProblemException(new(409, "not_by_hand", "The line belongs to a payment, refund or dispute of ours, or waits for its settlement: it is posted when the two agree."));
            await GeneralLedger.PostAsync(connection, tenantId, [.. PostSettlements.Entries(kind, item, line.Currency, amounts.SettleAs(kind, what))], now, ct);
            await Database.ExecuteAsync(
                connection, "update payments.settlements set posted_as = $4, note = $5, posted_at = $6 where tenant_id = $1 and gateway = $2 and item_id = $3",
                [tenantId, (short)kind, item, (short)what, note, now], ct);
            await AuditLog.WriteAsync(
                connection, tenantId, Actor.Of(context), "settlement.posted_by_hand", "settlement", $"{gateway}/{item}", new { line.Difference }, new { request.As, note, line.Net, line.Currency }, now, ct);
            return (await FindAsync(connection, tenantId, kind, item, ct))!.Value.Line;
        }, cancellationToken);
        return view is null ? Problem.NotFound("settlement line").ToResult() : Results.Ok(view);
    }

    static async Task<(SettlementView Line, SettlementLine Amounts)?> FindAsync(NpgsqlConnection connection, int tenantId, GatewayKind gateway, string item, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection, $"select {SettlementEndpoints.Columns}, fee_tax_micros from payments.settlements where tenant_id = $1 and gateway = $2 and item_id = $3", [tenantId, (short)gateway, item],
            r => (SettlementEndpoints.Read(r), new SettlementLine(r.GetInt64(7), r.GetInt64(8), r.GetInt64(15))), cancellationToken)) is [var found] ? found : null;
}
