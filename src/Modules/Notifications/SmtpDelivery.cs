using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Balatrix.Modules.Notifications;

/// <summary>A mail server's refusal.</summary>
sealed class MailRefusedException(int code, string message) : Exception(message)
{
    /// <summary>Whether trying again cannot help.</summary>
    public bool IsPermanent => code is >= 500 and < 600;
}

/// <summary>Delivers one message to the mail server of the settings (RFC 5321 with STARTTLS, AUTH PLAIN and 8BITMIME).</summary>
sealed class SmtpDelivery : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly TcpClient client = new();
    Stream stream = Stream.Null;
    StreamReader reader = StreamReader.Null;

    /// <summary>Gives a message to the server; returns when it has taken it.</summary>
    public static async Task SendAsync(MailSettings settings, string to, string message, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        await using var delivery = new SmtpDelivery();
        try
        {
            await delivery.DeliverAsync(settings, to, message, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The mail server {settings.Host} did not answer within {Patience.TotalSeconds} seconds.", e);
        }
    }

    /// <summary>Hangs up.</summary>
    public async ValueTask DisposeAsync()
    {
        reader.Dispose();
        await stream.DisposeAsync();
        client.Dispose();
    }

    async Task DeliverAsync(MailSettings settings, string to, string message, CancellationToken cancellationToken)
    {
        await client.ConnectAsync(settings.Host!, settings.Port, cancellationToken);
        Use(client.GetStream());
        if (settings.Tls == MailTls.Implicit)
            await EncryptAsync(settings, cancellationToken);
        await ExpectAsync(220, cancellationToken);
        var offers = await AskAsync("EHLO balatrix", 250, cancellationToken);
        if (settings.Tls == MailTls.StartTls)
        {
            // A server that does not offer it, or somebody between who takes the offer away, gets neither password nor mail.
            if (!offers.Contains("STARTTLS"))
                throw new MailRefusedException(0, "The mail server does not offer STARTTLS.");
            await AskAsync("STARTTLS", 220, cancellationToken);
            await EncryptAsync(settings, cancellationToken);
            await AskAsync("EHLO balatrix", 250, cancellationToken);
        }
        if (settings.User is { } user)
            await AskAsync("AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{settings.Password}")), 235, cancellationToken);
        await AskAsync($"MAIL FROM:<{settings.From}>", 250, cancellationToken);
        await AskAsync($"RCPT TO:<{to}>", 250, cancellationToken);
        await AskAsync("DATA", 354, cancellationToken);
        await WriteAsync(Stuffed(message) + ".\r\n", cancellationToken);
        await ExpectAsync(250, cancellationToken);
        // It is the server's now: what happens to the farewell changes nothing.
        await WriteAsync("QUIT\r\n", cancellationToken);
    }

    /// <summary>A line that begins with a dot would end the message; it gets another.</summary>
    static string Stuffed(string message) => (message.StartsWith('.') ? "." : "") + message.Replace("\r\n.", "\r\n..", StringComparison.Ordinal);

    void Use(Stream next)
    {
        stream = next;
        reader = new StreamReader(next, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
    }

    async Task EncryptAsync(MailSettings settings, CancellationToken cancellationToken)
    {
        var tls = new SslStream(stream);
        var options = new SslClientAuthenticationOptions { TargetHost = settings.Host };
        if (settings.Trusted is { } trusted)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.Add(trusted);
        }
        // What the server said before is forgotten with the reader, so that nobody can slip in lines ahead of the encryption.
        await tls.AuthenticateAsClientAsync(options, cancellationToken);
        Use(tls);
    }

    async Task<HashSet<string>> AskAsync(string command, int expected, CancellationToken cancellationToken)
    {
        await WriteAsync(command + "\r\n", cancellationToken);
        return await ExpectAsync(expected, cancellationToken);
    }

    async Task WriteAsync(string text, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }

    /// <summary>The lines of an answer without their codes.</summary>
    async Task<HashSet<string>> ExpectAsync(int expected, CancellationToken cancellationToken)
    {
        var lines = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (true)
        {
            var line = await reader.ReadLineAsync(cancellationToken) ?? throw new IOException("The mail server hung up.");
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var code))
                throw new IOException("The mail server does not speak SMTP.");
            lines.Add(line.Length > 4 ? line[4..].Trim() : "");
            if (line.Length > 3 && line[3] == '-')
                continue;
            return code == expected ? lines : throw new MailRefusedException(code, $"The mail server answers {code} {string.Join(' ', lines)}");
        }
    }
}
