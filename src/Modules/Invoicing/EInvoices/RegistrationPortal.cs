using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Balatrix.Core.Invoices.EInvoice;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Invoicing.EInvoices;

/// <summary>
/// Calls the portal, or the provider that stands between (a GST suvidha provider), at the address that a tenant's settings name:
/// POST invoice, GET invoice/irn, POST invoice/cancel, each with the tenant's GSTIN, user and password. Nothing is decided here.
/// One that lets a request wait in vain is left alone for a while, so that its documents do not hold up the queue's other jobs.
/// </summary>
public sealed class RegistrationPortal(MasterKey master, TimeProvider time, TimeSpan? patience = null) : IDisposable
{
    static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    const int AnswerLengthMax = 2_000_000;
    const int ReasonLengthMax = 100;

    // "Others", of the portal's four reasons; the words say what.
    const string OtherReason = "4";

    readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(10) })
    {
        Timeout = patience ?? TimeSpan.FromSeconds(30),
        MaxResponseContentBufferSize = AnswerLengthMax,
    };

    readonly ConcurrentDictionary<string, DateTimeOffset> restsUntil = new(StringComparer.Ordinal);

    /// <summary>Refuses at once while the portal of the settings is left alone.</summary>
    /// <exception cref="PortalUnavailableException">It is.</exception>
    internal void CheckAwake(EInvoiceSettings settings)
    {
        if (restsUntil.TryGetValue(settings.PortalUrl!, out var until) && time.GetUtcNow() < until)
            throw new PortalUnavailableException("The portal did not answer in time a moment ago.");
    }

    /// <summary>Registers a form.</summary>
    internal Task<PortalAnswer> RegisterAsync(EInvoiceSettings settings, string gstin, string form, string requestId, CancellationToken cancellationToken) =>
        AskAsync(settings, gstin, HttpMethod.Post, "invoice", form, requestId, cancellationToken);

    /// <summary>What is registered under a reference.</summary>
    internal Task<PortalAnswer> FindAsync(EInvoiceSettings settings, string gstin, string irn, string requestId, CancellationToken cancellationToken) =>
        AskAsync(settings, gstin, HttpMethod.Get, "invoice/irn?irn=" + irn, null, requestId, cancellationToken);

    /// <summary>Cancels a registration.</summary>
    internal Task<PortalAnswer> CancelAsync(EInvoiceSettings settings, string gstin, string irn, string reason, string requestId, CancellationToken cancellationToken) =>
        AskAsync(
            settings, gstin, HttpMethod.Post, "invoice/cancel", JsonSerializer.Serialize(new { Irn = irn, CnlRsn = OtherReason, CnlRem = reason[..Math.Min(reason.Length, ReasonLengthMax)] }), requestId,
            cancellationToken);

    /// <summary>Whether one of the portal's keys in the settings signed a text; says why when none did.</summary>
    internal static string? SignatureFault(EInvoiceSettings settings, string jws)
    {
        if (SignedQr.KeyIdOf(jws) is not { } id)
            return "The portal's QR is not signed with RS256.";
        if (settings.PublicKeys?.GetValueOrDefault(id) is not { } pem)
            return $"The portal signed with its key {id}, which settings.eInvoice.publicKeys does not have.";
        using var key = KeyOf(pem);
        return SignedQr.IsSignedBy(jws, key) ? null : $"The portal's QR is not signed by its key {id}.";
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => client.Dispose();

    static RSA KeyOf(string pem)
    {
        if (pem.Contains("BEGIN CERTIFICATE", StringComparison.Ordinal))
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return certificate.GetRSAPublicKey()!;
        }
        var key = RSA.Create();
        key.ImportFromPem(pem);
        return key;
    }

    async Task<PortalAnswer> AskAsync(
        EInvoiceSettings settings, string gstin, HttpMethod method, string path, string? body, string requestId, CancellationToken cancellationToken)
    {
        CheckAwake(settings);
        using var request = new HttpRequestMessage(method, new Uri(settings.PortalUrl!.TrimEnd('/') + "/" + path));
        request.Headers.Add("gstin", gstin);
        request.Headers.Add("requestid", requestId);
        request.Headers.TryAddWithoutValidation("user_name", settings.UserName ?? "");
        request.Headers.TryAddWithoutValidation("password", PasswordOf(settings));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            // Who is refused for who it is, or for asking too often, asks again later: settings may have been mended by then.
            return response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.UnprocessableEntity
                ? PortalAnswer.Read(text)
                : throw new PortalUnavailableException(string.Create(CultureInfo.InvariantCulture, $"The portal answered {(int)response.StatusCode}."));
        }
        catch (HttpRequestException e)
        {
            throw new PortalUnavailableException("The portal cannot be reached: " + e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            restsUntil[settings.PortalUrl] = time.GetUtcNow() + Rest;
            throw new PortalUnavailableException("The portal did not answer in time.", e);
        }
    }

    string PasswordOf(EInvoiceSettings settings)
    {
        if (settings.Password is null)
            return "";
        var plain = master.Open("e-invoice", Convert.FromBase64String(settings.Password)) ?? throw new PortalUnavailableException("The portal's password was sealed under another master key; set it again.");
        return Encoding.UTF8.GetString(plain);
    }
}
