using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Balatrix.Bench;

/// <summary>Balatrix as customers run it: a process of its own, here on a database that is there already or on a data folder.</summary>
sealed class ServerProcess : IAsyncDisposable
{
    readonly string folder;
    readonly string? connectionString;
    readonly int port = FreePort();
    Process? process;

    /// <summary>Nothing runs before <see cref="StartAsync"/>.</summary>
    public ServerProcess(string folder, string? connectionString)
    {
        this.folder = folder;
        this.connectionString = connectionString;
    }

    /// <summary>More of its environment.</summary>
    public Dictionary<string, string> Settings { get; } = new(StringComparer.Ordinal);

    public string Url => $"http://127.0.0.1:{port}";

    /// <summary>Resident memory now, in MB.</summary>
    public double ResidentMegabytes
    {
        get
        {
            process!.Refresh();
            return process.WorkingSet64 / 1048576.0;
        }
    }

    /// <summary>Starts a verb and leaves it running.</summary>
    public Process Begin(params string[] verb) => Launch(verb);

    public async Task RunAsync(params string[] verb)
    {
        using var run = Launch(verb);
        await run.WaitForExitAsync();
        if (run.ExitCode != 0)
            throw new InvalidOperationException($"balatrix {string.Join(' ', verb)} ended with {run.ExitCode}.");
    }

    public async Task StartAsync()
    {
        process = Launch("serve", "--urls", Url);
        using var http = new HttpClient { BaseAddress = new Uri(Url) };
        for (var tries = 0; tries < 600; tries++)
        {
            try
            {
                using var response = await http.GetAsync("/health/ready");
                if (response.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not up yet.
            }
            await Task.Delay(100);
        }
        throw new InvalidOperationException("Balatrix did not come up.");
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    public async Task StopAsync()
    {
        if (process is null)
            return;
        using var term = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(folder, recursive: true);
    }

    Process Launch(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "balatrix.dll"), .. arguments, "--data", folder])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["ConnectionStrings__Balatrix"] = connectionString;
        foreach (var (name, value) in Settings)
            start.Environment[name] = value;
        var launched = Process.Start(start)!;
        launched.BeginErrorReadLine();
        launched.BeginOutputReadLine();
        return launched;
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
