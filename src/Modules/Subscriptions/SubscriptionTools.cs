using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>What every move needs.</summary>
/// <param name="Database">The database.</param>
/// <param name="Clock">The tenant's time.</param>
/// <param name="Store">Reads subscriptions.</param>
/// <param name="Steps">Takes steps.</param>
/// <param name="Due">Brings them up to now.</param>
sealed record SubscriptionTools(Database Database, TenantClock Clock, SubscriptionStore Store, SubscriptionSteps Steps, DueSubscriptions Due)
{

    /// <summary>Locks the subscription that a path names, when it is the caller's, does what is due, and works on it; a version that the caller has not seen is refused.</summary>
    public async Task<IResult> ChangeAsync(
        string id, HttpContext context, AccountDirectory directory, Func<NpgsqlConnection, SubscriptionRecord, DateTimeOffset, CancellationToken, Task<IResult>> change, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (!SubscriptionView.TryParseNumber(id, out var number))
            return Problem.NotFound("subscription").ToResult();
        var own = await directory.OwnAsync(caller, cancellationToken);
        return await Database.InTenantAsync(caller.TenantId, async (connection, ct) =>
        {
            if (await Store.FindAsync(connection, caller.TenantId, number, own, forUpdate: true, ct) is not { } found)
                return Problem.NotFound("subscription").ToResult();
            var now = await Clock.NowAsync(caller.TenantId, ct);
            var record = await Due.CatchUpAsync(connection, caller.TenantId, found, now, ct);
            Preconditions.Check(context.Request, record.Version);
            return await change(connection, record, now, ct);
        }, cancellationToken);
    }
}
