using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>A refusal, and after what time to come again.</summary>
public sealed record Refusal(Problem Problem, TimeSpan After)
{
    /// <summary>The answer, with Retry-After.</summary>
    public IResult ToResult(HttpContext context)
    {
        context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(After.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Problem.ToResult();
    }
}

/// <summary>
/// Counts what protects passwords from guessing, in the database and so for all nodes together. It counts by the address that was given, whether
/// or not anybody has it, so that what it answers tells nobody which addresses exist.
/// </summary>
public sealed class LoginGuard(Database database, TimeProvider time)
{
    /// <summary>Failures that lock an account.</summary>
    public const int FailuresAllowed = 5;

    /// <summary>How long it stays locked.</summary>
    public static readonly TimeSpan LockedFor = TimeSpan.FromMinutes(30);

    /// <summary>Attempts from one network address on one account within <see cref="AttemptWindow"/>.</summary>
    public const int AttemptsAllowed = 10;

    /// <summary>Registrations from one network address within <see cref="AttemptWindow"/>; many people may share an address.</summary>
    public const int RegistrationsAllowed = 50;

    /// <summary>The time that attempts are counted over.</summary>
    public static readonly TimeSpan AttemptWindow = TimeSpan.FromHours(1);

    const string Attempt = """
        insert into identity.login_attempts as a (attempt_key, attempted_at) values ($1, array[$2::timestamptz])
        on conflict (attempt_key) do update set attempted_at = array(select t from unnest(a.attempted_at) t where t > $3 order by t) || $2::timestamptz
         where (select count(*) from unnest(a.attempted_at) t where t > $3) < $4
        returning 1
        """;

    // A guess counts as failed before it is checked and is forgiven when it was right, so that guesses made at the same time cannot be more than those made in turn.
    const string Guess = """
        insert into identity.login_locks as l (account_key, failures, updated_at) values ($1, 1, $2)
        on conflict (account_key) do update set
            failures = case when l.locked_until is null then l.failures + 1 else 1 end,
            locked_until = case when l.locked_until is null and l.failures + 1 >= $4 then $3::timestamptz end,
            updated_at = $2
         where l.locked_until is null or l.locked_until <= $2
        returning 1
        """;

    /// <summary>Counts an attempt of one kind from a network address; gives why it may not go on, or null.</summary>
    public async Task<Refusal?> AttemptAsync(string kind, string account, string address, CancellationToken cancellationToken, int allowed = AttemptsAllowed)
    {
        var (key, now) = (Key($"{kind}\n{account}\n{address}"), time.GetUtcNow());
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        if ((await Database.QueryAsync(connection, Attempt, [key, now, now - AttemptWindow, allowed], r => 1, cancellationToken)).Count > 0)
            return null;
        var oldest = await Database.QueryAsync(
            connection, "select min(t) from identity.login_attempts, unnest(attempted_at) t where attempt_key = $1 and t > $2", [key, now - AttemptWindow],
            r => r.IsDBNull(0) ? now : r.GetFieldValue<DateTimeOffset>(0), cancellationToken);
        return new(new(429, "too_many_attempts", $"At most {allowed} attempts an hour are taken from one address{(account.Length == 0 ? "" : " for one account")}."), oldest[0] + AttemptWindow - now);
    }

    /// <summary>Counts a guess at an account's password or code; gives why it may not be made, or null.</summary>
    public async Task<Refusal?> GuessAsync(string account, CancellationToken cancellationToken)
    {
        var (key, now) = (Key(account), time.GetUtcNow());
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        if ((await Database.QueryAsync(connection, Guess, [key, now, now + LockedFor, FailuresAllowed], r => 1, cancellationToken)).Count > 0)
            return null;
        var until = await Database.QueryAsync(
            connection, "select locked_until from identity.login_locks where account_key = $1 and locked_until is not null", [key],
            r => r.GetFieldValue<DateTimeOffset>(0), cancellationToken);
        return new(new(423, "locked_out", "After too many failures nobody may log in to this account for half an hour."), until.FirstOrDefault(now) - now);
    }

    /// <summary>Forgives the guesses, after the right one.</summary>
    public async Task ForgiveAsync(string account, CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        await Database.ExecuteAsync(connection, "delete from identity.login_locks where account_key = $1", [Key(account)], cancellationToken);
    }

    /// <summary>Takes back one guess that was neither wrong nor enough: the password was right and the code is still to come.</summary>
    public async Task TakeBackAsync(string account, CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        await Database.ExecuteAsync(
            connection, "update identity.login_locks set failures = greatest(failures - 1, 0), locked_until = null where account_key = $1", [Key(account)], cancellationToken);
    }

    static byte[] Key(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
