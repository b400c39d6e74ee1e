using System.Globalization;
using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>The inventory of telephone numbers by HTTP: adding, reading, changing, retiring.</summary>
public static class NumberEndpoints
{
    const int LongestPage = 500;

    /// <summary>A number to be added to the pool.</summary>
    /// <param name="Number">The telephone number.</param>
    /// <param name="Type">local, mobile, national or toll_free; as its digits tell when left out.</param>
    /// <param name="Region">Where it is of.</param>
    /// <param name="Label">What staff call it.</param>
    public sealed record AddRequest(string? Number, string? Type, string? Region, string? Label);

    /// <summary>Holds a number for an account.</summary>
    /// <param name="Account">Number or code of the account.</param>
    /// <param name="Minutes">1 to 1440; 0 lets it go.</param>
    public sealed record ReserveRequest(string? Account, int? Minutes);

    /// <summary>A change; what is left out stays.</summary>
    /// <param name="Label">What staff call it; empty takes it away.</param>
    /// <param name="Region">Where it is of.</param>
    /// <param name="Target">Where its calls go; an empty kind takes it away.</param>
    /// <param name="Reserve">Holds it for an account for some minutes.</param>
    public sealed record UpdateRequest(string? Label, string? Region, TargetView? Target, ReserveRequest? Reserve);

    /// <summary>A page of numbers, in their order.</summary>
    /// <param name="Items">The page.</param>
    /// <param name="Next">The cursor of the page behind, or null.</param>
    public sealed record NumberPage(List<NumberView> Items, string? Next);

    /// <summary>How a list is narrowed.</summary>
    /// <param name="Status">available, reserved, assigned, quarantined or retired.</param>
    /// <param name="Type">local, mobile, national or toll_free.</param>
    /// <param name="Region">Where it is of, whatever the case.</param>
    /// <param name="Search">Part of the number's digits, or of its label.</param>
    /// <param name="Cursor">The next of the page before.</param>
    /// <param name="Limit">1 to 500; 100 when left out.</param>
    public sealed record Query(string? Status, string? Type, string? Region, string? Search, string? Cursor, int? Limit);

