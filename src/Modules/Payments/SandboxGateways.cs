using System.Text;
using Balatrix.Core.Payments;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Payments.Sandbox;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Balatrix.Modules.Payments;

/// <summary>
/// Where a sandbox runs beside Balatrix, sets both gateways of the first tenant up with it, so that payments work without keys. Keys that somebody has
/// set up are left alone. Sandbox secrets are public, so only one tenant may have them: a webhook's signature says whose it is.
/// </summary>
sealed class SandboxGateways(IConfiguration configuration, Database database, MasterKey master, TenantClock clock, GatewayDirectory gateways) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // In production somebody has to say by hand that payments of no money count.
        if (Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") == "Production" || !Uri.TryCreate(configuration[SandboxHost.Setting], UriKind.Absolute, out var sandbox) || sandbox.Port == 0)
            return;
        int tenantId;
        await using (var owner = database.Owner.CreateCommand("select coalesce(min(tenant_id), 0) from platform.tenants"))
            tenantId = (int)(await owner.ExecuteScalarAsync(cancellationToken))!;
        if (tenantId == 0)
            return;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            foreach (var kind in Enum.GetValues<GatewayKind>())
            {
                var access = SandboxOptions.Credentials(kind, sandbox);
                await Database.ExecuteAsync(
                    connection,
                    """
                    insert into payments.gateway_settings as s (tenant_id, gateway, key_id, key_secret, webhook_secret, address, checkout_page, is_default, updated_at)
                    values ($1, $2, $3, $4, $5, $6, $7, $2 = 1 and not exists (select from payments.gateway_settings where tenant_id = $1 and is_default), $8)
                    on conflict (tenant_id, gateway) do update set key_secret = excluded.key_secret, webhook_secret = excluded.webhook_secret, address = excluded.address,
                           checkout_page = excluded.checkout_page
                     where s.key_id = excluded.key_id
                    """,
                    [
                        tenantId, (short)kind, access.KeyId, Sealed(access.KeySecret), Sealed(access.WebhookSecrets[0]), access.Address!.ToString(), access.CheckoutPage!.ToString(), now,
                    ], ct);
                await ReconcilePayments.EnqueueAsync(connection, tenantId, kind, now, await clock.ZoneAsync(tenantId, ct), ct);
            }
            return true;
        }, cancellationToken);
        gateways.Forget(tenantId);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    byte[] Sealed(string secret) => master.Seal(GatewayDirectory.SealedFor, Encoding.UTF8.GetBytes(secret));
}
