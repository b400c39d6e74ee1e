namespace Balatrix.Modules;

/// <summary>Every allowed arrow between modules. A test holds the sources to it and draws it into ARCHITECTURE.md.</summary>
public static class ModuleMap
{
    /// <summary>Each module and those whose public types it may use.</summary>
    public static IReadOnlyDictionary<string, string[]> Uses { get; } = new SortedDictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["Platform"] = [],
        ["Identity"] = ["Audit", "Notifications", "Platform"],
        ["Notifications"] = ["Identity", "Platform"],
        ["Audit"] = ["Identity", "Platform"],
        ["Catalog"] = ["Audit", "Identity", "Platform"],
        ["Customers"] = ["Audit", "Catalog", "Identity", "Ledger", "Notifications", "Platform", "Printing"],
        ["Ledger"] = ["Catalog", "Customers", "Identity", "Platform"],
        ["Printing"] = [],
        ["Usage"] = ["Catalog", "Customers", "Identity", "Ledger", "Platform"],
        ["Voice"] = ["Audit", "Catalog", "Customers", "Identity", "Ledger", "Platform", "Subscriptions", "Usage"],
        ["Messaging"] = ["Catalog", "Customers", "Identity", "Ledger", "Platform", "Usage"],
        ["Subscriptions"] = ["Audit", "Catalog", "Customers", "Identity", "Ledger", "Notifications", "Platform", "Usage"],
        ["Payments"] = ["Audit", "Customers", "Identity", "Invoicing", "Ledger", "Notifications", "Platform", "Subscriptions"],
        ["Tariffs"] = ["Audit", "Catalog", "Customers", "Identity", "Ledger", "Platform"],
        ["Invoicing"] = ["Audit", "Customers", "Identity", "Ledger", "Notifications", "Platform", "Printing", "Subscriptions"],
        ["Operations"] = ["Audit", "Catalog", "Customers", "Identity", "Invoicing", "Ledger", "Platform", "Subscriptions"],
    };
}
