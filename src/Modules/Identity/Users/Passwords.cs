using System.Collections.Frozen;
using System.Security.Cryptography;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Balatrix.Modules.Identity.Users;

/// <summary>
/// Hashes and checks passwords by ASP.NET Core Identity's hasher with OWASP's work factor, PBKDF2-HMAC-SHA512 with 210,000 iterations. That takes a tenth of a second
/// of a core on purpose, so no more are done at once than leave cores to charging.
/// </summary>
public sealed class Passwords : IDisposable
{
    /// <summary>OWASP's work factor for PBKDF2-HMAC-SHA512.</summary>
    public const int Iterations = 210_000;

    /// <summary>The least length.</summary>
    public const int ShortestLength = 10;

    /// <summary>The greatest length; more only costs time.</summary>
    public const int LongestLength = 200;

    /// <summary>What a password must be, for refusals.</summary>
    public const string Expected = "10 to 200 characters, not among the commonest passwords, without your address";

    static readonly FrozenSet<string> Common = ReadCommon();
    static readonly User Nobody = new();

    readonly PasswordHasher<User> hasher;
    readonly SemaphoreSlim cores = new(Math.Max(1, Environment.ProcessorCount / 2));
    readonly string hashOfNothing;

    /// <summary>Makes the hash that unknown addresses are checked against. Only tests take fewer iterations.</summary>
    public Passwords(int iterations = Iterations)
    {
        hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = iterations }));
        hashOfNothing = hasher.HashPassword(Nobody, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
    }

    /// <summary>Why a new password is refused, or null.</summary>
    public static Problem? Check(string? password, string field, string email)
    {
        if (password is not { Length: >= ShortestLength and <= LongestLength })
            return Problem.Invalid(field, Expected);
        var lower = password.ToLowerInvariant();
        var name = email.Split('@')[0].ToLowerInvariant();
        return Common.Contains(lower) || lower.Distinct().Count() < 4 || (name.Length >= 4 && lower.Contains(name, StringComparison.Ordinal))
            ? Problem.Invalid(field, Expected)
            : null;
    }

    /// <summary>The hash to store.</summary>
    public Task<string> HashAsync(string password, CancellationToken cancellationToken) => WorkAsync(() => hasher.HashPassword(Nobody, password), cancellationToken);

    /// <summary>Whether a password is the one of a hash; without a hash it takes the same time and is not.</summary>
    public Task<bool> VerifyAsync(string? hash, string password, CancellationToken cancellationToken) => WorkAsync(
        () => password.Length <= LongestLength && hasher.VerifyHashedPassword(Nobody, hash ?? hashOfNothing, password) != PasswordVerificationResult.Failed && hash is not null,
        cancellationToken);

    /// <summary>Lets go.</summary>
    public void Dispose() => cores.Dispose();

    async Task<T> WorkAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await cores.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(work, cancellationToken);
        }
        finally
        {
            cores.Release();
        }
    }

    static FrozenSet<string> ReadCommon()
    {
        using var reader = new StreamReader(typeof(Passwords).Assembly.GetManifestResourceStream("common-passwords.txt")!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
    }
}
