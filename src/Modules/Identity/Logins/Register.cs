using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>A customer's user registers. The answer is the same for an address that has an account: only its reader is told.</summary>
public sealed class Register(Database database, LoginGuard guard, UserDirectory directory, UserWork work, Passwords passwords, MailTokens mails, TimeProvider time)
{
    const string DefaultTenant = "default";
    const int LongestName = 200;

    /// <summary>Who registers.</summary>
    /// <param name="Email">The address; a mail to it has to be answered.</param>
    /// <param name="Password">The password to be.</param>
    /// <param name="Name">How they are called.</param>
    /// <param name="Company">The company that they register for, or none.</param>
    /// <param name="Tenant">The tenant's short name; none is the default tenant.</param>
    public sealed record Request(string? Email, string? Password, string? Name, string? Company, string? Tenant);

    /// <summary>What is next.</summary>
    public sealed record Answer(string Status);

    internal static Task<IResult> Handle(Request request, HttpContext context, Register register, CancellationToken cancellationToken) => register.RunAsync(request, context, cancellationToken);

    async Task<IResult> RunAsync(Request request, HttpContext context, CancellationToken cancellationToken)
    {
        if (Check(request) is { } problem)
            return problem.ToResult();
        var email = request.Email!;
        if (await guard.AttemptAsync("register", UserDirectory.Normalize(email), Device.Of(context).Address, cancellationToken) is { } tooMany)
            return tooMany.ToResult(context);
        // Also for addresses that are all different: a machine that registers many is stopped, whoever it says it is.
        if (await guard.AttemptAsync("register-from", "", Device.Of(context).Address, cancellationToken, LoginGuard.RegistrationsAllowed) is { } tooManyFrom)
            return tooManyFrom.ToResult(context);
        if (await TenantAsync(request.Tenant ?? DefaultTenant, cancellationToken) is not { } tenantId)
            return Problem.Invalid("tenant", "the short name of a tenant").ToResult();
        var hash = await passwords.HashAsync(request.Password!, cancellationToken);
        await work.InTenantAsync(
            tenantId,
            async (session, ct) =>
            {
                // Two registrations of one address follow each other, on all nodes.
                await Database.ExecuteAsync(session.Connection, "select pg_advisory_xact_lock(hashtext($1))", ["balatrix.user." + UserDirectory.Normalize(email)], ct);
                var known = await directory.FindAsync(email, ct);
                if (known is null or { EmailConfirmed: false } && (known is null || known.TenantId == tenantId))
                    await SaveAsync(session, known, request, hash, Actor.Of(context), ct);
                else
                    await MailTokens.MailKnownAsync(session.Connection, tenantId, email, ct);
                return true;
            },
            cancellationToken);
        return Results.Accepted(value: new Answer("verification_sent"));
    }

    static Problem? Check(Request request)
    {
        if (!UserDirectory.IsEmail(request.Email))
            return Problem.Invalid("email", "an e-mail address");
        if (request.Name is not { Length: <= LongestName } || string.IsNullOrWhiteSpace(request.Name))
            return Problem.Invalid("name", $"1 to {LongestName} characters");
        if (request.Company is { Length: 0 or > LongestName })
            return Problem.Invalid("company", $"1 to {LongestName} characters, or none");
        return Passwords.Check(request.Password, "password", request.Email!);
    }

    async Task<int?> TenantAsync(string slug, CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        return (await Database.QueryAsync(connection, "select identity.find_tenant($1)", [slug], r => r.IsDBNull(0) ? (int?)null : r.GetInt32(0), cancellationToken))[0];
    }

    /// <summary>An address that was never confirmed belongs to nobody yet: who registers it again begins anew.</summary>
    async Task SaveAsync(UserSession session, KnownUser? known, Request request, string hash, Actor actor, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var user = known is null ? null : await session.LockAsync(known.UserId, cancellationToken);
        var isNew = user is null;
        user ??= new User { Id = Guid.CreateVersion7(now), TenantId = session.TenantId, Email = request.Email, Role = UserRole.Customer, CreatedAt = now };
        user.Name = request.Name!;
        user.Company = request.Company;
        user.PasswordHash = hash;
        UserSession.Expect(isNew ? await session.Users.CreateAsync(user) : await session.Users.UpdateSecurityStampAsync(user));
        await mails.MailVerificationAsync(session.Connection, user, now, cancellationToken);
        await AuditLog.WriteAsync(
            session.Connection, session.TenantId, actor, "user.registered", "user", user.Id.ToString(), null, new { user.Email, user.Name, user.Company }, now, cancellationToken);
    }
}
