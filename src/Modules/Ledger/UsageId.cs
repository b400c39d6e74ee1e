using System.Globalization;

namespace Balatrix.Modules.Ledger;

/// <summary>The public id of a usage record; it says where the record is, so that it is found by its key alone.</summary>
/// <param name="AccountId">Whose.</param>
/// <param name="Month">Of the use, as <see cref="UsageMonth"/> counts.</param>
/// <param name="EventKey">Of the use within the account.</param>
public readonly record struct UsageId(long AccountId, short Month, Guid EventKey)
{
    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{AccountId}-{UsageMonth.Start(Month):yyyyMM}-{EventKey:N}");

    /// <summary>Reads the text form.</summary>
    public static bool TryParse(string text, out UsageId id)
    {
        id = default;
        var parts = text.Split('-');
        if (parts.Length != 3
            || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var accountId)
            || !DateTimeOffset.TryParseExact(parts[1], "yyyyMM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var month)
            || month.Year is < 2000 or > 2100
            || !Guid.TryParseExact(parts[2], "N", out var key))
            return false;
        id = new(accountId, UsageMonth.Of(month), key);
        return true;
    }
}
