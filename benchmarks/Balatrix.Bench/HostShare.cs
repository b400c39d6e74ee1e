using System.Globalization;

namespace Balatrix.Bench;

/// <summary>What part of a virtual machine's time its host takes away ("steal" of /proc/stat, proc(5)): a tail of milliseconds measures the neighbours when it is more than little.</summary>
sealed class HostShare
{
    readonly (long Taken, long All) since = Read();

    /// <summary>Percent of the machine's time since this was made; 0 where it is not told.</summary>
    public double Percent()
    {
        var now = Read();
        var (taken, all) = (now.Taken - since.Taken, now.All - since.All);
        return all == 0 ? 0 : 100.0 * taken / all;
    }

    static (long Taken, long All) Read()
    {
        if (!File.Exists("/proc/stat"))
            return (0, 0);
        // cpu user nice system idle iowait irq softirq steal
        var ticks = Array.ConvertAll(File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9], t => long.Parse(t, CultureInfo.InvariantCulture));
        return (ticks[7], ticks.Sum());
    }
}
