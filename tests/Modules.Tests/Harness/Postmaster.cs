using System.Diagnostics;
using System.Globalization;

namespace Balatrix.Modules.Tests.Harness;

/// <summary>The server process of the PostgreSQL that a Balatrix keeps in its data folder.</summary>
public static class Postmaster
{
    /// <summary>The number of the one that lives; null while none does. Its note alone does not tell: between two servers it names nobody.</summary>
    public static int? LiveId(string data)
    {
        var cluster = Path.Combine(data, "pg");
        try
        {
            var id = int.Parse(File.ReadLines(Path.Combine(cluster, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
            return File.ReadAllText($"/proc/{id}/cmdline").Split('\0').Contains(cluster) ? id : null;
        }
        catch (Exception e) when (e is IOException or FormatException or InvalidOperationException)
        {
            // There is no note, it is being written, or the process it names is gone.
            return null;
        }
    }

    /// <summary>Kills the one that lives, or the next one when none does.</summary>
    /// <returns>Its number.</returns>
    public static async Task<int> KillAsync(string data)
    {
        int? id = null;
        await Soon.UntilAsync(() => (id = LiveId(data)) is not null, "PostgreSQL runs");
        using var process = Process.GetProcessById(id!.Value);
        process.Kill();
        return id.Value;
    }
}
