using System.Collections.Concurrent;
using System.Text;
using Balatrix.Core.Payments;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>A gateway as a tenant has set it up.</summary>
/// <param name="Credentials">Opened secrets; never shown or logged.</param>
/// <param name="Client">Calls it.</param>
/// <param name="IsDefault">Taken when a payment names none.</param>
/// <param name="IsEnabled">Whether new payments may go through it; old ones are still asked for.</param>
/// <param name="MinMicros">The least of one payment.</param>
/// <param name="MaxMicros">The most of one payment.</param>
/// <param name="Version">Counts changes.</param>
sealed record TenantGateway(GatewayCredentials Credentials, IPaymentGateway Client, bool IsDefault, bool IsEnabled, long MinMicros, long MaxMicros, int Version)
{
    public GatewayKind Kind => Credentials.Gateway;
}

/// <summary>Opens the gateway of credentials.</summary>
public delegate IPaymentGateway OpenGateway(GatewayCredentials credentials);

/// <summary>The gateways of tenants, with their secrets opened. What was read is remembered for some seconds; a change made here shows at once.</summary>
sealed class GatewayDirectory(Database database, MasterKey master, OpenGateway open, IConfiguration configuration)
{
    /// <summary>What secrets of gateways are sealed for.</summary>
    public const string SealedFor = "payment-gateway";

    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(5);

    readonly ConcurrentDictionary<int, (List<TenantGateway> Gateways, long ReadAt)> ofTenants = new();
    readonly ConcurrentDictionary<GatewayKind, (List<(int TenantId, string Slug)> Tenants, long ReadAt)> ofWebhooks = new();

    /// <summary>All gateways of a tenant.</summary>
    public async ValueTask<List<TenantGateway>> AllAsync(int tenantId, CancellationToken cancellationToken)
    {
        if (ofTenants.TryGetValue(tenantId, out var known) && Environment.TickCount64 - known.ReadAt < Remembered.TotalMilliseconds)
            return known.Gateways;
        var read = await database.InTenantAsync(tenantId, (connection, ct) => ReadAsync(connection, tenantId, ct), cancellationToken);
        ofTenants[tenantId] = (read, Environment.TickCount64);
        return read;
    }

    /// <summary>One gateway, whether enabled or not; null when the tenant has none of the kind.</summary>
    public async ValueTask<TenantGateway?> FindAsync(int tenantId, GatewayKind kind, CancellationToken cancellationToken) =>
        (await AllAsync(tenantId, cancellationToken)).Find(g => g.Kind == kind);

    /// <summary>The gateway for a new payment: the one that is named, or the default.</summary>
    /// <exception cref="ProblemException">There is none.</exception>
    public async ValueTask<TenantGateway> ForNewAsync(int tenantId, string? name, CancellationToken cancellationToken)
    {
        var all = (await AllAsync(tenantId, cancellationToken)).FindAll(g => g.IsEnabled);
        if (name is not null && ParseKind(name) is null)
            throw new ProblemException(Problem.Invalid("gateway", "razorpay or stripe"));
        return all.Find(g => name is null ? g.IsDefault : g.Kind == ParseKind(name)) ?? (name is null ? all.FirstOrDefault() : null)
            ?? throw new ProblemException(new(409, "no_gateway", "No payment gateway is set up for this: PUT /api/v1/payments/gateways/{gateway}.", "gateway"));
    }

    /// <summary>Tenants that take webhooks of a kind.</summary>
    public async ValueTask<List<(int TenantId, string Slug)>> WebhookTenantsAsync(GatewayKind kind, CancellationToken cancellationToken)
    {
        if (ofWebhooks.TryGetValue(kind, out var known) && Environment.TickCount64 - known.ReadAt < Remembered.TotalMilliseconds)
            return known.Tenants;
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        var read = await Database.QueryAsync(
            connection, "select tenant_id, slug from payments.webhook_settings($1)", [(short)kind], r => (r.GetInt32(0), r.GetString(1)), cancellationToken);
        ofWebhooks[kind] = (read, Environment.TickCount64);
        return read;
    }

    /// <summary>Reads anew, after a change made here.</summary>
    public void Forget(int tenantId)
    {
        ofTenants.TryRemove(tenantId, out _);
        ofWebhooks.Clear();
    }

    /// <summary>A gateway's name.</summary>
    public static string Name(GatewayKind kind) => kind == GatewayKind.Razorpay ? "razorpay" : "stripe";

    /// <summary>The gateway of a name, or null.</summary>
    public static GatewayKind? ParseKind(string? name) => name switch { "razorpay" => GatewayKind.Razorpay, "stripe" => GatewayKind.Stripe, _ => null };

    Task<List<TenantGateway>> ReadAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        """
        select gateway, key_id, key_secret, webhook_secret, previous_secret, address, checkout_page, is_default, is_enabled, min_micros, max_micros, version, return_url
          from payments.gateway_settings where tenant_id = $1 order by gateway
        """,
        [tenantId], Open, cancellationToken);

    TenantGateway Open(NpgsqlDataReader r)
    {
        var credentials = new GatewayCredentials(
            (GatewayKind)r.GetInt16(0), r.GetString(1), Secret(r, 2) ?? "", [.. new[] { Secret(r, 3), Secret(r, 4) }.OfType<string>()],
            r.IsDBNull(5) ? null : new Uri(r.GetString(5)), r.IsDBNull(6) ? null : new Uri(r.GetString(6)),
            new Uri(r.IsDBNull(12) ? Home : r.GetString(12)));
        return new(credentials, open(credentials), r.GetBoolean(7), r.GetBoolean(8), r.GetInt64(9), r.GetInt64(10), r.GetInt32(11));
    }

    string Home => configuration["Balatrix:PublicUrl"] is { Length: > 0 } url ? url : "http://127.0.0.1:8080";

    /// <summary>An opened secret; null when there is none, or when it was sealed under another key and has to be given again.</summary>
    string? Secret(NpgsqlDataReader r, int at) => !r.IsDBNull(at) && master.Open(SealedFor, r.GetFieldValue<byte[]>(at)) is { } plain ? Encoding.UTF8.GetString(plain) : null;
}
