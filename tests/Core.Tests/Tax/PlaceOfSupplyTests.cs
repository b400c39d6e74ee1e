using Balatrix.Core.Tax;

namespace Balatrix.Core.Tests.Tax;

/// <summary>Who is taxed where. Sources: IGST Act s.7, s.12, s.16 and Data/gst_states.csv, the state list of the facts with the head that each levies.</summary>
public sealed class PlaceOfSupplyTests
{
    static readonly DateOnly Day = new(2026, 11, 21);
    static readonly SupplierTaxIdentity Mumbai = new() { Country = "IN", Gstin = "27AAGCG4576J1Z6" };

    public static IEnumerable<TheoryDataRow<string, string, bool>> States => File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Tax", "Data", "gst_states.csv")).Skip(1)
        .Select(line => line.Split(','))
        .Where(cells => cells[3] != "Foreign" && cells[0] != "99")
        .Select(cells => new TheoryDataRow<string, string, bool>(cells[0], cells[4], cells[6] == "Y"));

    static TaxTreatment Treat(RecipientTaxFacts recipient, SupplierTaxIdentity? supplier = null, DateOnly? day = null)
    {
        var (treatment, refusal) = TaxEngine.Determine(supplier ?? Mumbai, recipient, day ?? Day);
        Assert.Null(refusal);
        return treatment!;
    }

    [Theory]
    [MemberData(nameof(States))]
    public void Within_a_state_its_own_head_is_levied_and_from_elsewhere_integrated_tax(string code, string head, bool isCurrent)
    {
        Assert.Equal(isCurrent, GstState.Find(code)!.IsCurrent);
        var within = Treat(new() { StateCode = code }, Mumbai with { Gstin = code + "AAGCG4576J1Z6" });
        Assert.Equal(head == "UTGST" ? TaxScheme.CgstUtgst : TaxScheme.CgstSgst, within.Scheme);
        Assert.Equal(TaxScheme.Igst, Treat(new() { StateCode = code }, Mumbai with { Gstin = (code == "27" ? "29" : "27") + "AAGCG4576J1Z6" }).Scheme);
        Assert.True(GstState.Find(within.PlaceOfSupply)!.IsCurrent);
    }

    [Fact]
    public void A_registered_recipient_is_supplied_at_its_registration_wherever_it_is_billed() =>
        Assert.Equal(new(SupplyType.B2B, TaxScheme.Igst, "29", false, null), Treat(new() { Gstin = "29AAGCB7383J1Z4", StateCode = "27", Country = "IN" }));

    [Fact]
    public void A_consumer_is_supplied_at_the_address_on_record_also_when_recharging_electronically() =>
        Assert.Equal(new(SupplyType.B2C, TaxScheme.CgstSgst, "27", false, null), Treat(new() { StateCode = "27" }));

    [Fact]
    public void A_line_is_supplied_where_it_is_installed_and_a_voucher_where_it_is_sold()
    {
        Assert.Equal("33", Treat(new() { Gstin = "29AAGCB7383J1Z4", InstalledStateCode = "33" }).PlaceOfSupply);
        Assert.Equal("32", Treat(new() { StateCode = "27", SoldInStateCode = "32" }).PlaceOfSupply);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("39")]
    [InlineData("96")]
    public void Without_a_known_state_nothing_is_guessed(string? state) =>
        Assert.Equal(new(null, TaxRefusal.PlaceOfSupplyUnknown), TaxEngine.Determine(Mumbai, new() { StateCode = state }, Day));

