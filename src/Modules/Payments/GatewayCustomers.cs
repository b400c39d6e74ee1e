using Balatrix.Core.Payments;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Payments;

/// <summary>Who an account is to a gateway, and how it is reached.</summary>
sealed class GatewayCustomers(Database database, TenantClock clock)
{
    /// <summary>How the gateway can reach whoever pays.</summary>
    public sealed record Contact(string Name, string Email, string Phone);

    /// <summary>The customer behind an account; empty where it has none or it does not say.</summary>
    public async Task<Contact> ContactAsync(int tenantId, long accountId, CancellationToken cancellationToken) => (await database.InTenantAsync(tenantId, (connection, ct) => Database.QueryAsync(
        connection,
        """
        select coalesce(c.name, p.name), coalesce(c.email, ''), coalesce(c.phone, '')
          from customers.account_profiles p left join customers.customers c on c.customer_id = p.customer_id where p.account_id = $1 and p.tenant_id = $2
        """,
        [accountId, tenantId], r => new Contact(r.GetString(0), r.GetString(1), r.GetString(2)), ct), cancellationToken)).Single();

    /// <summary>The gateway's customer of an account, made known to it when needed.</summary>
    /// <exception cref="ProblemException">The gateway does not take it.</exception>
    public async Task<string> EnsureAsync(int tenantId, long accountId, GatewayKind kind, IPaymentGateway gateway, CancellationToken cancellationToken)
    {
        var known = await database.InTenantAsync(tenantId, (connection, ct) => Database.QueryAsync(
            connection, "select gateway_customer_id from payments.gateway_customers where account_id = $1 and gateway = $2 and tenant_id = $3", [accountId, (short)kind, tenantId],
            r => r.GetString(0), ct), cancellationToken);
        if (known is [var id])
            return id;
        var contact = await ContactAsync(tenantId, accountId, cancellationToken);
        if (contact.Email.Length == 0)
            throw new ProblemException(new(409, "contact_missing", "The gateway needs an e-mail address of the account's customer.", "email"));
        var answer = await gateway.CreateCustomerAsync(new($"CUST-{AccountDirectory.NumberOf(accountId)}", contact.Name, contact.Email, contact.Phone), cancellationToken);
        if (answer is not { Outcome: GatewayOutcome.Succeeded, Value: { } made })
            throw new ProblemException(GatewayProblems.Of(answer.Failure));
        var now = await clock.NowAsync(tenantId, cancellationToken);
        return (await database.InTenantAsync(tenantId, (connection, ct) => Database.QueryAsync(
            connection,
            """
            insert into payments.gateway_customers as c (tenant_id, account_id, gateway, gateway_customer_id, created_at) values ($1, $2, $3, $4, $5)
            on conflict (account_id, gateway) do update set gateway_customer_id = c.gateway_customer_id
            returning gateway_customer_id
            """,
            [tenantId, accountId, (short)kind, made.Id, now], r => r.GetString(0), ct), cancellationToken))[0];
    }
}

/// <summary>What clients are told of a gateway's refusal.</summary>
static class GatewayProblems
{
    public static Problem Of(GatewayFailure? failure) => failure switch
    {
        null or { WasNotSent: true } or { Code: GatewayFailure.Unreachable or GatewayFailure.RateLimited } =>
            new(503, "gateway_unavailable", "The payment gateway does not answer; come again later."),
        { Code: GatewayFailure.CredentialsRefused } => new(409, "gateway_refuses_credentials", "The payment gateway does not accept the keys that are set up for it."),
        { Code: GatewayFailure.NotFound } => Problem.Invalid("token", "what the gateway has for this customer"),
        _ => new(409, "gateway_refused", $"The payment gateway refused: {failure.Message}", Expected: failure.Code),
    };
}
