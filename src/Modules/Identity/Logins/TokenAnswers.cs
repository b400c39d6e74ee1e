using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>What a login or a refresh is answered.</summary>
/// <param name="AccessToken">A JWT; send it as Authorization: Bearer.</param>
/// <param name="TokenType">Bearer.</param>
/// <param name="ExpiresIn">Seconds that the access token lives.</param>
/// <param name="RefreshToken">Good once, for the next pair; it is shown this once.</param>
/// <param name="RefreshExpiresAt">When the session ends unless it is refreshed.</param>
/// <param name="SessionId">The session.</param>
/// <param name="MustChangePassword">Whether nothing else is allowed before the password is changed.</param>
public sealed record TokenPair(
    string AccessToken, string TokenType, int ExpiresIn, string RefreshToken, DateTimeOffset RefreshExpiresAt, Guid SessionId, bool MustChangePassword);

/// <summary>Makes the access token that goes with a refresh token.</summary>
public sealed class TokenAnswers(Database database, AccessTokens tokens)
{
    /// <summary>The answer.</summary>
    public async Task<IResult> AnswerAsync(Refresh refresh, CancellationToken cancellationToken)
    {
        var users = await database.InTenantAsync(
            refresh.TenantId,
            (connection, ct) => Database.QueryAsync(
                connection, "select role, customer_id, must_change_password from identity.users where user_id = $1 and tenant_id = $2", [refresh.UserId, refresh.TenantId],
                r => (Role: r.GetString(0), CustomerId: r.IsDBNull(1) ? (long?)null : r.GetInt64(1), MustChange: r.GetBoolean(2)), ct),
            cancellationToken);
        var user = users[0];
        var token = await tokens.IssueAsync(refresh.TenantId, refresh.UserId, refresh.SessionId, user.Role, user.CustomerId, cancellationToken);
        return Results.Ok(new TokenPair(token, "Bearer", (int)AccessTokens.LivesFor.TotalSeconds, refresh.Token, refresh.ExpiresAt, refresh.SessionId, user.MustChange));
    }
}
