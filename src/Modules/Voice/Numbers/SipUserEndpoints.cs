using System.Globalization;
using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Subscriptions;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>SIP users by HTTP: whose account pays for the calls of whom.</summary>
public static class SipUserEndpoints
{
    const int LongestPage = 500;
    const string Limit = "extensions";

    /// <summary>A SIP user to be made.</summary>
    /// <param name="Name">What it registers as.</param>
    /// <param name="Account">Number or code of the account.</param>
    /// <param name="Label">What staff call it.</param>
    public sealed record SipUserRequest(string? Name, string? Account, string? Label);

    /// <summary>A page of SIP users, in the order they were made in.</summary>
    /// <param name="Items">The page.</param>
    /// <param name="Next">The cursor of the page behind, or null.</param>
    public sealed record SipUserPage(List<SipUserView> Items, string? Next);

    internal static async Task<IResult> Create(
        SipUserRequest request, HttpContext context, AccountDirectory accounts, SubscriptionLimits limits, NumberTools tools, CancellationToken cancellationToken)
    {
        if (!InboundTarget.IsSipUser(request.Name))
            return Problem.Invalid("name", InboundTarget.Expected(InboundTarget.Sip)!).ToResult();
        if (request.Label is not null && !NumberCsv.IsText(request.Label))
            return Problem.Invalid("label", $"at most {NumberCsv.LongestText} characters").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        if (await NumberEndpoints.FindAccountAsync(tenantId, request.Account, accounts, tools, cancellationToken) is not { } accountId)
            return Problem.Invalid("account", "the number or code of an account").ToResult();
        var now = await tools.Clock.NowAsync(tenantId, cancellationToken);
        var made = await tools.Database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await limits.LockOfAccountAsync(connection, tenantId, accountId, Limit, ct) is { Most: { } most } limit && await SipUserStore.CountAsync(connection, tenantId, accountId, ct) is var has && has >= most)
                throw new ProblemException(new(409, "limit_reached", $"The account has {has} of {most} extensions that {limit.Plan} and its add-ons allow.", $"limits.{Limit}", "a larger plan or an add-on"));
            if (await NumberStore.IsTargetOfOthersAsync(connection, tenantId, request.Name!, accountId, ct))
                throw new ProblemException(new(409, "name_taken", "A number of another account rings at a SIP user of this name.", "name", "another name, or that number's target changed first"));
            var user = await SipUserStore.CreateAsync(connection, tenantId, request.Name!, accountId, request.Label?.Trim() ?? "", now, ct)
                ?? throw new ProblemException(new(409, "name_taken", "There is a SIP user of this name.", "name"));
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "sip-user.created", "sip-user", user.Name, null, user, now, ct);
            return user;
        }, cancellationToken);
        tools.Directory.ForgetUser(tenantId, made.Name);
        return Results.Created($"/api/v1/sip-users/{Id(made)}", made);
    }

    internal static async Task<IResult> List(
        string? account, string? search, string? cursor, int? limit, HttpContext context, AccountDirectory accounts, NumberTools tools, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > LongestPage)
            return Problem.Invalid("limit", $"1 to {LongestPage}").ToResult();
        if (search is not null && !NumberCsv.IsText(search))
            return Problem.Invalid("search", $"at most {NumberCsv.LongestText} characters").ToResult();
        var after = 0L;
        if (cursor is not null && (PageCursor.Parse(cursor) is not [var last] || !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out after)))
            return Problem.Invalid("cursor", "the next of the page before").ToResult();
        var caller = Caller.Of(context);
        var of = await accounts.OwnAsync(caller, cancellationToken);
        if (account is not null)
            of = await accounts.FindAsync(caller, account, cancellationToken) is { } id ? [id] : [];
        var size = limit ?? 100;
        var found = await tools.Database.InTenantAsync(
            caller.TenantId, (connection, ct) => SipUserStore.ListAsync(connection, caller.TenantId, of, string.IsNullOrWhiteSpace(search) ? null : search.Trim(), after, size + 1, ct), cancellationToken);
        return Results.Ok(new SipUserPage([.. found.Take(size)], found.Count > size ? PageCursor.Make(Id(found[size - 1])) : null));
    }

    internal static async Task<IResult> Delete(long id, HttpContext context, NumberTools tools, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await tools.Clock.NowAsync(tenantId, cancellationToken);
        var gone = await tools.Database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await SipUserStore.LockAsync(connection, tenantId, id, ct) is not { } user)
                return null;
            if (await SipUserStore.NumberOfAsync(connection, tenantId, user.Name, ct) is { } number)
                throw new ProblemException(new(409, "sip_user_in_use", $"Calls to +{number} go to it.", "name", "a user that no number goes to"));
            await SipUserStore.DeleteAsync(connection, tenantId, id, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "sip-user.deleted", "sip-user", user.Name, user, null, now, ct);
            return user;
        }, cancellationToken);
        if (gone is null)
            return Problem.NotFound("SIP user").ToResult();
        tools.Directory.ForgetUser(tenantId, gone.Name);
        return Results.Ok(gone);
    }

    static string Id(SipUserView user) => user.Id.ToString(CultureInfo.InvariantCulture);
}
