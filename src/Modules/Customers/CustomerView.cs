using Balatrix.Core.Tax;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Customers;

/// <summary>Where a customer is billed or served.</summary>
/// <param name="Line1">House and street.</param>
/// <param name="Line2">More of it, or null.</param>
/// <param name="City">City.</param>
/// <param name="State">GST state code of an Indian address, such as 29.</param>
/// <param name="PostalCode">PIN code; six digits in India.</param>
/// <param name="Country">ISO 3166-1 alpha-2; IN when left out.</param>
public sealed record PostalAddress(string? Line1, string? Line2, string? City, string? State, string? PostalCode, string? Country)
{
    /// <summary>The first fault, or null.</summary>
    public Problem? Check(string field)
    {
        var country = Country ?? "IN";
        if (Text(Line1, 200) is false || Text(City, 100) is false || Line2 is { Length: > 200 })
            return Problem.Invalid(field, "line1 and city of 1 to 200 characters");
        if (country.Length != 2 || !country.All(char.IsAsciiLetterUpper))
            return Problem.Invalid($"{field}.country", "an ISO 3166 code such as IN");
        // Rule 46 wants the state on invoices for online services whatever their value, so it is never guessed.
        if (country == "IN" && GstState.Find(State) is not { IsCurrent: true })
            return Problem.Invalid($"{field}.state", "a GST state code such as 29");
        if (country == "IN" ? PostalCode is not { Length: 6 } || PostalCode[0] == '0' || !PostalCode.All(char.IsAsciiDigit) : PostalCode is { Length: > 12 })
            return Problem.Invalid($"{field}.postalCode", "a PIN code of six digits");
        return null;
    }

    static bool Text(string? text, int most) => !string.IsNullOrWhiteSpace(text) && text.Length <= most;
}

/// <summary>A person to talk to.</summary>
public sealed record Contact(string? Name, string? Role, string? Email, string? Phone);

/// <summary>A document that was shown for KYC.</summary>
/// <param name="Type">pan_card, gst_certificate, address_proof, identity_proof, incorporation or other.</param>
/// <param name="Reference">Where it is kept, or its number.</param>
/// <param name="Status">pending, accepted or rejected.</param>
public sealed record KycDocument(string? Type, string? Reference, string? Status)
{
    /// <summary>The types.</summary>
    public static readonly IReadOnlyList<string> Types = ["pan_card", "gst_certificate", "address_proof", "identity_proof", "incorporation", "other"];
}

/// <summary>A customer as the API shows it.</summary>
public sealed record CustomerView
{
    /// <summary>Its number.</summary>
    public required long Id { get; init; }

    /// <summary>Name of the person or company.</summary>
    public required string Name { get; init; }

    /// <summary>individual, business or enterprise.</summary>
    public required string Kind { get; init; }

    /// <summary>active, suspended or closed.</summary>
    public required string Status { get; init; }

    /// <summary>Why it was suspended.</summary>
    public string? SuspendReason { get; init; }

    /// <summary>E-mail address.</summary>
    public string? Email { get; init; }

    /// <summary>Telephone number in E.164.</summary>
    public string? Phone { get; init; }

    /// <summary>Permanent account number.</summary>
    public string? Pan { get; init; }

    /// <summary>GST registration.</summary>
    public string? Gstin { get; init; }

    /// <summary>State of the registration, or of the billing address: the place of supply's state code.</summary>
    public string? StateCode { get; init; }

    /// <summary>pending, verified or rejected.</summary>
    public required string KycStatus { get; init; }

    /// <summary>What whoever verified had to say.</summary>
    public string? KycNote { get; init; }

    /// <summary>Documents shown.</summary>
    public required KycDocument[] Documents { get; init; }

    /// <summary>Where it is billed.</summary>
    public PostalAddress? BillingAddress { get; init; }

    /// <summary>Where it is served, when elsewhere.</summary>
    public PostalAddress? ServiceAddress { get; init; }

    /// <summary>People to talk to.</summary>
    public required Contact[] Contacts { get; init; }

    /// <summary>Whether it is a unit or developer of a special economic zone, whose supplies are zero-rated.</summary>
    public bool IsSez { get; init; }

    /// <summary>Days to pay its invoices; the tenant's when null.</summary>
    public int? PaymentTermsDays { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>Counts changes; the ETag.</summary>
    public required int Version { get; init; }
}
