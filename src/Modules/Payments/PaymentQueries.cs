using Balatrix.Core.Payments;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Payments;

/// <summary>Payments to look at.</summary>
public static class PaymentQueries
{
    /// <summary>A page of payments, the latest first.</summary>
    /// <param name="Items">The page.</param>
    /// <param name="Next">Give it as before to get the next page; null on the last one.</param>
    public sealed record PaymentList(PaymentView[] Items, string? Next);

    internal sealed record Filter(
        string? Account, string? Invoice, string? Status, string? Gateway, string? Purpose, DateTimeOffset? From, DateTimeOffset? To, string? Before, int? Limit);

    internal static async Task<IResult> List([AsParameters] Filter filter, HttpContext context, PaymentRequests requests, Database database, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var page = filter.Limit ?? 50;
        if (page is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        var last = long.MaxValue;
        if (filter.Before is not null && !PaymentNumbers.TryParse("PAY-", filter.Before, out last))
            return Problem.Invalid("before", "a payment's number").ToResult();
        if (filter.Status is not null && PaymentNames.ParseStatus(filter.Status) is null)
            return Problem.Invalid("status", string.Join(", ", Enum.GetValues<PaymentStatus>().Select(PaymentNames.Name))).ToResult();
        if (filter.Gateway is not null && GatewayDirectory.ParseKind(filter.Gateway) is null)
            return Problem.Invalid("gateway", "razorpay or stripe").ToResult();
        PaymentPurpose? purpose = filter.Purpose is null ? null : Array.Find(Enum.GetValues<PaymentPurpose>(), p => PaymentView.NameOf(p) == filter.Purpose);
        if (purpose == 0)
            return Problem.Invalid("purpose", string.Join(", ", Enum.GetValues<PaymentPurpose>().Select(PaymentView.NameOf))).ToResult();
        var (isThere, accounts) = await requests.OfAsync(caller, filter.Account, cancellationToken);
        if (!isThere)
            return Results.Ok(new PaymentList([], null));
        var found = await database.InTenantAsync(caller.TenantId, async (connection, ct) =>
        {
            long? documentId = filter.Invoice is null ? null : (await PayingAccount.FindDueAsync(connection, caller.TenantId, filter.Invoice, accounts, ct))?.DocumentId ?? 0;
            return await PaymentStore.ListAsync(
                connection, caller.TenantId,
                new(last, page + 1, accounts, null, PaymentNames.ParseStatus(filter.Status), GatewayDirectory.ParseKind(filter.Gateway), purpose, filter.From, filter.To, documentId), ct);
        }, cancellationToken);
        return Results.Ok(new PaymentList([.. found.Take(page).Select(p => PaymentView.Of(p))], found.Count > page ? found[page - 1].Number : null));
    }

    internal static async Task<IResult> Get(string id, HttpContext context, PaymentRequests requests, Database database, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (!PaymentNumbers.TryParse("PAY-", id, out var paymentId))
            return Problem.NotFound("payment").ToResult();
        var own = await requests.OwnAsync(caller, cancellationToken);
        var file = await database.InTenantAsync(caller.TenantId, (connection, ct) => PaymentStore.FindAsync(connection, caller.TenantId, paymentId, own, forUpdate: false, ct), cancellationToken);
        return file is null ? Problem.NotFound("payment").ToResult() : Results.Ok(PaymentView.Of(file));
    }
}
