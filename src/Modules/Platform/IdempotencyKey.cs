using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Platform;

/// <summary>The key that a request which moves money is done once for.</summary>
public static class IdempotencyKey
{
    /// <summary>The request's key.</summary>
    /// <exception cref="ProblemException">There is none, or it is longer than 128 characters.</exception>
    public static string Of(HttpContext context) =>
        context.Request.Headers["Idempotency-Key"].ToString() is { Length: > 0 and <= 128 } key && !key.Contains('\0', StringComparison.Ordinal)
            ? key
            : throw new ProblemException(new(
                400, "idempotency_key_required", "Money is moved once for a key: send one.", "Idempotency-Key", "1 to 128 characters, a new one for each movement"));
}
