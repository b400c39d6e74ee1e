using System.Globalization;
using System.Text;

namespace Balatrix.Core.Invoices;

/// <summary>Amounts as people of a currency write them: ₹12,34,567.89, USD 1,234,567.89.</summary>
public static class AmountText
{
    /// <summary>Grouped, with the currency's sign or code before it.</summary>
    public static string WithCurrency(long micros, string currency) =>
        (micros < 0 ? "-" : "") + (currency == "INR" ? "₹" : currency + " ") + Grouped(Magnitude(micros), currency);

    /// <summary>Grouped: by lakh and crore for rupees, by thousands for all others; two to six decimals.</summary>
    public static string Grouped(long micros, string currency)
    {
        var plain = Money.Format(micros);
        var negative = plain[0] == '-';
        var dot = plain.IndexOf('.', StringComparison.Ordinal);
        var digits = plain.AsSpan(negative ? 1 : 0, dot - (negative ? 1 : 0));
        var grouped = new StringBuilder(negative ? "-" : "");
        for (var i = 0; i < digits.Length; i++)
        {
            var behind = digits.Length - i;
            var isBorder = currency == "INR" ? behind == 3 || (behind > 3 && behind % 2 == 1) : behind % 3 == 0;
            if (i > 0 && isBorder)
                grouped.Append(',');
            grouped.Append(digits[i]);
        }
        return grouped.Append(CultureInfo.InvariantCulture, $"{plain.AsSpan(dot)}").ToString();
    }

    static long Magnitude(long micros) => micros < 0 ? checked(-micros) : micros;
}
