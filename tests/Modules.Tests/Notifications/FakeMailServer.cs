using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Balatrix.Modules.Tests.Notifications;

/// <summary>A mail server that takes one connection, writes down what it hears, and answers as a test wants.</summary>
public sealed class FakeMailServer : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stop = new();
    readonly ConcurrentQueue<(string Line, bool IsEncrypted)> lines = new();
    Task serving = Task.CompletedTask;

    public FakeMailServer()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, true));
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        Certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    public X509Certificate2 Certificate { get; }

    public int Port { get; private set; }

    /// <summary>Lines of the client, less the message.</summary>
    public IReadOnlyList<string> Heard => [.. lines.Select(l => l.Line)];

    /// <summary>The message as it came over the wire, without its end.</summary>
    public string Message { get; private set; } = "";

    /// <summary>Whether what was heard came encrypted, line by line.</summary>
    public IReadOnlyList<bool> Encrypted => [.. lines.Select(l => l.IsEncrypted)];

    /// <summary>Answers instead of the usual, by the beginning of the client's line.</summary>
    public Dictionary<string, string> Answers { get; } = new(StringComparer.Ordinal);

    public bool OffersTls { get; set; } = true;

    public FakeMailServer Start(bool implicitTls = false)
    {
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        serving = ServeAsync(implicitTls);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        try
        {
            await serving;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or System.Security.Authentication.AuthenticationException)
        {
            // The client hung up first, or none came.
        }
        Certificate.Dispose();
        stop.Dispose();
    }

    async Task ServeAsync(bool implicitTls)
    {
        using var client = await listener.AcceptTcpClientAsync(stop.Token);
        Stream stream = client.GetStream();
        if (implicitTls)
            stream = await EncryptAsync(stream);
        var reader = new StreamReader(stream, Encoding.UTF8);
        await SayAsync("220 fake");
        while (await reader.ReadLineAsync(stop.Token) is { } line)
        {
            lines.Enqueue((line, stream is SslStream));
            var answer = Answers.FirstOrDefault(a => line.StartsWith(a.Key, StringComparison.Ordinal)).Value;
            await SayAsync(answer ?? Usual(line));
            if (answer is not null)
                continue;
            if (line == "STARTTLS")
            {
                stream = await EncryptAsync(stream);
                reader = new StreamReader(stream, Encoding.UTF8);
            }
            else if (line == "DATA")
            {
                var text = new StringBuilder();
                while (await reader.ReadLineAsync(stop.Token) is { } part && part != ".")
                    text.Append(part).Append("\r\n");
                Message = text.ToString();
                await SayAsync(Answers.GetValueOrDefault("<message>") ?? "250 taken");
            }
        }

        async Task SayAsync(string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text + "\r\n"), stop.Token);
    }

    async Task<SslStream> EncryptAsync(Stream stream)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificate }, stop.Token);
        return tls;
    }

    string Usual(string line) => line.Split(' ')[0] switch
    {
        "EHLO" => OffersTls ? "250-fake\r\n250-8BITMIME\r\n250 STARTTLS" : "250-fake\r\n250 8BITMIME",
        "STARTTLS" => "220 go ahead",
        "AUTH" => "235 welcome",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "250 ok",
    };
}
