using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity.Users;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>Makes a customer in the caller's transaction and gives its number; the module of customers provides it.</summary>
public delegate Task<long> OpenCustomer(NpgsqlConnection connection, int tenantId, string name, string kind, string email, DateTimeOffset now, CancellationToken cancellationToken);

/// <summary>The reader of an address confirms it; the user's customer is made with that.</summary>
public static class ConfirmEmail
{
    /// <summary>The token that was mailed.</summary>
    public sealed record Request(string? Token);

    /// <summary>The address that is confirmed now.</summary>
    public sealed record Answer(string Email, bool Verified);

    internal static Task<IResult> Handle(Request request, HttpContext context, UserWork work, OpenCustomer openCustomer, TimeProvider time, CancellationToken cancellationToken) =>
        HandleLink(request.Token, context, work, openCustomer, time, cancellationToken);

    internal static async Task<IResult> HandleLink(
        string? token, HttpContext context, UserWork work, OpenCustomer openCustomer, TimeProvider time, CancellationToken cancellationToken)
    {
        if (MailTokens.TenantOf(token) is not { } tenantId)
            return MailTokens.Bad.ToResult();
        var email = await work.InTenantAsync(
            tenantId,
            async (session, ct) =>
            {
                var now = time.GetUtcNow();
                if (await MailTokens.TakeAsync(session.Connection, token!, MailTokens.VerifyEmail, now, ct) is not { } userId || await session.LockAsync(userId, ct) is not { } user)
                    return null;
                if (user is { Role: UserRole.Customer, CustomerId: null })
                    user.CustomerId = await openCustomer(
                        session.Connection, tenantId, user.Company ?? user.Name, user.Company is null ? "individual" : "business", user.Email!, now, ct);
                user.EmailConfirmed = true;
                await session.SaveAsync(user);
                await AuditLog.WriteAsync(
                    session.Connection, tenantId, Actor.Of(context) with { Name = $"user:{user.Email}" }, "user.email_verified", "user", user.Id.ToString(), null,
                    new { user.Email, user.CustomerId }, now, ct);
                return user.Email;
            },
            cancellationToken);
        return email is null ? MailTokens.Bad.ToResult() : Results.Ok(new Answer(email, true));
    }
}
