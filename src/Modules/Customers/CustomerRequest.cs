using Balatrix.Core.Numbering;
using Balatrix.Core.Tax;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Customers;

/// <summary>A customer to be made or changed; what is left out of a change stays as it is.</summary>
/// <param name="Name">Name of the person or company.</param>
/// <param name="Kind">individual, business or enterprise.</param>
/// <param name="Email">E-mail address.</param>
/// <param name="Phone">Telephone number in E.164.</param>
/// <param name="Pan">Permanent account number; taken from the GSTIN when left out.</param>
/// <param name="Gstin">GST registration; its check character, its PAN and the billing address' state must agree.</param>
/// <param name="KycStatus">pending, verified or rejected; the tenant's own people only.</param>
/// <param name="KycNote">What whoever verified has to say; the tenant's own people only.</param>
/// <param name="Documents">Documents shown.</param>
/// <param name="BillingAddress">Where it is billed.</param>
/// <param name="ServiceAddress">Where it is served, when elsewhere.</param>
/// <param name="Contacts">People to talk to.</param>
/// <param name="IsSez">Whether it is a unit or developer of a special economic zone; the tenant's own people only.</param>
/// <param name="PaymentTermsDays">Days to pay its invoices, 0 to 180; the tenant's own people only.</param>
public sealed record CustomerRequest(
    string? Name, string? Kind, string? Email, string? Phone, string? Pan, string? Gstin, string? KycStatus, string? KycNote,
    KycDocument[]? Documents, PostalAddress? BillingAddress, PostalAddress? ServiceAddress, Contact[]? Contacts, bool? IsSez = null, int? PaymentTermsDays = null)
{
    /// <summary>The customer after the request, or the first fault.</summary>
    /// <param name="before">As it was; null makes a new one.</param>
    /// <param name="byCustomer">Whether the customer itself asks, who does not verify itself.</param>
    public (CustomerView? After, Problem? Problem) Apply(CustomerView? before, bool byCustomer)
    {
        if (byCustomer && ((KycStatus ?? before?.KycStatus) != before?.KycStatus || KycNote is not null || (Kind ?? before?.Kind) != before?.Kind))
            return (null, new(403, "staff_only", "Verification and kind are set by staff.", "kycStatus"));
        if (byCustomer && ((IsSez ?? before?.IsSez) != before?.IsSez || (PaymentTermsDays ?? before?.PaymentTermsDays) != before?.PaymentTermsDays))
            return (null, new(403, "staff_only", "Zone and payment terms are set by staff.", "isSez"));
        var gstin = Upper(Gstin) ?? before?.Gstin;
        var pan = Upper(Pan) ?? before?.Pan ?? (gstin?.Length == 15 ? gstin[2..12] : null);
        var changesIdentity = before is not null && (gstin != before.Gstin || pan != before.Pan);
        var after = new CustomerView
        {
            Id = before?.Id ?? 0,
            Name = Name?.Trim() ?? before?.Name ?? "",
            Kind = Kind ?? before?.Kind ?? "individual",
            Status = before?.Status ?? "active",
            SuspendReason = before?.SuspendReason,
            Email = Blank(Email) ?? (Email is null ? before?.Email : null),
            Phone = Phone is null ? before?.Phone : Phone.Length == 0 ? null : "+" + E164Number.Normalise(Phone),
            Pan = pan is { Length: > 0 } ? pan : null,
            Gstin = gstin is { Length: > 0 } ? gstin : null,
            // What was verified is not what stands there now.
            KycStatus = KycStatus ?? (changesIdentity ? "pending" : before?.KycStatus ?? "pending"),
            KycNote = KycNote ?? before?.KycNote,
            Documents = Documents ?? before?.Documents ?? [],
            BillingAddress = BillingAddress ?? before?.BillingAddress,
            ServiceAddress = ServiceAddress ?? before?.ServiceAddress,
            Contacts = Contacts ?? before?.Contacts ?? [],
            IsSez = IsSez ?? before?.IsSez ?? false,
            PaymentTermsDays = PaymentTermsDays ?? before?.PaymentTermsDays,
            CreatedAt = before?.CreatedAt ?? default,
            Version = before?.Version ?? 0,
        };
        return Check(after) is { } problem ? (null, problem) : (after, null);
    }

    static Problem? Check(CustomerView c)
    {
        if (c.Name.Length is 0 or > 200 || HasNul(c.Name))
            return Problem.Invalid("name", "1 to 200 characters");
        if (c.Kind is not ("individual" or "business" or "enterprise"))
            return Problem.Invalid("kind", "individual, business or enterprise");
        if (c.Email is not null && !UserDirectory.IsEmail(c.Email))
            return Problem.Invalid("email", "an e-mail address");
        if (c.Phone is { Length: < 8 or > 16 })
            return Problem.Invalid("phone", "a telephone number such as +919812345678");
        if (c.PaymentTermsDays is < 0 or > 180)
            return Problem.Invalid("paymentTermsDays", "0 to 180");
        if (c.IsSez && c.Gstin is null)
            return Problem.Invalid("isSez", "a customer with a GSTIN: units of special economic zones are registered");
        if (c.Pan is not null && Core.Tax.Pan.Fault(c.Pan) is { } panFault)
            return Problem.Invalid("pan", panFault);
        if (c.Gstin is not null && Core.Tax.Gstin.Fault(c.Gstin) is { } gstinFault)
            return Problem.Invalid("gstin", gstinFault);
        if (c.Gstin is not null && c.Pan != c.Gstin[2..12])
            return new(422, "gstin_pan_mismatch", "The GSTIN is of another PAN.", "pan", c.Gstin[2..12]);
        if (c.KycStatus is not ("pending" or "verified" or "rejected"))
            return Problem.Invalid("kycStatus", "pending, verified or rejected");
        if (c.KycNote is { Length: > 500 })
            return Problem.Invalid("kycNote", "at most 500 characters");
        if (c.BillingAddress?.Check("billingAddress") is { } billing)
            return billing;
        if (c.ServiceAddress?.Check("serviceAddress") is { } service)
            return service;
        if (c.Gstin is not null && c.BillingAddress is { } address && (address.Country ?? "IN") == "IN" && address.State != c.Gstin[..2])
            return new(422, "gstin_state_mismatch", $"The GSTIN is of {GstState.Find(c.Gstin[..2])!.Name}.", "billingAddress.state", c.Gstin[..2]);
        if (c.Documents.Length > 20 || Array.Exists(c.Documents, d => d is null || !KycDocument.Types.Contains(d.Type) || d.Reference is not { Length: > 0 and <= 200 }
            || d.Status is not (null or "pending" or "accepted" or "rejected")))
            return Problem.Invalid("documents", $"at most 20 of type {string.Join(", ", KycDocument.Types)} with a reference");
        if (c.Contacts.Length > 20 || Array.Exists(c.Contacts, p => p?.Name is not { Length: > 0 and <= 200 } || p.Role is { Length: > 100 } || (p.Email is not null && !UserDirectory.IsEmail(p.Email)) || p.Phone is { Length: > 20 }))
            return Problem.Invalid("contacts", "at most 20 with a name");
        return null;
    }

    static bool HasNul(string text) => text.Contains('\0', StringComparison.Ordinal);

    static string? Upper(string? text) => text?.Trim().ToUpperInvariant();

    static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
