using Balatrix.Core.Payments;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Payments;

/// <summary>Mandates to look at.</summary>
public static class MandateQueries
{
    /// <summary>A page of mandates, the latest first.</summary>
    /// <param name="Items">The page.</param>
    /// <param name="Next">Give it as before to get the next page; null on the last one.</param>
    public sealed record MandateList(MandateView[] Items, string? Next);

    internal static async Task<IResult> List(
        string? account, string? status, string? before, int? limit, HttpContext context, PaymentRequests requests, Database database, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var page = limit ?? 50;
        if (page is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        var last = long.MaxValue;
        if (before is not null && !PaymentNumbers.TryParse("MAN-", before, out last))
            return Problem.Invalid("before", "a mandate's number").ToResult();
        MandateStatus? wanted = status is null ? null : Array.Find(Enum.GetValues<MandateStatus>(), s => MandateView.NameOf(s) == status);
        if (wanted == 0)
            return Problem.Invalid("status", string.Join(", ", Enum.GetValues<MandateStatus>().Select(MandateView.NameOf))).ToResult();
        var (isThere, accounts) = await requests.OfAsync(caller, account, cancellationToken);
        if (!isThere)
            return Results.Ok(new MandateList([], null));
        var found = await database.InTenantAsync(caller.TenantId, (connection, ct) => Mandates.ListAsync(connection, caller.TenantId, accounts, wanted, last, page + 1, ct), cancellationToken);
        return Results.Ok(new MandateList([.. found.Take(page).Select(m => MandateView.Of(m))], found.Count > page ? found[page - 1].Number : null));
    }

    internal static async Task<IResult> Get(string id, HttpContext context, PaymentRequests requests, Database database, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (!PaymentNumbers.TryParse("MAN-", id, out var mandateId))
            return Problem.NotFound("mandate").ToResult();
        var own = await requests.OwnAsync(caller, cancellationToken);
        var mandate = await database.InTenantAsync(caller.TenantId, (connection, ct) => Mandates.FindAsync(connection, caller.TenantId, mandateId, own, ct), cancellationToken);
        return mandate is null ? Problem.NotFound("mandate").ToResult() : Results.Ok(MandateView.Of(mandate));
    }
}
