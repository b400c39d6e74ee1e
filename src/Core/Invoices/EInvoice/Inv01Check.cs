using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices.EInvoice;

/// <summary>What is wrong with a form, and where.</summary>
/// <param name="Path">JSON path ("ItemList[0].HsnCd").</param>
/// <param name="Expected">What was expected there.</param>
public sealed record Inv01Fault(string Path, string Expected)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path}: expected {Expected}";
}

/// <summary>
/// Holds form INV-01 to the portal's rules, so that what it would refuse is seen before it is sent. Required fields, patterns and limits are those of the portal's
/// JSON schema 1.1; <see cref="Inv01Sums"/> checks what a schema cannot say.
/// </summary>
public static partial class Inv01Check
{
    sealed record Rule(string Path, bool IsRequired, string Expected, Func<JsonElement, bool> Holds);

    static readonly Rule[] Rules =
    [
        new("Version", true, "1.1", v => Is(v, "1.1")),
        new("TranDtls.TaxSch", true, "GST", v => Is(v, "GST")),
        new("TranDtls.SupTyp", true, "B2B, SEZWP, SEZWOP, EXPWP, EXPWOP or DEXP", v => Is(v, "B2B", "SEZWP", "SEZWOP", "EXPWP", "EXPWOP", "DEXP")),
        new("TranDtls.RegRev", false, "Y or N", v => Is(v, "Y", "N")),
        new("DocDtls.Typ", true, "INV, CRN or DBN", v => Is(v, "INV", "CRN", "DBN")),
        new("DocDtls.No", true, "1 to 16 capital letters, digits, / or -, not beginning with 0, / or -", v => v.ValueKind == JsonValueKind.String && DocumentNumber.IsValid(v.GetString())),
        new("DocDtls.Dt", true, "a day as DD/MM/YYYY", IsDay),
        new("SellerDtls.Gstin", true, "a GSTIN", v => Matches(v, Registration())),
        new("BuyerDtls.Gstin", true, "a GSTIN, or URP for exports", v => Is(v, Inv01Builder.Unregistered) || Matches(v, Registration())),
        new("BuyerDtls.Pos", true, "a GST state code", v => Matches(v, State())),
        .. Of("SellerDtls", true),
        .. Of("BuyerDtls", false),
        new("ItemList", true, "1 to 1000 items", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() is >= 1 and <= 1000),
        new("ItemList[].SlNo", true, "1 to 6 characters", v => HasLength(v, 1, 6)),
        new("ItemList[].PrdDesc", false, "3 to 300 characters", v => HasLength(v, 3, 300)),
        new("ItemList[].IsServc", true, "Y or N", v => Is(v, "Y", "N")),
        new("ItemList[].HsnCd", true, "a code of 4 to 8 digits", v => Matches(v, Code())),
        new("ItemList[].Qty", false, "a quantity", v => IsAmount(v, 9_999_999_999)),
        new("ItemList[].UnitPrice", true, "an amount", v => IsAmount(v, 999_999_999_999)),
        new("ItemList[].TotAmt", true, "an amount", v => IsAmount(v, 999_999_999_999)),
        new("ItemList[].AssAmt", true, "an amount", v => IsAmount(v, 999_999_999_999)),
        new("ItemList[].GstRt", true, "a rate of GST", v => v.ValueKind == JsonValueKind.Number && v.TryGetDecimal(out var rate) && GstRates.Contains(rate)),
        new("ItemList[].IgstAmt", false, "an amount", v => IsAmount(v, 999_999_999_999)),
        new("ItemList[].CgstAmt", false, "an amount", v => IsAmount(v, 999_999_999_999)),
        new("ItemList[].SgstAmt", false, "an amount", v => IsAmount(v, 999_999_999_999)),
        new("ItemList[].TotItemVal", true, "an amount", v => IsAmount(v, 999_999_999_999)),
        new("ValDtls.AssVal", true, "an amount", v => IsAmount(v, 99_999_999_999_999)),
        new("ValDtls.TotInvVal", true, "an amount", v => IsAmount(v, 99_999_999_999_999)),
        new("ValDtls.RndOffAmt", false, "-99.99 to 99.99", v => v.ValueKind == JsonValueKind.Number && v.TryGetDecimal(out var rounding) && Math.Abs(rounding) <= 99.99m),
        new("RefDtls.PrecDocDtls[].InvNo", true, "1 to 16 characters", v => HasLength(v, 1, 16)),
        new("RefDtls.PrecDocDtls[].InvDt", true, "a day as DD/MM/YYYY", IsDay),
        new("RefDtls.DocPerdDtls.InvStDt", true, "a day as DD/MM/YYYY", IsDay),
        new("RefDtls.DocPerdDtls.InvEndDt", true, "a day as DD/MM/YYYY", IsDay),
        new("ExpDtls.CntCode", false, "an ISO 3166 code", v => HasLength(v, 2, 2)),
    ];

