using System.Globalization;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices.Gstr1;

/// <summary>Which table of GSTR-1 a document belongs to, and what the portal calls things.</summary>
static class Gstr1Rules
{
    /// <summary>From this month table 12 tells registered recipients from consumers.</summary>
    public static readonly DateOnly HsnSplitFrom = new(2025, 5, 1);

    /// <summary>Above what an invoice to a consumer of another state is listed by itself: 2.5 lakh, from August 2024 one lakh (Notification 12/2024-CT).</summary>
    public static long LargeFromMicros(DateOnly day) => (day < new DateOnly(2024, 8, 1) ? 250_000 : 100_000) * Money.MicrosPerUnit;

    /// <summary>Whether an invoice to a consumer is a large one between states.</summary>
    public static bool IsLarge(TaxTreatment treatment, DateOnly day, long totalMicros) =>
        treatment is { Supply: SupplyType.B2C, Scheme: TaxScheme.Igst } && totalMicros > LargeFromMicros(day);

    /// <summary>Whether nothing is owed because the supply is exempt.</summary>
    public static bool IsExempt(TaxTreatment treatment) => treatment is { Supply: SupplyType.B2B or SupplyType.B2C, Scheme: TaxScheme.None, ReverseCharge: false };

    /// <summary>Whether it goes abroad.</summary>
    public static bool IsExport(SupplyType supply) => supply is SupplyType.ExportWithPayment or SupplyType.ExportWithoutPayment;

    /// <summary>Kind of an invoice to a registered recipient.</summary>
    public static string RegisteredType(SupplyType supply) => supply switch
    {
        SupplyType.SezWithPayment => "SEWP",
        SupplyType.SezWithoutPayment => "SEWOP",
        _ => "R",
    };

    /// <summary>Within or between states.</summary>
    public static string Between(TaxScheme scheme) => scheme is TaxScheme.CgstSgst or TaxScheme.CgstUtgst ? "INTRA" : "INTER";

    /// <summary>The portal's number of a kind of document (table 13).</summary>
    public static int DocumentNumberOf(DocumentKind kind) => kind switch
    {
        DocumentKind.DebitNote => 4,
        DocumentKind.CreditNote => 5,
        DocumentKind.ReceiptVoucher => 6,
        DocumentKind.RefundVoucher => 8,
        _ => 1,
    };

    /// <summary>Credit or debit.</summary>
    public static string NoteType(DocumentKind kind) => kind == DocumentKind.CreditNote ? "C" : "D";

    /// <summary>What a code stands for.</summary>
    public static string Describe(string code) => code switch
    {
        "998411" => "Carrier services",
        "998412" => "Fixed telephony services",
        "998413" => "Mobile telecommunications services",
        "998414" => "Private network services",
        "998415" => "Data transmission services",
        "998422" => "Internet access services",
        "998429" => "Other internet telecommunications services",
        _ when code.StartsWith("9984", StringComparison.Ordinal) => "Telecommunications services",
        _ => "Services",
    };

    /// <summary>A day as the portal writes it.</summary>
    public static string Day(DateOnly day) => day.ToString("dd-MM-yyyy", CultureInfo.InvariantCulture);
}
