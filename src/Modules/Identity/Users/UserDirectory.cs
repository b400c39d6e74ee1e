using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Identity.Users;

/// <summary>What a login needs to know of the user of an address.</summary>
public sealed record KnownUser(int TenantId, Guid UserId, string PasswordHash, bool EmailConfirmed, bool TwoFactorEnabled);

/// <summary>Finds users by their addresses, in all tenants.</summary>
public sealed class UserDirectory(Database database)
{
    const int LongestEmail = 254;

    /// <summary>The form in which addresses are compared.</summary>
    public static string Normalize(string email) => email.Trim().ToUpperInvariant();

    /// <summary>Whether a text can be an address.</summary>
    public static bool IsEmail(string? text) =>
        text is { Length: >= 3 and <= LongestEmail } && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || char.IsSurrogate(c))
            && text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at == text.LastIndexOf('@') && at < text.Length - 1 && System.Net.Mail.MailAddress.TryCreate(text, out var address) && address.Address == text;

    /// <summary>The user of an address, or null.</summary>
    public async Task<KnownUser?> FindAsync(string email, CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        var found = await Database.QueryAsync(
            connection, "select tenant_id, user_id, password_hash, email_confirmed, two_factor_enabled from identity.find_user($1)", [Normalize(email)],
            r => new KnownUser(r.GetInt32(0), r.GetGuid(1), r.GetString(2), r.GetBoolean(3), r.GetBoolean(4)), cancellationToken);
        return found.SingleOrDefault();
    }
}
