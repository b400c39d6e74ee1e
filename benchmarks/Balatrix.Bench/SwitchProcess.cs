using System.Diagnostics;
using System.Globalization;
using Balatrix.Modules.Voice.EventSocket;

namespace Balatrix.Bench;

/// <summary>The process of <see cref="CallLoad"/>, told what to do.</summary>
sealed class SwitchProcess : IAsyncDisposable
{
    /// <summary>The argument that makes the benchmark's program such a process.</summary>
    public const string Argument = "--switch";

    readonly Process process;

    SwitchProcess(Process process, FreeSwitchNode node)
    {
        this.process = process;
        Node = node;
    }

    public FreeSwitchNode Node { get; }

    public static async Task<SwitchProcess> StartAsync(string name)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Balatrix.Bench.dll"), Argument]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        var port = int.Parse(await process.StandardOutput.ReadLineAsync() ?? "", CultureInfo.InvariantCulture);
        return new(process, new() { Name = name, Host = "127.0.0.1", Port = port, Password = "test-esl-pw", Tenant = "default" });
    }

    public async Task<double[]> TellAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
        var answer = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"The switch ended at \"{line}\".");
        return Array.ConvertAll(answer.Split(' ', StringSplitOptions.RemoveEmptyEntries), n => double.Parse(n, CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
