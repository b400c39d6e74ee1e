using Balatrix.Modules.Catalog;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Ledger;

/// <summary>Balances and books: the charging pipeline, reservations, the proof of the books.</summary>
public static class LedgerModule
{
    /// <summary>Its services.</summary>
    public static void AddLedger(this IServiceCollection services, ChargingOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(p => new ChargeBatchRunner(
            p.GetRequiredService<Database>().Charging, p.GetRequiredService<PriceBookStore>(), p.GetRequiredService<TenantClock>(),
            p.GetRequiredService<UsageKeyFilters>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<UsageKeyFilters>();
        services.AddHostedService(p => p.GetRequiredService<UsageKeyFilters>());
        services.AddSingleton<ChargingPipeline>();
        services.AddHostedService(p => p.GetRequiredService<ChargingPipeline>());
        services.AddSingleton<ReservationQueries>();
        services.AddSingleton<ReservationSweep>();
        services.AddHostedService(p => p.GetRequiredService<ReservationSweep>());
        services.AddSingleton<ITenantTime, ReservationClock>();
        services.AddSingleton<LedgerVerification>();
        services.AddHostedService<UsageMonthsAhead>();
        services.AddJob<ReleaseExpiredReservations>("cleanup", "release-expired-reservations", mostAttempts: 3);
        services.AddJob<VerifyLedger>("monitoring", "verify-ledger");
    }

    /// <summary>Its routes.</summary>
    public static void MapLedger(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/accounts/{id}/reservations", ReservationEndpoints.Reserve).WithTags("wallet").RequireScope(Scope.WalletWrite)
            .WithSummary("Hold an amount, or a quantity of a rated service, with expiry")
            .Produces<ReservationView>(201).Produces<ReservationView>().ProducesProblem(402).ProducesProblem(409);
        var reservations = routes.MapGroup("/api/v1/reservations/{id}").WithTags("wallet");
        reservations.MapPost("extend", ReservationEndpoints.Extend).RequireScope(Scope.WalletWrite).WithSummary("Hold more").Produces<ReservationView>().ProducesProblem(402).ProducesProblem(409);
        reservations.MapPost("settle", ReservationEndpoints.Settle).RequireScope(Scope.WalletWrite).WithSummary("Capture actual use and release the rest").Produces<SettledView>().ProducesProblem(409);
        reservations.MapPost("release", ReservationEndpoints.Release).RequireScope(Scope.WalletWrite).WithSummary("Let go").Produces<ReservationView>().ProducesProblem(409);
        routes.MapGet("/api/v1/ledger/verify", async (HttpContext context, LedgerVerification verification, CancellationToken cancellationToken) =>
                Results.Ok(await verification.VerifyAsync(Caller.Of(context).TenantId, cancellationToken)))
            .WithTags("operations").RequireRoles(Roles.Admin, Scope.LedgerRead).WithSummary("Prove the books").Produces<LedgerReport>();
    }

    /// <summary>What the pipeline throws and what clients are told.</summary>
    public static readonly IReadOnlyList<ProblemHandling.KnownFailure> Failures =
    [
        new(typeof(ChargingQueueFullException), new Problem(503, "charging_queue_full", "Too many requests are waiting to be charged; nothing of this one was taken."), 1),
        new(typeof(ChargingUnavailableException), new Problem(503, "charging_unavailable", "The database is not there; repeat the request, it will be done once."), 2),
    ];
}
