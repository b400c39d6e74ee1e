using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Balatrix.Modules.Platform;

/// <summary>A refusal found where no answer can be given; it becomes the answer.</summary>
public sealed class ProblemException(Problem problem) : Exception(problem.Title)
{
    /// <summary>The answer.</summary>
    public Problem Problem { get; } = problem;

    /// <summary>After how many seconds to come again, or null.</summary>
    public int? RetryAfterSeconds { get; init; }
}

/// <summary>A refusal as RFC 9457 shows it.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable, in snake_case; what clients decide by.</param>
/// <param name="Title">What is wrong, for people.</param>
/// <param name="Field">JSON path or parameter at fault, or null.</param>
/// <param name="Expected">What was expected there, or null.</param>
public sealed record Problem(int Status, string Code, string Title, string? Field = null, string? Expected = null)
{
    /// <summary>A field that is missing or wrong.</summary>
    public static Problem Invalid(string field, string expected) => new(422, "invalid_value", $"{field} is not valid.", field, expected);

    /// <summary>Nothing of that name here, or not for this caller.</summary>
    public static Problem NotFound(string what) => new(404, "not_found", $"There is no such {what}.");

    /// <summary>The answer.</summary>
    public IResult ToResult() => Results.Problem(Details());

    /// <summary>The answer's body.</summary>
    public ProblemDetails Details()
    {
        var details = new ProblemDetails { Status = Status, Title = Title, Type = $"https://balatrix.dev/problems/{Code}" };
        details.Extensions["code"] = Code;
        if (Field is not null)
            details.Extensions["field"] = Field;
        if (Expected is not null)
            details.Extensions["expected"] = Expected;
        return details;
    }
}
