using System.Text;
using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>How a tenant reaches its gateways, by HTTP. Secrets are taken and never shown.</summary>
public static class GatewayEndpoints
{
    /// <summary>Access to a gateway; what is left out stays.</summary>
    /// <param name="KeyId">Razorpay's key id, Stripe's publishable key.</param>
    /// <param name="KeySecret">Razorpay's key secret, Stripe's secret key.</param>
    /// <param name="WebhookSecret">What webhooks are signed with; the one before is taken for as long as there is no newer.</param>
    /// <param name="Address">Where the gateway is; empty is the gateway's own address, a sandbox has another.</param>
    /// <param name="CheckoutPage">A sandbox's page to pay by hand.</param>
    /// <param name="Enabled">Whether new payments may go through it.</param>
    /// <param name="Default">Whether it is taken when a payment names none.</param>
    /// <param name="MinAmount">The least of one payment.</param>
    /// <param name="MaxAmount">The most of one payment.</param>
    /// <param name="ReturnUrl">Where a customer comes back to from a bank's page, https; empty is the installation's own address.</param>
    public sealed record GatewayRequest(
        string? KeyId, string? KeySecret, string? WebhookSecret, string? Address, string? CheckoutPage, bool? Enabled, bool? Default, string? MinAmount, string? MaxAmount, string? ReturnUrl);

    /// <summary>A gateway as it is set up.</summary>
    /// <param name="Gateway">razorpay or stripe.</param>
    /// <param name="KeyId">What browsers may know.</param>
    /// <param name="Address">Where it is; null is its own address.</param>
    /// <param name="Enabled">Whether new payments may go through it.</param>
    /// <param name="Default">Whether it is taken when a payment names none.</param>
    /// <param name="MinAmount">The least of one payment.</param>
    /// <param name="MaxAmount">The most of one payment.</param>
    /// <param name="HasWebhookSecret">Whether webhooks are taken.</param>
    /// <param name="ReturnUrl">Where a customer comes back to from a bank's page.</param>
    /// <param name="Version">Counts changes.</param>
    public sealed record GatewayView(
        string Gateway, string KeyId, string? Address, bool Enabled, bool Default, string MinAmount, string MaxAmount, bool HasWebhookSecret, string? ReturnUrl, int Version);

    /// <summary>All gateways.</summary>
    public sealed record GatewayList(GatewayView[] Items);

    internal static async Task<IResult> List(HttpContext context, GatewayDirectory gateways, CancellationToken cancellationToken) =>
        Results.Ok(new GatewayList([.. (await gateways.AllAsync(Caller.Of(context).TenantId, cancellationToken)).Select(ViewOf)]));

