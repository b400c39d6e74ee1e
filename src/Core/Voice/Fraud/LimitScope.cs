namespace Balatrix.Core.Voice.Fraud;

/// <summary>What a limit may be set on.</summary>
public enum LimitScopeKind : byte
{
    /// <summary>All calls.</summary>
    All = 0,

    /// <summary>All that leave the home country.</summary>
    International,

    /// <summary>Premium rate.</summary>
    Premium,

    /// <summary>Satellite.</summary>
    Satellite,

    /// <summary>One country.</summary>
    Country,

    /// <summary>One destination group.</summary>
    Group,
}

/// <summary>The calls that a limit counts.</summary>
/// <param name="Kind">By what.</param>
/// <param name="Name">The country or group; empty for the others.</param>
public readonly record struct LimitScope(LimitScopeKind Kind, string Name)
{
    const string CountryPrefix = "country:";
    const string GroupPrefix = "group:";

    /// <summary>All calls.</summary>
    public static LimitScope All { get; } = new(LimitScopeKind.All, "");

    /// <summary>Those to a country.</summary>
    public static LimitScope OfCountry(string iso) => new(LimitScopeKind.Country, iso);

    /// <summary>Those of a destination group.</summary>
    public static LimitScope OfGroup(string group) => new(LimitScopeKind.Group, group);

    /// <summary>Those to a special class.</summary>
    public static LimitScope Of(DestinationClass kind) => new(kind == DestinationClass.Premium ? LimitScopeKind.Premium : LimitScopeKind.Satellite, "");

    /// <summary>Whether a call to a destination counts.</summary>
    public bool Has(CalledDestination destination, string homeCountry) => Kind switch
    {
        LimitScopeKind.International => destination.Country != homeCountry,
        LimitScopeKind.Premium => destination.Class == DestinationClass.Premium,
        LimitScopeKind.Satellite => destination.Class == DestinationClass.Satellite,
        LimitScopeKind.Country => destination.Country == Name,
        LimitScopeKind.Group => destination.Group == Name,
        _ => true,
    };

    /// <summary>Reads all, international, premium, satellite, country:XX or group:NAME.</summary>
    public static bool TryParse(string text, out LimitScope scope)
    {
        scope = text switch
        {
            "all" => All,
            "international" => new(LimitScopeKind.International, ""),
            "premium" => new(LimitScopeKind.Premium, ""),
            "satellite" => new(LimitScopeKind.Satellite, ""),
            _ when text.StartsWith(CountryPrefix, StringComparison.Ordinal) && CallingCodes.IsCountry(text[CountryPrefix.Length..]) => OfCountry(text[CountryPrefix.Length..]),
            _ when text.StartsWith(GroupPrefix, StringComparison.Ordinal) && text.Length is > 6 and <= 200 => OfGroup(text[GroupPrefix.Length..]),
            _ => new(LimitScopeKind.All, "?"),
        };
        return scope.Kind != LimitScopeKind.All || scope.Name.Length == 0;
    }
}