    [Fact]
    public void Exports_and_economic_zones_need_a_letter_of_undertaking_of_the_year_to_go_without_tax()
    {
        var supplier = Mumbai with { LutYears = ["2026-27"] };
        var abroad = new RecipientTaxFacts { Country = "US" };
        var zone = new RecipientTaxFacts { Gstin = "27AAGCG4576J1Z6", IsSez = true };

        Assert.Equal(
            new(SupplyType.ExportWithoutPayment, TaxScheme.None, "96", false, "SUPPLY MEANT FOR EXPORT UNDER BOND OR LETTER OF UNDERTAKING WITHOUT PAYMENT OF INTEGRATED TAX"),
            Treat(abroad, supplier));
        Assert.Equal(
            new(SupplyType.ExportWithPayment, TaxScheme.Igst, "96", false, "SUPPLY MEANT FOR EXPORT ON PAYMENT OF INTEGRATED TAX"),
            Treat(abroad, supplier, new(2027, 4, 1)));
        // Within the supplier's own state, and integrated all the same.
        Assert.Equal(
            new(SupplyType.SezWithPayment, TaxScheme.Igst, "27", false, "SUPPLY TO SEZ UNIT OR SEZ DEVELOPER FOR AUTHORISED OPERATIONS ON PAYMENT OF INTEGRATED TAX"),
            Treat(zone));
        Assert.Equal(
            new(SupplyType.SezWithoutPayment, TaxScheme.None, "27", false, "SUPPLY TO SEZ UNIT OR SEZ DEVELOPER FOR AUTHORISED OPERATIONS UNDER BOND OR LETTER OF UNDERTAKING WITHOUT PAYMENT OF INTEGRATED TAX"),
            Treat(zone, supplier));
        Assert.Equal(TaxRefusal.SezWithoutRegistration, TaxEngine.Determine(supplier, new() { StateCode = "27", IsSez = true }, Day).Refusal);
    }

    [Fact]
    public void Under_reverse_charge_a_registered_recipient_owes_the_tax_and_sees_the_rate()
    {
        var reverse = Treat(new() { Gstin = "29AAGCB7383J1Z4", OwesTax = true });
        Assert.Equal((TaxScheme.None, true, 1800), (reverse.Scheme, reverse.ReverseCharge, TaxRates.BasisPoints(Mumbai, reverse, Day)));
        Assert.Equal(TaxScheme.CgstSgst, Treat(new() { StateCode = "27", OwesTax = true }).Scheme);
        var exempt = Treat(new() { Gstin = "29AAGCB7383J1Z4", OwesTax = true, IsExempt = true });
        Assert.Equal((TaxScheme.None, false, 0), (exempt.Scheme, exempt.ReverseCharge, TaxRates.BasisPoints(Mumbai, exempt, Day)));
    }

    [Fact]
    public void A_supplier_without_registration_charges_no_tax_and_needs_no_state()
    {
        var supplier = new SupplierTaxIdentity { Country = "IN" };
        Assert.Equal(new(SupplyType.OutsideGst, TaxScheme.None, "", false, null), Treat(new(), supplier));
        Assert.Equal("27", Treat(new() { StateCode = "27" }, supplier).PlaceOfSupply);
    }

    // Uzbekistan's value added tax: 15 % from 2019-10-01, 12 % from 2023-01-01 (Tax Code art. 258).
    [Fact]
    public void Another_country_needs_only_a_table_of_rates()
    {
        var tashkent = new SupplierTaxIdentity { Country = "UZ", VatRates = [new(new(2023, 1, 1), 1200), new(new(2019, 10, 1), 1500)] };
        var vat = Treat(new() { Country = "UZ" }, tashkent);
        Assert.Equal(new(SupplyType.OutsideGst, TaxScheme.Vat, "UZ", false, null), vat);
        Assert.Equal([0, 1500, 1500, 1200], new[] { new DateOnly(2019, 9, 30), new(2019, 10, 1), new(2022, 12, 31), new(2023, 1, 1) }.Select(day => TaxRates.BasisPoints(tashkent, vat, day)));
        Assert.Equal(new(0, 0, 0, 12_000_000), TaxEngine.OnExclusive(vat, 1200, 100_000_000));
        Assert.Equal(TaxScheme.None, Treat(new() { Country = "IN", StateCode = "27" }, tashkent).Scheme);
        Assert.Equal(TaxScheme.Vat, Treat(new(), tashkent).Scheme);
        Assert.Equal("", TaxRates.SacCode(tashkent, "voice"));
    }

    [Fact]
    public void Codes_are_the_usual_ones_unless_the_supplier_says_otherwise()
    {
        Assert.Equal(["998412", "998413", "998429"], new[] { "voice", "sms", "event" }.Select(service => TaxRates.SacCode(Mumbai, service)));
        Assert.Equal("998419", TaxRates.SacCode(Mumbai with { SacCodes = Mumbai.SacCodes.Add("sms", "998419") }, "sms"));
    }

    [Fact]
    public void Gst_is_18_percent_since_it_began() =>
        Assert.Equal([0, 1800, 1800], new[] { new DateOnly(2017, 6, 30), new(2017, 7, 1), new(2025, 9, 22) }.Select(day => TaxRates.On(TaxRates.Gst, day)));
}
