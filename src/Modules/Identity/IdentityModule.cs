using Balatrix.Modules.Identity.Logins;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Balatrix.Modules.Identity;

/// <summary>Marks what a user may do before changing a password that must be changed.</summary>
public sealed record BeforePasswordChange;

/// <summary>Who calls, and what they may do.</summary>
public static class IdentityModule
{
    /// <summary>Its services.</summary>
    public static void AddIdentity(this IServiceCollection services)
    {
        RequestLimits.Add(services);
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<MasterKey>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<SessionCallers>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<TokenAnswers>();
        services.AddSingleton<LoginGuard>();
        services.AddSingleton<LogIn>();
        services.AddSingleton<Register>();
        services.AddSingleton<ForgottenPassword>();
        services.AddSingleton<MailTokens>();
        services.AddJob<CleanUpSessions>("cleanup", "cleanup-expired-sessions");
        services.TryAddSingleton<Passwords>();
        services.AddSingleton<UserDirectory>();
        services.AddSingleton<UserWork>();
        services.AddSingleton<UserSeeds>();
        services.AddScoped<UserConnection>();
        services.AddDbContext<IdentityDb>((provider, options) => options.UseNpgsql(
            provider.GetRequiredService<UserConnection>().Current ?? throw new InvalidOperationException("Users are worked on through UserWork.")));
        services.AddIdentityCore<User>();
        services.AddScoped<IUserStore<User>, SealedUserStore>();
        // Addresses and passwords are checked where they come in, with their fields named.
        services.RemoveAll<IUserValidator<User>>();
        services.RemoveAll<IPasswordValidator<User>>();
    }

    /// <summary>Its routes.</summary>
    public static void MapIdentity(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/.well-known/jwks.json", PublishedKeys.Handle).AllowPublic().WithTags("auth").WithSummary("The public keys that access tokens are signed with")
            .Produces<PublishedKeys.KeySet>();
        var auth = routes.MapGroup("/api/v1/auth").WithTags("auth");
        auth.MapPost("register", Register.Handle).AllowPublic().WithSummary("Register a customer's user; a mail to confirm the address follows").Produces<Register.Answer>(202);
        auth.MapPost("verify-email", ConfirmEmail.Handle).AllowPublic().WithSummary("Confirm an address with the mailed token").Produces<ConfirmEmail.Answer>();
        auth.MapGet("verify-email/{token}", ConfirmEmail.HandleLink).AllowPublic().WithSummary("Confirm an address by the mailed link").Produces<ConfirmEmail.Answer>();
        auth.MapPost("forgot-password", ForgottenPassword.Forgot).AllowPublic().WithSummary("Mail a token for a new password, if the address is known")
            .Produces<ForgottenPassword.Answer>(202);
        auth.MapPost("reset-password", ForgottenPassword.Reset).AllowPublic().WithSummary("Set a new password with the mailed token; all sessions end").Produces(204);
        auth.MapPost("login", LogIn.Handle).AllowPublic().WithSummary("Log in; slow on purpose").Produces<TokenPair>();
        auth.MapPost("refresh", SessionEndpoints.Refresh).AllowPublic().WithSummary("Exchange a refresh token for the next pair; a second use ends the session").Produces<TokenPair>();
        auth.MapPost("logout", SessionEndpoints.LogOut).RequireRoles(Roles.Everyone, null).WithMetadata(new BeforePasswordChange()).WithSummary("End this session").Produces(204);
        auth.MapPost("change-password", ChangePassword.Handle).RequireRoles(Roles.Everyone, null).WithMetadata(new BeforePasswordChange())
            .WithSummary("Change the password; other sessions end").Produces(204);
        auth.MapGet("me", Me.Handle).RequireRoles(Roles.Everyone, null).WithMetadata(new BeforePasswordChange()).WithSummary("Who has logged in").Produces<Me.View>();
        auth.MapPost("mfa/setup", MfaEndpoints.SetUp).RequireRoles(Roles.Everyone, null).WithSummary("A secret for an authenticator app, with its QR code").Produces<MfaEndpoints.SetupAnswer>();
        auth.MapPost("mfa/verify", MfaEndpoints.Verify).RequireRoles(Roles.Everyone, null).WithSummary("Confirm the authenticator; recovery codes are shown once")
            .Produces<MfaEndpoints.VerifyAnswer>();
        auth.MapPost("mfa/disable", MfaEndpoints.Disable).RequireRoles(Roles.Everyone, null).WithSummary("Do without the second factor").Produces(204);
        auth.MapGet("sessions", SessionEndpoints.List).RequireRoles(Roles.Everyone, null).WithSummary("The user's open sessions").Produces<SessionEndpoints.SessionList>();
        auth.MapDelete("sessions/{id}", SessionEndpoints.End).RequireRoles(Roles.Everyone, null).WithSummary("End a session").Produces(204);
        var keys = routes.MapGroup("/api/v1/auth/api-keys").WithTags("auth");
        keys.MapPost("", ApiKeyEndpoints.Create).RequireRoles(Roles.Admin, Scope.All).WithSummary("Make a scoped API key; it is shown once")
            .Produces<ApiKeyEndpoints.Created>(201);
        keys.MapGet("", ApiKeyEndpoints.List).RequireRoles(Roles.Admin, Scope.All).WithSummary("List API keys").Produces<ApiKeyEndpoints.KeyList>();
        keys.MapDelete("{id:int}", ApiKeyEndpoints.Revoke).RequireRoles(Roles.Admin, Scope.All).WithSummary("Revoke an API key; it ends within seconds on every node").Produces(204);
    }
}
