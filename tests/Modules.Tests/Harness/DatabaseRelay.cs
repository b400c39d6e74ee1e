using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Balatrix.Modules.Tests.Harness;

/// <summary>The way to the database over TCP, which tests cut and mend: whoever goes through it loses its connections and gets no new ones meanwhile.</summary>
public sealed class DatabaseRelay : IAsyncDisposable
{
    readonly NpgsqlConnectionStringBuilder target;
    readonly ConcurrentDictionary<TcpClient, byte> open = [];
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly Task accepting;
    volatile bool isCut;

    public DatabaseRelay(string connectionString)
    {
        target = new(connectionString);
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>For those who go through it.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(target.ConnectionString) { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port }.ConnectionString;

    public void Cut()
    {
        isCut = true;
        foreach (var client in open.Keys)
            client.Close();
    }

    public void Mend() => isCut = false;

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        Cut();
        await accepting;
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync();
                if (isCut)
                    client.Close();
                else
                    _ = RelayAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    async Task RelayAsync(TcpClient client)
    {
        using var server = new TcpClient();
        open[client] = open[server] = 0;
        try
        {
            await server.ConnectAsync(target.Host!, target.Port);
            if (isCut)
                return;
            var (near, far) = (client.GetStream(), server.GetStream());
            await Task.WhenAny(near.CopyToAsync(far), far.CopyToAsync(near));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut, or one side went away.
        }
        finally
        {
            open.TryRemove(client, out _);
            open.TryRemove(server, out _);
            client.Dispose();
        }
    }
}
