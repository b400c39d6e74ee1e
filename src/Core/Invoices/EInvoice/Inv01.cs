using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Balatrix.Core.Invoices.EInvoice;

/// <summary>A document as the registration portal takes it: form INV-01, version 1.1 (Notification 60/2020-CT). Names are the form's.</summary>
public sealed record Inv01(
    string Version, Inv01Transaction TranDtls, Inv01Document DocDtls, Inv01Party SellerDtls, Inv01Party BuyerDtls, ImmutableArray<Inv01Item> ItemList, Inv01Values ValDtls,
    Inv01References? RefDtls, Inv01Export? ExpDtls)
{
    /// <summary>Its JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PortalJson.Options);
}

/// <summary>What kind of supply it is.</summary>
public sealed record Inv01Transaction(string TaxSch, string SupTyp, string RegRev);

/// <summary>Which document it is.</summary>
public sealed record Inv01Document(string Typ, string No, string Dt);

/// <summary>Seller or buyer; only buyers have a place of supply.</summary>
public sealed record Inv01Party(string Gstin, string LglNm, string? Pos, string Addr1, string? Addr2, string Loc, int? Pin, string Stcd);

/// <summary>One line.</summary>
public sealed record Inv01Item(
    string SlNo, string PrdDesc, string IsServc, string HsnCd, int Qty, string Unit,
    [property: JsonConverter(typeof(RupeesConverter))] long UnitPrice,
    [property: JsonConverter(typeof(RupeesConverter))] long TotAmt,
    int Discount,
    [property: JsonConverter(typeof(RupeesConverter))] long AssAmt,
    [property: JsonConverter(typeof(PercentConverter))] int GstRt,
    [property: JsonConverter(typeof(RupeesConverter))] long IgstAmt,
    [property: JsonConverter(typeof(RupeesConverter))] long CgstAmt,
    [property: JsonConverter(typeof(RupeesConverter))] long SgstAmt,
    [property: JsonConverter(typeof(RupeesConverter))] long TotItemVal);

/// <summary>The sums.</summary>
public sealed record Inv01Values(
    [property: JsonConverter(typeof(RupeesConverter))] long AssVal,
    [property: JsonConverter(typeof(RupeesConverter))] long CgstVal,
    [property: JsonConverter(typeof(RupeesConverter))] long SgstVal,
    [property: JsonConverter(typeof(RupeesConverter))] long IgstVal,
    [property: JsonConverter(typeof(RupeesConverter))] long RndOffAmt,
    [property: JsonConverter(typeof(RupeesConverter))] long TotInvVal);

/// <summary>Period and earlier documents.</summary>
public sealed record Inv01References(Inv01Period? DocPerdDtls, ImmutableArray<Inv01Preceding>? PrecDocDtls);

/// <summary>What the document is for.</summary>
public sealed record Inv01Period(string InvStDt, string InvEndDt);

/// <summary>The document that a note is about.</summary>
public sealed record Inv01Preceding(string InvNo, string InvDt);

/// <summary>Where an export goes.</summary>
public sealed record Inv01Export(string CntCode);
