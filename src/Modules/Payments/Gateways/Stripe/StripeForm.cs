using System.Globalization;
using Balatrix.Core;

namespace Balatrix.Modules.Payments.Gateways.Stripe;

/// <summary>The fields of a request, in the order that they are added.</summary>
sealed class StripeForm
{
    readonly List<KeyValuePair<string, string>> fields = [];

    public StripeForm Add(string name, string? value)
    {
        if (value is not null)
            fields.Add(new(name, value));
        return this;
    }

    public StripeForm Add(string name, long value) => Add(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>An amount with its currency.</summary>
    public StripeForm Add(Money amount) => Add("amount", GatewayRequests.Minor(amount)).Add("currency", amount.Currency.ToLowerInvariant());

    public FormUrlEncodedContent Content() => new(fields);
}
