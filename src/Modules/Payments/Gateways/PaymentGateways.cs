using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways.Razorpay;
using Balatrix.Modules.Payments.Gateways.Stripe;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>How long a gateway is waited for, and how it is tried again.</summary>
/// <param name="Answer">One request, from connecting to the last byte.</param>
/// <param name="FirstDelay">Before the second try; twice that before the third.</param>
/// <param name="Break">How long nothing is sent to an address whose answers mostly fail.</param>
public sealed record GatewayPatience(TimeSpan Answer, TimeSpan FirstDelay, TimeSpan Break)
{
    /// <summary>Ten seconds for an answer, and half a minute of rest.</summary>
    public static GatewayPatience Usual { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(400), TimeSpan.FromSeconds(30));
}

/// <summary>Opens gateways for tenants. One for the whole program: connections and circuit breakers are shared by all tenants of one address.</summary>
public sealed class PaymentGateways(TimeProvider time, GatewayPatience? patience = null) : IDisposable
{
    static readonly Uri RazorpayAddress = new("https://api.razorpay.com/v1/");
    static readonly Uri StripeAddress = new("https://api.stripe.com/v1/");

    readonly ConcurrentDictionary<Uri, GatewayCircuit> circuits = [];

    readonly HttpClient client = new(new SocketsHttpHandler
    {
        // A redirected payment is no answer, and a cookie would be shared by tenants.
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.All,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = 16 << 20,
    };

    /// <summary>The gateway of these credentials. Cheap: made for a piece of work and let go.</summary>
    public IPaymentGateway Open(GatewayCredentials credentials) => credentials.Gateway switch
    {
        GatewayKind.Razorpay => new RazorpayGateway(Connect(credentials, RazorpayAddress, "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.KeyId}:{credentials.KeySecret}"))), credentials),
        GatewayKind.Stripe => new StripeGateway(Connect(credentials, StripeAddress, "Bearer", credentials.KeySecret), credentials, time),
        _ => throw new ArgumentOutOfRangeException(nameof(credentials), credentials.Gateway, "There is no such gateway."),
    };

    /// <summary>Hangs up.</summary>
    public void Dispose() => client.Dispose();

    GatewayConnection Connect(GatewayCredentials credentials, Uri usual, string scheme, string token)
    {
        var given = credentials.Address ?? usual;
        // Paths are relative to the address, which without its last slash would lose its last part.
        var address = given.AbsoluteUri.EndsWith('/') ? given : new Uri(given.AbsoluteUri + "/");
        var circuit = circuits.GetOrAdd(address, _ => new GatewayCircuit(time, patience ?? GatewayPatience.Usual));
        return new GatewayConnection(client, circuit, address, new AuthenticationHeaderValue(scheme, token), credentials.KeySecret);
    }
}
