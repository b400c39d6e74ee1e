using System.Text.Json;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices.EInvoice;

/// <summary>The portal's rules between fields: sums, heads of tax by place, and parties that fit the kind of supply. It allows each sum a rupee.</summary>
static class Inv01Sums
{
    const decimal Tolerance = 1m;

    /// <summary>The faults of a form whose fields are right one by one.</summary>
    public static IEnumerable<Inv01Fault> Faults(JsonElement form, bool isSandbox) =>
        OfParties(form, isSandbox).Concat(OfItems(form)).Concat(OfTotals(form));

    static IEnumerable<Inv01Fault> OfParties(JsonElement form, bool isSandbox)
    {
        var (seller, buyer) = (form.GetProperty("SellerDtls"), form.GetProperty("BuyerDtls"));
        var (from, to) = (Text(seller, "Gstin"), Text(buyer, "Gstin"));
        var isExport = Text(form.GetProperty("TranDtls"), "SupTyp") is "EXPWP" or "EXPWOP";
        if (!Inv01Check.IsGstin(from, isSandbox))
            yield return new("SellerDtls.Gstin", "a GSTIN with a right check character");
        if (from[..2] != Text(seller, "Stcd"))
            yield return new("SellerDtls.Stcd", from[..2]);
        if (isExport != (to == Inv01Builder.Unregistered))
            yield return new("BuyerDtls.Gstin", isExport ? Inv01Builder.Unregistered : "a GSTIN, as this is no export");
        else if (!isExport && !Inv01Check.IsGstin(to, isSandbox))
            yield return new("BuyerDtls.Gstin", "a GSTIN with a right check character");
        if (to == from)
            yield return new("BuyerDtls.Gstin", "another than the seller's");
        if (isExport != (Text(buyer, "Pos") == GstState.Abroad))
            yield return new("BuyerDtls.Pos", isExport ? GstState.Abroad : "a state, as this is no export");
        if (isExport ? Text(buyer, "Stcd") != GstState.Abroad : to[..2] != Text(buyer, "Stcd"))
            yield return new("BuyerDtls.Stcd", isExport ? GstState.Abroad : to[..2]);
        if (!isExport && !buyer.TryGetProperty("Pin", out _))
            yield return new("BuyerDtls.Pin", "a PIN code");
    }

    static IEnumerable<Inv01Fault> OfItems(JsonElement form)
    {
        var supply = Text(form.GetProperty("TranDtls"), "SupTyp");
        var within = supply is "B2B" or "DEXP" && Text(form.GetProperty("SellerDtls"), "Stcd") == Text(form.GetProperty("BuyerDtls"), "Pos");
        var isReverse = form.GetProperty("TranDtls").TryGetProperty("RegRev", out var reverse) && reverse.ValueEquals("Y");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (item, i) in form.GetProperty("ItemList").EnumerateArray().Select((item, i) => (item, i)))
        {
            var path = $"ItemList[{i}]";
            var (value, rate) = (Number(item, "AssAmt"), Number(item, "GstRt"));
            var (igst, cgst, sgst) = (Number(item, "IgstAmt"), Number(item, "CgstAmt"), Number(item, "SgstAmt"));
            if (!seen.Add(Text(item, "SlNo")))
                yield return new($"{path}.SlNo", "a number of its own");
            if (item.GetProperty("IsServc").ValueEquals("Y") != Text(item, "HsnCd").StartsWith("99", StringComparison.Ordinal))
                yield return new($"{path}.HsnCd", "a code that begins with 99 for services, and only for them");
            if (within ? igst != 0 : cgst != 0 || sgst != 0)
                yield return new($"{path}.{(within ? "IgstAmt" : "CgstAmt")}", $"nothing {(within ? "within" : "between")} states");
            if (cgst != sgst)
                yield return new($"{path}.SgstAmt", "as much as CgstAmt");
            var owed = supply is "SEZWOP" or "EXPWOP" ? 0 : value * rate / 100;
            if (!Near(igst + cgst + sgst, owed))
                yield return new($"{path}.GstRt", $"the rate of its tax: {owed} on {value}");
            if (!Near(Number(item, "TotAmt") - Number(item, "Discount"), value))
                yield return new($"{path}.AssAmt", "TotAmt less Discount");
            if (!Near(Number(item, "TotItemVal"), value + (isReverse ? 0 : igst + cgst + sgst)))
                yield return new($"{path}.TotItemVal", "the value with its tax");
        }
    }

    static IEnumerable<Inv01Fault> OfTotals(JsonElement form)
    {
        var values = form.GetProperty("ValDtls");
        var items = form.GetProperty("ItemList").EnumerateArray().ToList();
        foreach (var (total, part) in new[] { ("AssVal", "AssAmt"), ("IgstVal", "IgstAmt"), ("CgstVal", "CgstAmt"), ("SgstVal", "SgstAmt") })
        {
            if (!Near(Number(values, total), items.Sum(item => Number(item, part))))
                yield return new($"ValDtls.{total}", $"the sum of {part}");
        }
        var sum = items.Sum(item => Number(item, "TotItemVal")) + Number(values, "RndOffAmt") + Number(values, "OthChrg") - Number(values, "Discount");
        if (!Near(Number(values, "TotInvVal"), sum))
            yield return new("ValDtls.TotInvVal", "items, other charges and rounding");
    }

    static string Text(JsonElement at, string name) => at.GetProperty(name).GetString()!;

    static decimal Number(JsonElement at, string name) => at.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDecimal() : 0;

    static bool Near(decimal a, decimal b) => Math.Abs(a - b) <= Tolerance;
}