    internal static async Task<IResult> Put(
        string gateway, GatewayRequest request, HttpContext context, Database database, GatewayDirectory gateways, MasterKey master, TenantClock clock, CancellationToken cancellationToken)
    {
        if (GatewayDirectory.ParseKind(gateway) is not { } kind)
            return Problem.NotFound("gateway").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        gateways.Forget(tenantId);
        var known = await gateways.FindAsync(tenantId, kind, cancellationToken);
        if (Check(request, known) is { } problem)
            return problem.ToResult();
        if (known is not null)
            Preconditions.Check(context.Request, known.Version);
        var now = await clock.NowAsync(tenantId, cancellationToken);
        await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (request.Default == true)
                await Database.ExecuteAsync(connection, "update payments.gateway_settings set is_default = false where tenant_id = $1 and gateway <> $2", [tenantId, (short)kind], ct);
            await SaveAsync(connection, tenantId, kind, request, master, now, ct);
            await AuditLog.WriteAsync(
                connection, tenantId, Actor.Of(context), "gateway.updated", "gateway", gateway, known is null ? null : ViewOf(known),
                request with { KeySecret = request.KeySecret is null ? null : "***", WebhookSecret = request.WebhookSecret is null ? null : "***" }, now, ct);
            await ReconcilePayments.EnqueueAsync(connection, tenantId, kind, now, await clock.ZoneAsync(tenantId, ct), ct);
            return true;
        }, cancellationToken);
        gateways.Forget(tenantId);
        var view = ViewOf((await gateways.FindAsync(tenantId, kind, cancellationToken))!);
        Preconditions.SetETag(context, view.Version);
        return Results.Ok(view);
    }

    static Task<int> SaveAsync(NpgsqlConnection connection, int tenantId, GatewayKind kind, GatewayRequest request, MasterKey master, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The row that is proposed must be a whole one, also when the row that is there takes over only a part of it.
        byte[]? Sealed(string? secret) => secret is null ? null : master.Seal(GatewayDirectory.SealedFor, Encoding.UTF8.GetBytes(secret));
        return Database.ExecuteAsync(
            connection,
            """
            insert into payments.gateway_settings as s (tenant_id, gateway, key_id, key_secret, webhook_secret, address, checkout_page, is_enabled, is_default, min_micros, max_micros, updated_at, return_url)
            values ($1, $2, coalesce($3::text, '-'), coalesce($4::bytea, ''), $5::bytea, nullif($6::text, ''), nullif($7::text, ''), coalesce($8::boolean, true), coalesce($9::boolean, false),
                    coalesce($10::bigint, 1000000), coalesce($11::bigint, 1000000000000), $12, nullif($13::text, ''))
            on conflict (tenant_id, gateway) do update set
                   key_id = coalesce($3, s.key_id), key_secret = coalesce($4, s.key_secret), webhook_secret = coalesce($5, s.webhook_secret),
                   previous_secret = case when $5 is null then s.previous_secret else s.webhook_secret end,
                   address = case when $6 is null then s.address else nullif($6, '') end, checkout_page = case when $7 is null then s.checkout_page else nullif($7, '') end,
                   is_enabled = coalesce($8, s.is_enabled), is_default = coalesce($9, s.is_default), min_micros = coalesce($10, s.min_micros), max_micros = coalesce($11, s.max_micros),
                   return_url = case when $13 is null then s.return_url else nullif($13, '') end, version = s.version + 1, updated_at = excluded.updated_at
            """,
            [
                tenantId, (short)kind, request.KeyId, Sealed(request.KeySecret), Sealed(request.WebhookSecret), request.Address, request.CheckoutPage, request.Enabled, request.Default,
                Micros(request.MinAmount), Micros(request.MaxAmount), now, request.ReturnUrl,
            ], cancellationToken);
    }

    static Problem? Check(GatewayRequest r, TenantGateway? known)
    {
        static bool IsSecret(string? text) => text is null || (text.Length is > 0 and <= 200 && !text.AsSpan().ContainsAnyExceptInRange('!', '~'));
        if (!IsSecret(r.KeyId) || (r.KeyId is null && known is null))
            return Problem.Invalid("keyId", "1 to 200 characters");
        if (!IsSecret(r.KeySecret) || (r.KeySecret is null && known is null))
            return Problem.Invalid("keySecret", "1 to 200 characters");
        if (!IsSecret(r.WebhookSecret))
            return Problem.Invalid("webhookSecret", "1 to 200 characters");
        foreach (var (name, address) in new[] { ("address", r.Address), ("checkoutPage", r.CheckoutPage) })
            if (address is { Length: > 0 } && !(address.Length <= 500 && Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
                return Problem.Invalid(name, "an absolute http or https address, or empty");
        if (r.ReturnUrl is { Length: > 0 } && !IsReturnUrl(r.ReturnUrl))
            return Problem.Invalid("returnUrl", "an absolute https address (http on this machine only) of at most 500 characters, or empty");
        var (min, max) = (Micros(r.MinAmount) ?? known?.MinMicros ?? Money.MicrosPerUnit, Micros(r.MaxAmount) ?? known?.MaxMicros ?? 1_000_000 * Money.MicrosPerUnit);
        if (r.MinAmount is not null && (Micros(r.MinAmount) is null || min <= 0))
            return Problem.Invalid("minAmount", "a decimal string of more than 0");
        return (r.MaxAmount is not null && Micros(r.MaxAmount) is null) || max < min ? Problem.Invalid("maxAmount", "a decimal string, not less than minAmount") : null;
    }

    static bool IsReturnUrl(string text) => text.Length <= 500 && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    static long? Micros(string? text) => text is not null && Money.TryParse(text, out var micros) ? micros : null;

    static GatewayView ViewOf(TenantGateway g) => new(
        GatewayDirectory.Name(g.Kind), g.Credentials.KeyId, g.Credentials.Address?.ToString(), g.IsEnabled, g.IsDefault, Money.Format(g.MinMicros), Money.Format(g.MaxMicros),
        g.Credentials.WebhookSecrets.Length > 0, g.Credentials.ReturnUrl?.ToString(), g.Version);
}