    static readonly decimal[] GstRates = [0, 0.1m, 0.25m, 1, 1.5m, 3, 5, 7.5m, 12, 18, 28, 40];

    static readonly string[] Parents = ["TranDtls", "DocDtls", "SellerDtls", "BuyerDtls", "ItemList", "ValDtls"];

    /// <summary>All faults of a form; empty when the portal should take it.</summary>
    /// <param name="form">INV-01.</param>
    /// <param name="isSandbox">Whether GSTINs need no right check character, as those of the portal's sandbox have none.</param>
    public static IReadOnlyList<Inv01Fault> Faults(JsonElement form, bool isSandbox = false)
    {
        var faults = new List<Inv01Fault>();
        if (form.ValueKind != JsonValueKind.Object)
            return [new("", "an object")];
        foreach (var parent in Parents)
        {
            if (!form.TryGetProperty(parent, out _))
                faults.Add(new(parent, "to be there"));
        }
        foreach (var rule in Rules)
            Walk(form, "", rule.Path.Split('.'), rule, faults);
        if (faults.Count == 0)
            faults.AddRange(Inv01Sums.Faults(form, isSandbox));
        return faults;
    }

    static IEnumerable<Rule> Of(string party, bool needsPin) =>
    [
        new($"{party}.LglNm", true, "3 to 100 characters", v => HasLength(v, 3, 100)),
        new($"{party}.Addr1", true, "1 to 100 characters", v => HasLength(v, 1, 100)),
        new($"{party}.Addr2", false, "3 to 100 characters", v => HasLength(v, 3, 100)),
        new($"{party}.Loc", true, "3 to 50 characters", v => HasLength(v, 3, 50)),
        new($"{party}.Pin", needsPin, "a PIN code", v => v.ValueKind == JsonValueKind.Number && v.TryGetInt32(out var pin) && pin is >= 100_000 and <= 999_999),
        new($"{party}.Stcd", true, "a GST state code", v => Matches(v, State())),
    ];

    static void Walk(JsonElement at, string path, ReadOnlySpan<string> steps, Rule rule, List<Inv01Fault> faults)
    {
        var step = steps[0];
        var isList = step.EndsWith("[]", StringComparison.Ordinal);
        var name = isList ? step[..^2] : step;
        var here = path.Length == 0 ? name : $"{path}.{name}";
        if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            // What is required within a part that is absent and optional itself is not missed.
            if (rule.IsRequired && steps.Length == 1)
                faults.Add(new(here, rule.Expected));
        }
        else if (isList)
        {
            var i = 0;
            foreach (var item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : default)
                Walk(item, $"{here}[{i++}]", steps[1..], rule, faults);
        }
        else if (steps.Length > 1)
        {
            Walk(value, here, steps[1..], rule, faults);
        }
        else if (!rule.Holds(value))
        {
            faults.Add(new(here, rule.Expected));
        }
    }

    static bool Is(JsonElement value, params ReadOnlySpan<string> allowed) => value.ValueKind == JsonValueKind.String && allowed.Contains(value.GetString()!);

    static bool Matches(JsonElement value, Regex pattern) => value.ValueKind == JsonValueKind.String && pattern.IsMatch(value.GetString()!);

    static bool HasLength(JsonElement value, int least, int most) => value.ValueKind == JsonValueKind.String && value.GetString()!.Trim().Length is var length && length >= least && length <= most;

    static bool IsAmount(JsonElement value, long most) => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number >= 0 && number <= most && decimal.Round(number, 3) == number;

    static bool IsDay(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && DateOnly.TryParseExact(value.GetString(), "dd/MM/yyyy", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    /// <summary>Whether a registration is one, by its pattern or fully.</summary>
    internal static bool IsGstin(string text, bool isSandbox) => isSandbox ? Registration().IsMatch(text) : Gstin.Fault(text) is null;

    [GeneratedRegex(@"\A[0-9]{2}[0-9A-Z]{13}\z", RegexOptions.None, 1000)]
    private static partial Regex Registration();

    [GeneratedRegex(@"\A(?:0[1-9]|[1-3][0-9]|9[679])\z", RegexOptions.None, 1000)]
    private static partial Regex State();

    [GeneratedRegex(@"\A[0-9]{4,8}\z", RegexOptions.None, 1000)]
    private static partial Regex Code();
}
