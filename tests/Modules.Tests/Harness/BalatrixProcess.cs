using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

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

    /// <summary>A port below the range that outgoing connections take theirs from, so that it stays free while the server is down.</summary>
    public static int FreePort()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(10_000, 15_000));
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // Another has it.
            }
        }
    }

    /// <summary>Waits until the server on a port of this machine is ready.</summary>
    public static async Task ReadyAsync(int port)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Soon.Limit };
        await Soon.UntilAsync(IsReadyAsync, "Balatrix is up");

        async Task<bool> IsReadyAsync()
        {
            try
            {
                using var response = await http.GetAsync("/health/ready");
                return response.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }
}
