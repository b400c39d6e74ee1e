using System.Net;
using System.Text.Json;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways.Stripe;

/// <summary>Stripe's manners: forms, a version, an idempotency key with whatever is sent, lists in pages.</summary>
sealed class StripeApi(GatewayConnection connection)
{
    // What the fields that are read looked like when this was written; an account's own default may be another.
    static readonly (string, string) Version = ("Stripe-Version", "2024-06-20");

    const int MostPages = 200;

    public Task<GatewayReply> GetAsync(string path, CancellationToken cancellationToken) => connection.SendAsync(HttpMethod.Get, path, null, isRepeatable: true, null, cancellationToken, Version);

    /// <summary>Sends with a key, under which it is done once and may be sent again.</summary>
    public Task<GatewayReply> PostAsync(string path, StripeForm form, string key, CancellationToken cancellationToken) =>
        connection.SendAsync(HttpMethod.Post, path, form.Content, isRepeatable: true, ("Idempotency-Key", key), cancellationToken, Version);

    /// <summary>All of a list, until one that ends it.</summary>
    public async Task<(GatewayReply? Fault, List<JsonElement> Items)> ListAsync(string path, Func<JsonElement, bool>? isLast, CancellationToken cancellationToken)
    {
        var (items, after) = (new List<JsonElement>(), "");
        for (var page = 0; page < MostPages; page++)
        {
            var reply = await GetAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}limit=100{after}", cancellationToken);
            if (reply.Kind != ReplyKind.Done)
                return (reply, items);
            foreach (var item in reply.Body.Items("data"))
            {
                items.Add(item);
                if (isLast?.Invoke(item) == true)
                    return (null, items);
            }
            if (!reply.Body.Is("has_more"))
                return (null, items);
            if (items.Count == 0 || items[^1].Text("id") is not { } last)
                break;
            after = $"&starting_after={Uri.EscapeDataString(last)}";
        }
        return (GatewayReply.Unknown("list_too_long", "The gateway's list does not end."), items);
    }

    /// <summary>Why a request was refused.</summary>
    public GatewayFailure Failure(GatewayReply reply)
    {
        if (reply.Code == GatewayFailure.CredentialsRefused)
            return new(reply.Code, reply.Message, DeclineKind.Unknown, WasNotSent: true);
        var failure = StripeReading.Failure(reply.Body.Object("error") ?? default);
        var isMissing = reply.Status == (int)HttpStatusCode.NotFound || failure.Code == "resource_missing";
        return failure with { Code = isMissing ? GatewayFailure.NotFound : failure.Code, Message = connection.Cleaned(failure.Message) };
    }

    /// <summary>A reply as a thing with an outcome of its own.</summary>
    public GatewayAnswer<T> Answer<T>(GatewayReply reply, Func<JsonElement, T?> read, Func<T, (GatewayOutcome, GatewayFailure?)>? outcome = null)
        where T : class
    {
        if (reply.Kind != ReplyKind.Done)
            return reply.Without<T>(Failure);
        if (read(reply.Body) is not { } value)
            return (reply with { Kind = ReplyKind.Unknown }).Without<T>(Failure);
        var (came, failure) = outcome?.Invoke(value) ?? (GatewayOutcome.Succeeded, null);
        return new(came, value, failure);
    }
}
