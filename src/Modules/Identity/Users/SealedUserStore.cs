using System.Text;
using Balatrix.Modules.Identity.Tokens;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;

namespace Balatrix.Modules.Identity.Users;

/// <summary>ASP.NET Core Identity's store of users, with the secrets of second factors sealed before they are stored.</summary>
public sealed class SealedUserStore(IdentityDb db, MasterKey master) : UserOnlyStore<User, IdentityDb, Guid>(db)
{
    /// <summary>Whose tokens these are: Identity's own.</summary>
    public const string Provider = "[AspNetUserStore]";

    /// <summary>The name of the authenticator's secret.</summary>
    public const string AuthenticatorKey = "AuthenticatorKey";

    /// <summary>The name of the recovery codes.</summary>
    public const string RecoveryCodes = "RecoveryCodes";

    /// <summary>A secret, or null when there is none or it was sealed under another key.</summary>
    public override async Task<string?> GetTokenAsync(User user, string loginProvider, string name, CancellationToken cancellationToken) =>
        await base.GetTokenAsync(user, loginProvider, name, cancellationToken) is { } text && master.Open(Purpose(user, name), Convert.FromBase64String(text)) is { } plain
            ? Encoding.UTF8.GetString(plain)
            : null;

    /// <summary>Stores a secret.</summary>
    public override Task SetTokenAsync(User user, string loginProvider, string name, string? value, CancellationToken cancellationToken) => base.SetTokenAsync(
        user, loginProvider, name, value is null ? null : Convert.ToBase64String(master.Seal(Purpose(user, name), Encoding.UTF8.GetBytes(value))), cancellationToken);

    /// <summary>A secret of one user cannot be put in the place of another's.</summary>
    static string Purpose(User user, string name) => $"user-token/{user.Id}/{name}";
}
