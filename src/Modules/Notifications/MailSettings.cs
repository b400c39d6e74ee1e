using System.Security.Cryptography.X509Certificates;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Configuration;

namespace Balatrix.Modules.Notifications;

/// <summary>How the connection to a mail server is encrypted.</summary>
enum MailTls
{
    /// <summary>After STARTTLS, which must be offered.</summary>
    StartTls,

    /// <summary>From the first byte.</summary>
    Implicit,

    /// <summary>Not at all; no password is sent then.</summary>
    None,
}

/// <summary>The mail server, or none.</summary>
/// <param name="Host">Its name, or null for the spool folder.</param>
/// <param name="Port">Its port.</param>
/// <param name="Tls">How it is spoken to.</param>
/// <param name="User">The login there, or null.</param>
/// <param name="Password">Its password.</param>
/// <param name="From">The sender's address.</param>
/// <param name="Trusted">A certificate to be trusted besides the system's, or null.</param>
sealed record MailSettings(string? Host, int Port, MailTls Tls, string? User, string Password, string From, X509Certificate2? Trusted)
{
    /// <summary>Reads Balatrix:Mail.</summary>
    public static MailSettings Read(IConfiguration configuration)
    {
        var mail = configuration.GetSection("Balatrix:Mail");
        var tls = mail["Tls"] switch
        {
            null or "" or "starttls" => MailTls.StartTls,
            "implicit" => MailTls.Implicit,
            "none" => MailTls.None,
            _ => throw new SetupException("Balatrix:Mail:Tls must be starttls, implicit or none."),
        };
        var user = mail["User"] is { Length: > 0 } given ? given : null;
        if (user is not null && tls == MailTls.None)
            throw new SetupException("Balatrix:Mail:Tls is none: no password is sent without encryption, so leave out Balatrix:Mail:User or encrypt.");
        return new(
            mail["Host"] is { Length: > 0 } host ? host : null,
            mail.GetValue("Port", tls == MailTls.Implicit ? 465 : 587), tls, user, mail["Password"] ?? "", mail["From"] is { Length: > 0 } from ? from : "no-reply@balatrix.local",
            mail["TrustedCertificate"] is { Length: > 0 } file ? X509CertificateLoader.LoadCertificateFromFile(file) : null);
    }
}
