using System.Globalization;

namespace Balatrix.Core.Invoices;

/// <summary>Amounts in words, as invoices in India bear them by custom.</summary>
public static class AmountInWords
{
    static readonly string[] Small =
    [
        "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve", "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen",
        "Eighteen", "Nineteen",
    ];

    static readonly string[] Tens = ["", "", "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"];

    static readonly (long Size, string Name)[] Indian = [(10_000_000, "Crore"), (100_000, "Lakh"), (1_000, "Thousand"), (100, "Hundred")];

    static readonly (long Size, string Name)[] Western = [(1_000_000_000_000, "Trillion"), (1_000_000_000, "Billion"), (1_000_000, "Million"), (1_000, "Thousand"), (100, "Hundred")];

    /// <summary>"Rupees Twelve Lakh Thirty Four Thousand and Fifty Paise Only"; of other currencies "USD One Thousand and 50/100 Only".</summary>
    /// <param name="micros">Whole hundredths, not negative.</param>
    /// <param name="currency">ISO 4217 code.</param>
    public static string Of(long micros, string currency)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(micros);
        var (whole, rest) = Math.DivRem(micros, Money.MicrosPerUnit);
        var (hundredths, less) = Math.DivRem(rest, Money.MicrosPerUnit / 100);
        if (less != 0)
            throw new ArgumentException("Not whole hundredths.", nameof(micros));
        if (currency == "INR")
            return $"Rupees {Number(whole, Indian)}{(hundredths > 0 ? $" and {Number(hundredths, Indian)} Paise" : "")} Only";
        return $"{currency} {Number(whole, Western)}{(hundredths > 0 ? string.Create(CultureInfo.InvariantCulture, $" and {hundredths:00}/100") : "")} Only";
    }

    static string Number(long number, (long Size, string Name)[] scale)
    {
        foreach (var (size, name) in scale)
        {
            var (count, rest) = Math.DivRem(number, size);
            if (count > 0)
                return $"{Number(count, scale)} {name}{(rest > 0 ? " " + Number(rest, scale) : "")}";
        }
        if (number < Small.Length)
            return Small[number];
        return Tens[number / 10] + (number % 10 > 0 ? " " + Small[number % 10] : "");
    }
}
