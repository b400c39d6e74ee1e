using System.Diagnostics;

namespace Balatrix.Modules.Tests.Harness;

/// <summary>Starts the built program as customers run it, in a process of its own.</summary>
public static class BalatrixProcess
{
    /// <summary>Runs a verb on a data folder, and on a given server instead of the folder's own when there is one. What it prints is read and let go.</summary>
    public static Process Start(string data, string? connectionString, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "balatrix.dll"), .. arguments, "--data", data])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["ConnectionStrings__Balatrix"] = connectionString;
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }
}
