using System.Text.Json;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Notifications;

/// <summary>Mail to be sent.</summary>
public static class Mail
{
    /// <summary>What stands in a text for the part that is sealed.</summary>
    public const string SecretPlace = "{secret}";

    internal const string Queue = "notifications";
    internal const string Kind = "send-email";
    internal const string SealedFor = "mail";

    internal sealed record Letter(string To, string Subject, string Text, byte[]? Secret);

    /// <summary>Enqueues many mails in the caller's transaction, in one statement.</summary>
    /// <param name="connection">In a transaction of the tenant.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="mails">Checked addresses, subjects of one line, plain texts.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static Task EnqueueAsync(NpgsqlConnection connection, int tenantId, IReadOnlyList<(string To, string Subject, string Text)> mails, CancellationToken cancellationToken) => JobQueue.EnqueueManyAsync(
        connection, tenantId, Queue, Kind, [.. mails.Select(m => JsonSerializer.Serialize(new Letter(m.To, m.Subject, m.Text, null), JsonSerializerOptions.Web))], cancellationToken);

    /// <summary>Enqueues a mail in the caller's transaction.</summary>
    /// <param name="connection">In a transaction of the tenant.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="to">An address that was checked.</param>
    /// <param name="subject">One line.</param>
    /// <param name="text">Plain text, with <see cref="SecretPlace"/> where the secret goes.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <param name="secret">Sealed by MasterKey for <c>mail</c>, or null.</param>
    /// <param name="key">There is one mail of a key, however often it is enqueued; null does not ask.</param>
    public static Task<long?> EnqueueAsync(
        NpgsqlConnection connection, int tenantId, string to, string subject, string text, CancellationToken cancellationToken, byte[]? secret = null, string? key = null) =>
        JobQueue.EnqueueAsync(
            connection, tenantId, new JobRequest(Queue, Kind, JsonSerializer.Serialize(new Letter(to, subject, text, secret), JsonSerializerOptions.Web), Key: key), cancellationToken);
}