    internal static async Task<IResult> Add(AddRequest request, HttpContext context, NumberTools tools, CancellationToken cancellationToken)
    {
        if (NumberKinds.Digits(request.Number) is not { } digits)
            return Problem.Invalid("number", "an E.164 number of 7 to 15 digits").ToResult();
        var kind = request.Type is null ? NumberKinds.Of(digits) : NumberKinds.Parse(request.Type);
        if (kind is null)
            return Problem.Invalid("type", NumberKinds.Expected).ToResult();
        if (CheckTexts(request.Region, request.Label) is { } problem)
            return problem.ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await tools.Clock.NowAsync(tenantId, cancellationToken);
        var made = await tools.Database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var number = new ImportedNumber(1, digits, kind.Value, request.Region?.Trim() ?? "", request.Label?.Trim() ?? "");
            if ((await NumberStore.AddAsync(connection, tenantId, [number], now, ct)).Count == 0)
                throw new ProblemException(new(409, "number_taken", "The number is in the inventory already.", "number"));
            var added = (await NumberStore.FindAsync(connection, tenantId, digits, ct))!;
            await NumberTools.WriteAsync(connection, tenantId, Audit.Actor.Of(context), "did.created", null, added, now, ct);
            return added;
        }, cancellationToken);
        NumberTools.Answer(context, made, now);
        return Results.Created($"/api/v1/dids/{made.Id.ToString(CultureInfo.InvariantCulture)}", NumberView.Of(made, now));
    }

    internal static async Task<IResult> List([AsParameters] Query query, HttpContext context, AccountDirectory accounts, NumberTools tools, CancellationToken cancellationToken)
    {
        NumberStatus? status = Enum.GetValues<NumberStatus>().Where(s => NumberMachine.Name(s) == query.Status).Select(s => (NumberStatus?)s).FirstOrDefault();
        if (query.Status is not null && status is null)
            return Problem.Invalid("status", string.Join(", ", Enum.GetValues<NumberStatus>().Select(NumberMachine.Name))).ToResult();
        if (query.Type is not null && NumberKinds.Parse(query.Type) is null)
            return Problem.Invalid("type", NumberKinds.Expected).ToResult();
        foreach (var (name, text) in new[] { ("region", query.Region), ("search", query.Search) })
            if (text is not null && !NumberCsv.IsText(text))
                return Problem.Invalid(name, $"at most {NumberCsv.LongestText} characters").ToResult();
        if (query.Limit is < 1 or > LongestPage)
            return Problem.Invalid("limit", $"1 to {LongestPage}").ToResult();
        var (afterNumber, afterId) = ((string?)null, 0L);
        if (query.Cursor is not null)
        {
            if (PageCursor.Parse(query.Cursor) is not [var number, var last] || !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out afterId))
                return Problem.Invalid("cursor", "the next of the page before").ToResult();
            afterNumber = number;
        }
        var caller = Caller.Of(context);
        var now = await tools.Clock.NowAsync(caller.TenantId, cancellationToken);
        var size = query.Limit ?? 100;
        var own = await accounts.OwnAsync(caller, cancellationToken);
        var filter = new NumberFilter(
            status, NumberKinds.Parse(query.Type), NoneIfEmpty(query.Region), NoneIfEmpty(query.Search), own, afterNumber, afterId, size + 1);
        var found = await tools.Database.InTenantAsync(caller.TenantId, (connection, ct) => NumberStore.ListAsync(connection, caller.TenantId, filter, now, ct), cancellationToken);
        var next = found.Count > size ? PageCursor.Make(found[size - 1].Digits, found[size - 1].Id.ToString(CultureInfo.InvariantCulture)) : null;
        return Results.Ok(new NumberPage([.. found.Take(size).Select(n => NumberView.Of(n, now))], next));
    }

    internal static async Task<IResult> Get(long id, HttpContext context, AccountDirectory accounts, NumberTools tools, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var now = await tools.Clock.NowAsync(caller.TenantId, cancellationToken);
        var own = await accounts.OwnAsync(caller, cancellationToken);
        var found = await tools.Database.InTenantAsync(caller.TenantId, (connection, ct) => NumberStore.FindAsync(connection, caller.TenantId, id, toChange: false, ct), cancellationToken);
        if (found is null || (own is not null && !IsOf(own, NumberMachine.At(found.State, now))))
            return Problem.NotFound("number").ToResult();
        Preconditions.SetETag(context, found.Version);
        return Results.Ok(NumberView.Of(found, now));
    }

    internal static async Task<IResult> Update(long id, UpdateRequest request, HttpContext context, AccountDirectory accounts, NumberTools tools, CancellationToken cancellationToken)
    {
        if (CheckTexts(request.Region, request.Label) is { } problem)
            return problem.ToResult();
        var tenantId = Caller.Of(context).TenantId;
        long? accountId = null;
        if (request.Reserve is { } reserve)
        {
            if (reserve.Minutes is not (>= 0 and <= 1440))
                return Problem.Invalid("reserve.minutes", "0 to 1440").ToResult();
            if (reserve.Minutes > 0 && (accountId = await FindAccountAsync(tenantId, reserve.Account, accounts, tools, cancellationToken)) is null)
                return Problem.Invalid("reserve.account", "the number or code of an account").ToResult();
        }
        return await tools.ChangeAsync(id, "did.updated", context, null, async (connection, before, now, ct) =>
        {
            if (before.State.Status == NumberStatus.Retired)
                throw new ProblemException(new(409, "illegal_move", "A number that is retired does not change.", "status", "nothing more"));
            var after = request.Reserve is null
                ? before
                : NumberTools.Move(before, accountId is { } account ? new ReserveNumber(account, now.AddMinutes(request.Reserve.Minutes!.Value)) : Unreserve(before, now), now);
            after = after with { Label = request.Label?.Trim() ?? after.Label, Region = request.Region?.Trim() ?? after.Region };
            return request.Target is null ? after : after with { Target = await TargetAsync(connection, tenantId, request.Target, NumberMachine.At(after.State, now), ct) };
        }, cancellationToken);
    }

    internal static Task<IResult> Retire(long id, HttpContext context, NumberTools tools, CancellationToken cancellationToken) =>
        tools.ChangeAsync(id, "did.retired", context, null, (_, before, now, _) => Task.FromResult(NumberTools.Move(before, new RetireNumber(), now)), cancellationToken);

    /// <summary>The target as it is kept; null when it is to be taken away. A SIP user rings only for its own account's numbers.</summary>
    internal static async Task<InboundTarget?> TargetAsync(NpgsqlConnection connection, int tenantId, TargetView wanted, NumberState state, CancellationToken cancellationToken)
    {
        if (wanted.Kind is { Length: 0 })
            return null;
        if (InboundTarget.Expected(wanted.Kind) is not { } expected)
            throw new ProblemException(Problem.Invalid("target.kind", "sip, number or dialplan"));
        if (InboundTarget.Parse(wanted.Kind, wanted.Value) is not { } target)
            throw new ProblemException(Problem.Invalid("target.value", expected));
        await CheckOwnerAsync(connection, tenantId, target, state.AccountId, cancellationToken);
        return target;
    }

    /// <summary>Refuses a SIP user of another account.</summary>
    internal static async Task CheckOwnerAsync(NpgsqlConnection connection, int tenantId, InboundTarget? target, long? accountId, CancellationToken cancellationToken)
    {
        if (accountId is not null && target is { Kind: InboundTarget.Sip } && await SipUserStore.OwnerAsync(connection, tenantId, target.Value, cancellationToken) is { } owner && owner != accountId)
            throw new ProblemException(Problem.Invalid("target.value", "a SIP user of the account that has the number"));
    }

    /// <summary>An account of the tenant by number or code; null when there is none.</summary>
    internal static async Task<long?> FindAccountAsync(int tenantId, string? reference, AccountDirectory accounts, NumberTools tools, CancellationToken cancellationToken)
    {
        if (reference is null || await accounts.FindAsync(tenantId, reference, cancellationToken) is not { } id)
            return null;
        var found = await tools.Database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(connection, "select account_id from ledger.accounts where account_id = $1 and tenant_id = $2", [id, tenantId], r => r.GetInt64(0), ct),
            cancellationToken);
        return found is [var known] ? known : null;
    }

    /// <summary>Letting go of a reservation is a release, but a release of what is in use is not meant by it.</summary>
    static ReleaseNumber Unreserve(NumberRecord before, DateTimeOffset now) => NumberMachine.At(before.State, now).Status == NumberStatus.Reserved
        ? new ReleaseNumber(TimeSpan.Zero)
        : throw new ProblemException(new(409, "illegal_move", "The number is not reserved.", "reserve.minutes", "1 to 1440"));

    static bool IsOf(long[] own, NumberState state) => state.Status is NumberStatus.Reserved or NumberStatus.Assigned && own.Contains(state.AccountId!.Value);

    static Problem? CheckTexts(string? region, string? label)
    {
        if (region is not null && !NumberCsv.IsText(region))
            return Problem.Invalid("region", $"at most {NumberCsv.LongestText} characters");
        return label is not null && !NumberCsv.IsText(label) ? Problem.Invalid("label", $"at most {NumberCsv.LongestText} characters") : null;
    }

    static string? NoneIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
