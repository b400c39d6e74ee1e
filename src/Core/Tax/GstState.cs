namespace Balatrix.Core.Tax;

/// <summary>A state or union territory of India as GST numbers it.</summary>
/// <param name="Code">Two digits, as a GSTIN begins.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsCurrent">False for codes that only old registrations bear.</param>
/// <param name="BearsUtgst">Whether it is a union territory without a legislature, where the half that is not central tax is union territory tax (UTGST Act s.2(22)).</param>
public sealed record GstState(string Code, string Name, bool IsCurrent, bool BearsUtgst = false)
{
    /// <summary>Place of supply of what is received outside India.</summary>
    public const string Abroad = "96";

    /// <summary>All, by code. Source: the GST state code list; 25 merged into 26 on 2020-01-26, 28 is Andhra Pradesh before its division.</summary>
    public static IReadOnlyList<GstState> All { get; } =
    [
        new("01", "Jammu and Kashmir", true), new("02", "Himachal Pradesh", true), new("03", "Punjab", true), new("04", "Chandigarh", true, true),
        new("05", "Uttarakhand", true), new("06", "Haryana", true), new("07", "Delhi", true), new("08", "Rajasthan", true), new("09", "Uttar Pradesh", true),
        new("10", "Bihar", true), new("11", "Sikkim", true), new("12", "Arunachal Pradesh", true), new("13", "Nagaland", true), new("14", "Manipur", true),
        new("15", "Mizoram", true), new("16", "Tripura", true), new("17", "Meghalaya", true), new("18", "Assam", true), new("19", "West Bengal", true),
        new("20", "Jharkhand", true), new("21", "Odisha", true), new("22", "Chhattisgarh", true), new("23", "Madhya Pradesh", true), new("24", "Gujarat", true),
        new("25", "Daman and Diu", false, true), new("26", "Dadra and Nagar Haveli and Daman and Diu", true, true), new("27", "Maharashtra", true),
        new("28", "Andhra Pradesh (before division)", false), new("29", "Karnataka", true), new("30", "Goa", true), new("31", "Lakshadweep", true, true),
        new("32", "Kerala", true), new("33", "Tamil Nadu", true), new("34", "Puducherry", true), new("35", "Andaman and Nicobar Islands", true, true),
        new("36", "Telangana", true), new("37", "Andhra Pradesh", true), new("38", "Ladakh", true, true), new("97", "Other Territory", true, true),
    ];

    /// <summary>The code that a state goes by today: those that only old registrations bear went over into others.</summary>
    public static string Today(string code) => code switch
    {
        "25" => "26",
        "28" => "37",
        _ => code,
    };

    /// <summary>One by its code, or null.</summary>
    public static GstState? Find(string? code) => All.FirstOrDefault(state => state.Code == code);
}
