namespace Balatrix.Modules.Payments.Gateways;

/// <summary>Opens gateways for tenants. One for the whole program: connections and circuit breakers are shared.</summary>
public sealed class PaymentGateways(Func<GatewayCredentials, IPaymentGateway> open)
{
    /// <summary>The gateway of these credentials.</summary>
    public IPaymentGateway Open(GatewayCredentials credentials) => open(credentials);
}
