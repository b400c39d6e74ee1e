using System.Net.Http.Headers;
using System.Text.Json;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>Sends one tenant's requests to a gateway. What the network does becomes a reply; nothing is thrown for it, and no secret is in it.</summary>
sealed class GatewayConnection(HttpClient client, GatewayCircuit circuit, Uri address, AuthenticationHeaderValue authorization, string secret)
{
    const int LongestMessage = 500;

    /// <summary>Asks; may be repeated.</summary>
    public Task<GatewayReply> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, true, null, cancellationToken);

    /// <summary>Sends, in an idempotent way up to three times, else once.</summary>
    public Task<GatewayReply> SendAsync(
        HttpMethod method, string path, Func<HttpContent>? content, bool isRepeatable, (string Name, string Value)? header, CancellationToken cancellationToken, (string Name, string Value)? version = null) =>
        circuit.SendAsync(isRepeatable, token => TryAsync(method, path, content, [header, version], token), cancellationToken);

    async Task<GatewayReply> TryAsync(HttpMethod method, string path, Func<HttpContent>? content, (string Name, string Value)?[] headers, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(circuit.Patience.Answer);
        using var request = new HttpRequestMessage(method, new Uri(address, path)) { Content = content?.Invoke() };
        request.Headers.Authorization = authorization;
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Balatrix", "1"));
        foreach (var (name, value) in headers.OfType<(string, string)>())
            request.Headers.Add(name, value);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, limit.Token);
            return Read((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(limit.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return GatewayReply.Unknown("timeout", "The gateway did not answer in time.");
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            return GatewayReply.NotSent(GatewayFailure.Unreachable, $"No connection to the gateway ({e.HttpRequestError}).");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return GatewayReply.Unknown("broken_connection", "The connection to the gateway broke before its answer was whole.");
        }
    }

    static GatewayReply Read(int status, byte[] bytes) => (status, Parsed(bytes)) switch
    {
        (429, _) => GatewayReply.NotSent(GatewayFailure.RateLimited, "The gateway takes no more requests for the moment.", status),
        ( >= 500 or 408 or 409, { } body) => new(ReplyKind.Unknown, status, body, $"http_{status}", $"The gateway answers {status}."),
        ( >= 500 or 408 or 409, null) => GatewayReply.Unknown($"http_{status}", $"The gateway answers {status}.", status),
        ( >= 200 and < 300, { } body) => new(ReplyKind.Done, status, body),
        (401 or 403, { } body) => new(ReplyKind.Refused, status, body, GatewayFailure.CredentialsRefused, "The gateway does not accept the key, or not for this."),
        ( >= 400, { } body) => new(ReplyKind.Refused, status, body),
        _ => GatewayReply.Unknown(status is >= 300 and < 400 ? $"http_{status}" : "unreadable", "What answered does not speak the gateway's language.", status),
    };

    static JsonElement? Parsed(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A gateway's sentence as it may be kept: not endless, and never with the key in it.</summary>
    public string Cleaned(string? message)
    {
        var text = message ?? "";
        if (secret.Length > 0)
            text = text.Replace(secret, "***", StringComparison.Ordinal);
        return text.Length > LongestMessage ? text[..LongestMessage] : text;
    }
}
