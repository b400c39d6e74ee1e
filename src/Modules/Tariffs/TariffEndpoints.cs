using System.Globalization;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Tariffs;

/// <summary>Tariffs by HTTP.</summary>
public static class TariffEndpoints
{
    const int LongestPage = 500;

    /// <summary>Use older than this is not priced again, so a tariff reaches no further back.</summary>
    static readonly TimeSpan FurthestBack = TimeSpan.FromDays(92);

    /// <summary>A tariff to be made or changed.</summary>
    /// <param name="Account">Number or code of the account; not to be changed.</param>
    /// <param name="Name">Name for staff.</param>
    /// <param name="ValidFrom">First instant that it holds; now when left out. Not to be changed once it has come.</param>
    /// <param name="ValidTo">First instant that it no longer holds; open when left out.</param>
    /// <param name="Terms">Prices and discounts.</param>
    public sealed record TariffRequest(string? Account, string? Name, DateTimeOffset? ValidFrom, DateTimeOffset? ValidTo, TariffTerms? Terms);

    internal static async Task<IResult> Create(TariffRequest request, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        Check(request);
        if (request.Account is null || await directory.FindAsync(tenantId, request.Account, cancellationToken) is not { } accountId)
            throw new ProblemException(Problem.Invalid("account", "the number or code of an account"));
        var from = request.ValidFrom?.ToUniversalTime() ?? now;
        if (from < now - FurthestBack)
            throw new ProblemException(Problem.Invalid("validFrom", $"an instant of the last {FurthestBack.Days} days, or to come"));
        var zone = await clock.ZoneAsync(tenantId, cancellationToken);
        var made = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var currencies = await Database.QueryAsync(
                connection, "update ledger.accounts set has_tariffs = true where account_id = $1 and tenant_id = $2 and status <> 3 returning currency", [accountId, tenantId], r => r.GetString(0), ct);
            if (currencies is not [var currency])
                throw new ProblemException(Problem.Invalid("account", "the number or code of an account that is not closed"));
            var tariff = new Tariff(0, accountId, request.Name!, currency, from, request.ValidTo?.ToUniversalTime(), 1, request.Terms!, now);
            await CheckTimeAsync(connection, tariff, now, ct);
            tariff = await TariffStore.CreateAsync(connection, tenantId, tariff, ct);
            await CreditDiscounts.EnqueueAsync(connection, tenantId, tariff, now, zone, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "tariff.created", "tariff", Id(tariff), null, tariff, now, ct);
            return tariff;
        }, cancellationToken);
        Preconditions.SetETag(context, made.Version);
        return Results.Created($"/api/v1/tariffs/{Id(made)}", TariffView.Of(made, now));
    }

    internal static async Task<IResult> List(string? account, int? after, int? limit, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > LongestPage)
            return Problem.Invalid("limit", $"1 to {LongestPage}").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        long? accountId = null;
        if (account is not null && (accountId = await directory.FindAsync(tenantId, account, cancellationToken)) is null)
            return Problem.NotFound("account").ToResult();
        var size = limit ?? 100;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var tariffs = await database.InTenantAsync(tenantId, (connection, ct) => TariffStore.ListAsync(connection, tenantId, accountId, after ?? 0, size, ct), cancellationToken);
        return Results.Ok(new TariffPage(tariffs.ConvertAll(t => TariffView.Of(t, now)), tariffs.Count == size ? tariffs[^1].Id : null));
    }

    internal static async Task<IResult> Get(int id, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var found = await database.InTenantAsync(
            tenantId,
            async (connection, ct) => await TariffStore.FindAsync(connection, tenantId, id, toChange: false, ct) is { } tariff
                ? (Tariff: tariff, Credits: await DiscountCredit.ListAsync(connection, id, ct))
                : default,
            cancellationToken);
        if (found.Tariff is not { } tariff)
            return Problem.NotFound("tariff").ToResult();
        Preconditions.SetETag(context, tariff.Version);
        return Results.Ok(TariffView.Of(tariff, await clock.NowAsync(tenantId, cancellationToken), found.Credits));
    }

    internal static Task<IResult> Update(int id, TariffRequest request, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        Check(request);
        return ChangeAsync(id, "tariff.updated", context, database, clock, async (tariff, now) =>
        {
            if (request.Account is not null && await directory.FindAsync(Caller.Of(context).TenantId, request.Account, cancellationToken) != tariff.AccountId)
                throw new ProblemException(Problem.Invalid("account", $"{AccountDirectory.NumberOf(tariff.AccountId)}, which cannot be changed"));
            var from = request.ValidFrom?.ToUniversalTime() ?? tariff.ValidFrom;
            if (from != tariff.ValidFrom && (tariff.ValidFrom <= now || from < now))
                throw new ProblemException(Problem.Invalid("validFrom", tariff.ValidFrom <= now ? "the instant that it began, which cannot be changed" : "an instant to come"));
            if (request.ValidTo <= now)
                throw new ProblemException(Problem.Invalid("validTo", "an instant to come; DELETE ends it now"));
            return tariff with { Name = request.Name!, ValidFrom = from, ValidTo = request.ValidTo?.ToUniversalTime(), Terms = request.Terms! };
        }, cancellationToken);
    }

    internal static Task<IResult> End(int id, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken) =>
        ChangeAsync(
            id, "tariff.ended", context, database, clock,
            (tariff, now) => Task.FromResult(tariff with { ValidTo = tariff.ValidFrom > now ? tariff.ValidFrom : now }), cancellationToken);

    static async Task<IResult> ChangeAsync(
        int id, string action, HttpContext context, Database database, TenantClock clock, Func<Tariff, DateTimeOffset, Task<Tariff>> change, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var zone = await clock.ZoneAsync(tenantId, cancellationToken);
        var after = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await TariffStore.FindAsync(connection, tenantId, id, toChange: true, ct) is not { } before)
                return null;
            Preconditions.Check(context.Request, before.Version);
            if (before.ValidTo <= now)
                throw new ProblemException(new(409, "tariff_ended", "A tariff that has ended is not changed.", "status", "scheduled or active"));
            await LedgerPosting.LockAsync(connection, tenantId, [before.AccountId], ct);
            var wanted = await change(before, now) with { UpdatedAt = now };
            if (action != "tariff.ended")
                await CheckTimeAsync(connection, wanted, now, ct);
            var changed = await TariffStore.UpdateAsync(connection, tenantId, wanted, wanted.ValidFrom > now ? wanted.ValidFrom : now, ct);
            await CreditDiscounts.EnqueueAsync(connection, tenantId, changed, now, zone, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), action, "tariff", Id(changed), before, changed, now, ct);
            return changed;
        }, cancellationToken);
        if (after is null)
            return Problem.NotFound("tariff").ToResult();
        Preconditions.SetETag(context, after.Version);
        return Results.Ok(TariffView.Of(after, now));
    }

    static async Task CheckTimeAsync(NpgsqlConnection connection, Tariff tariff, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (tariff.ValidTo <= tariff.ValidFrom || tariff.ValidTo <= now)
            throw new ProblemException(Problem.Invalid("validTo", "an instant to come, after validFrom"));
        if (await TariffStore.OverlapsAsync(connection, tariff, cancellationToken))
            throw new ProblemException(new(409, "tariff_overlaps", "Another tariff of the account holds in some of that time.", "validFrom", "a time without another tariff"));
    }

    static void Check(TariffRequest request)
    {
        if (request.Name is not { Length: > 0 and <= 200 } || string.IsNullOrWhiteSpace(request.Name) || request.Name.Any(char.IsControl))
            throw new ProblemException(Problem.Invalid("name", "1 to 200 characters"));
        if (request.Terms is null)
            throw new ProblemException(Problem.Invalid("terms", "an object"));
        if (request.Terms.Validate() is { } problem)
            throw new ProblemException(problem);
    }

    static string Id(Tariff tariff) => tariff.Id.ToString(CultureInfo.InvariantCulture);

}
