namespace Balatrix.Modules.Platform.Jobs;

/// <summary>The queues, and how many jobs of each a node runs at a time: a slow queue never holds up another.</summary>
public static class JobQueues
{
    /// <summary>One-time links and codes pass through it: its payloads are not shown, and forgotten when done.</summary>
    public const string Notifications = "notifications";

    /// <summary>Jobs at a time, by queue. Each holds a connection of the application's pool.</summary>
    public static IReadOnlyDictionary<string, int> Lanes { get; } = new SortedDictionary<string, int>(StringComparer.Ordinal)
    {
        ["cdr-processing"] = 2,
        ["billing"] = 4,
        ["invoice-generation"] = 2,
        ["payment-retry"] = 4,
        [Notifications] = 4,
        ["reports"] = 1,
        ["cleanup"] = 1,
        ["backup"] = 1,
        ["monitoring"] = 2,
    };
}
