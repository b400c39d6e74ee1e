using System.Text.Json;
using Balatrix.Core.Charging;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>An account with whom it bills.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="CustomerId">Its customer, or null.</param>
/// <param name="Kind">How it pays.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="EntryNo">Its last entry.</param>
/// <param name="Party">As documents show it.</param>
/// <param name="Tax">What tax needs to know.</param>
/// <param name="TermsDays">Days to pay, or null for the tenant's.</param>
sealed record BilledAccount(long AccountId, long? CustomerId, AccountKind Kind, string Currency, long EntryNo, DocumentParty Party, RecipientTaxFacts Tax, int? TermsDays)
{
    const string Read = """
        select a.account_id, p.customer_id, a.kind, a.currency, a.entry_no, coalesce(c.name, p.name), c.gstin, c.billing_address, c.email, c.phone, coalesce(c.is_sez, false), c.payment_terms_days
          from ledger.accounts a
          join customers.account_profiles p on p.account_id = a.account_id
          left join customers.customers c on c.customer_id = p.customer_id
         where a.account_id = any($1) and a.tenant_id = $2
         order by a.account_id
        """;

    /// <summary>Some accounts, in order; those that are not the tenant's are missing.</summary>
    public static Task<List<BilledAccount>> ReadAsync(NpgsqlConnection connection, int tenantId, long[] accountIds, CancellationToken cancellationToken) =>
        Database.QueryAsync(connection, Read, [accountIds, tenantId], FromRow, cancellationToken);

    /// <summary>How its documents are taxed on a day.</summary>
    public TaxDetermination Determine(BillingTenant tenant, DateOnly day) => TaxEngine.Determine(tenant.Tax, Tax, day);

    /// <summary>Why documents cannot be made, for the API and for failures of cycles.</summary>
    public static Problem ToProblem(TaxRefusal refusal) => refusal switch
    {
        TaxRefusal.PlaceOfSupplyUnknown => new(409, "place_of_supply_unknown", "Nothing says which state the customer is supplied in.", "billingAddress.state", "the state of the customer's billing address, or its GSTIN"),
        TaxRefusal.SezWithoutRegistration => new(409, "sez_without_gstin", "A unit of a special economic zone has a GSTIN.", "gstin", "the GSTIN of the unit"),
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, "Not a refusal."),
    };

    static BilledAccount FromRow(NpgsqlDataReader r)
    {
        var address = r.IsDBNull(7) ? null : JsonSerializer.Deserialize<PostalAddress>(r.GetString(7), JsonSerializerOptions.Web);
        var gstin = r.IsDBNull(6) ? null : r.GetString(6);
        var country = address is null ? null : address.Country ?? "IN";
        string?[] lines = address is null ? [] : [address.Line1, address.Line2, $"{address.City} {address.PostalCode}".Trim()];
        return new(
            r.GetInt64(0), r.IsDBNull(1) ? null : r.GetInt64(1), (AccountKind)r.GetInt16(2), r.GetString(3), r.GetInt64(4),
            new(r.GetString(5), gstin, [.. lines.OfType<string>().Where(l => l.Length > 0)], gstin?[..2] ?? address?.State, country ?? "IN", address?.City, address?.PostalCode,
                r.IsDBNull(8) ? null : r.GetString(8), r.IsDBNull(9) ? null : r.GetString(9), AccountDirectory.NumberOf(r.GetInt64(0))),
            new() { Country = country, Gstin = gstin, StateCode = address?.State, IsSez = r.GetBoolean(10) }, r.IsDBNull(11) ? null : r.GetInt32(11));
    }
}
