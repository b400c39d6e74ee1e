using System.Text.Json;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Payments;

/// <summary>The job keep-methods: brings an account's saved methods and mandates to what the gateway has.</summary>
sealed class KeepMethods(Database database, GatewayDirectory gateways) : IJobHandler
{
    public const string Queue = "payment-retry";
    public const string Kind = "keep-methods";

    sealed record Payload(long AccountId, GatewayKind Gateway);

    public static JobRequest Request(long accountId, GatewayKind gateway, string? key) => new(Queue, Kind, JsonSerializer.Serialize(new Payload(accountId, gateway)), Key: key);

    public Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var (accountId, gateway) = run.Payload.Deserialize<Payload>()!;
        return SyncAsync(run.TenantId, accountId, gateway, run.Now, cancellationToken);
    }

    /// <summary>Asks the gateway for all methods of an account and for the mandates that wait.</summary>
    public async Task SyncAsync(int tenantId, long accountId, GatewayKind kind, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await gateways.FindAsync(tenantId, kind, cancellationToken) is not { } gateway)
            return;
        var (customers, waiting) = await database.InTenantAsync(tenantId, async (connection, ct) => (
            await Database.QueryAsync(
                connection, "select gateway_customer_id from payments.gateway_customers where account_id = $1 and gateway = $2 and tenant_id = $3", [accountId, (short)kind, tenantId], r => r.GetString(0), ct),
            await Mandates.WaitingAsync(connection, tenantId, accountId, kind, ct)), cancellationToken);
        if (customers is not [var customerId])
            return;
        var setups = new List<(MandateRecord Mandate, GatewayAnswer<MethodSetup> Answer)>();
        foreach (var mandate in waiting.FindAll(m => m.SetupId is not null))
            setups.Add((mandate, await gateway.Client.FindSetupAsync(mandate.SetupId!, cancellationToken)));
        var methods = (await gateway.Client.FindMethodsAsync(customerId, cancellationToken)).Value
            ?? throw new IOException("The gateway does not say which methods the customer has saved.");
        await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            foreach (var shown in methods)
            {
                var kept = await SavedMethods.KeepAsync(connection, tenantId, accountId, kind, customerId, shown, now, ct);
                foreach (var (mandate, _) in setups.FindAll(s => s.Answer.Value?.MethodId == shown.Id))
                    await Mandates.ReachedAsync(connection, tenantId, mandate.Id, kept.Status, kept.Id, shown.Failure?.Code, now, ct);
            }
            foreach (var (mandate, answer) in setups.FindAll(s => s.Answer is { Outcome: GatewayOutcome.Failed, Failure.WasNotSent: false }))
                await Mandates.ReachedAsync(connection, tenantId, mandate.Id, MandateStatus.Rejected, null, answer.Failure!.Code, now, ct);
            return true;
        }, cancellationToken);
    }
}
