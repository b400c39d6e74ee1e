using Balatrix.Core.Usage;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Usage;

/// <summary>The query parameters that every list of usage takes.</summary>
/// <param name="Account">Number or code of one account.</param>
/// <param name="Number">Calling or called number.</param>
/// <param name="From">First instant, at most 400 days before <paramref name="To"/>; 32 days when left out.</param>
/// <param name="To">First instant after; tomorrow at this time when left out.</param>
/// <param name="Limit">1 to 500 records a page; 50 when left out.</param>
/// <param name="Cursor">The <c>next</c> of the page before.</param>
public sealed record UsageListQuery(string? Account, string? Number, DateTimeOffset? From, DateTimeOffset? To, int? Limit, string? Cursor);

/// <summary>Lists and single records, the same for calls, messages and events.</summary>
public static class UsageListing
{
    /// <summary>Reads the parameters.</summary>
    public static async Task<(UsageFilter? Filter, Problem? Problem)> FilterAsync(
        UsageListQuery query, Service[] services, Caller caller, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        // Records may be a day ahead of us: hosts' clocks differ.
        var (period, wrong) = ReportPeriod.Of(query.From, query.To, (await clock.NowAsync(caller.TenantId, cancellationToken)).AddDays(1), 32);
        if (wrong is not null)
            return (null, wrong);
        if (query.Limit is < 1 or > 500)
            return (null, Problem.Invalid("limit", "1 to 500"));
        UsageCursor? cursor = null;
        if (query.Cursor is not null)
        {
            if (!UsageCursor.TryParse(query.Cursor, out var parsed))
                return (null, Problem.Invalid("cursor", "the next of the page before"));
            cursor = parsed;
        }
        if (query.Number is { Length: > 128 } || query.Number?.Contains('\0', StringComparison.Ordinal) == true)
            return (null, Problem.Invalid("number", "a number"));
        var accounts = await directory.OwnAsync(caller, cancellationToken);
        if (query.Account is not null)
        {
            if (await directory.FindAsync(caller, query.Account, cancellationToken) is not { } accountId)
                return (null, Problem.NotFound("account"));
            accounts = [accountId];
        }
        return (new UsageFilter(services, period.From, period.To, accounts, Written(query.Number), query.Limit ?? 50, cursor), null);
    }

    /// <summary>A number in each way that records write it: sources tell callers with the plus or without.</summary>
    public static string[]? Written(string? number) => number?.TrimStart('+') is { } digits ? [digits, "+" + digits] : null;

    /// <summary>A page.</summary>
    public static async Task<IResult> ListAsync(
        UsageListQuery query, Service[] services, HttpContext context, UsageQueries queries, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var (filter, problem) = await FilterAsync(query, services, caller, directory, clock, cancellationToken);
        if (filter is null)
            return problem!.ToResult();
        var (items, next) = await queries.ListAsync(caller.TenantId, filter, cancellationToken);
        return Results.Ok(new UsagePage(caller.CustomerId is null ? items : items.ConvertAll(i => i.ForCustomer()), next));
    }

    /// <summary>One record, with its trace, or null when there is none or it is not the caller's to see.</summary>
    public static async Task<UsageView?> FindAsync(string id, HttpContext context, UsageQueries queries, AccountDirectory directory, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (!UsageId.TryParse(id, out var usageId) || (await directory.OwnAsync(caller, cancellationToken) is { } own && !own.Contains(usageId.AccountId)))
            return null;
        return await queries.FindAsync(caller.TenantId, usageId, cancellationToken);
    }
}
