using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Platform;

/// <summary>The one place where exceptions become answers; what clients sent wrong is told, everything else is a 500 without details.</summary>
public static partial class ProblemHandling
{
    /// <summary>A module's own exception and the problem it stands for, with the seconds after which to come again.</summary>
    public sealed record KnownFailure(Type Type, Problem Problem, int? RetryAfterSeconds);

    static readonly KnownFailure DatabaseAway =
        new(typeof(NpgsqlException), new(503, "database_unavailable", "The database is not there; repeat the request, it will be done once."), 2);

    /// <summary>Answers all failures as problems, also those of routing.</summary>
    public static void UseProblems(this WebApplication app, IReadOnlyList<KnownFailure> known)
    {
        app.UseExceptionHandler(handler => handler.Run(context => AnswerAsync(context, known)));
        app.UseStatusCodePages(status => WriteAsync(status.HttpContext, ForStatus(status.HttpContext.Response.StatusCode)));
    }

    static async Task AnswerAsync(HttpContext context, IReadOnlyList<KnownFailure> known)
    {
        var exception = context.Features.Get<IExceptionHandlerFeature>()!.Error;
        var failure = exception switch
        {
            ProblemException refused => new KnownFailure(typeof(ProblemException), refused.Problem, refused.RetryAfterSeconds),
            NpgsqlException when Database.IsPassing(exception) => DatabaseAway,
            _ => known.FirstOrDefault(k => k.Type == exception.GetType()),
        };
        if (failure is not null)
        {
            if (failure.RetryAfterSeconds is { } seconds)
                context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await WriteAsync(context, failure.Problem);
            return;
        }
        var problem = exception switch
        {
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ForStatus(413),
            BadHttpRequestException { InnerException: JsonException json } => new(400, "malformed_json", "The body is not the JSON that was expected.", json.Path, "see /openapi/v1.json"),
            BadHttpRequestException bad => new Problem(bad.StatusCode, "bad_request", "The request could not be read: its body or a parameter is missing or of the wrong type."),
            JsonException json => new(400, "malformed_json", "The body is not well-formed JSON.", json.Path),
            PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter } =>
                new(422, "invalid_text", "A text holds a character that cannot be stored (NUL).", Expected: "text without NUL"),
            OperationCanceledException when context.RequestAborted.IsCancellationRequested => new(499, "client_closed_request", "The client went away."),
            _ => new Problem(500, "internal_error", "Something went wrong on our side; nothing was changed unless an earlier answer said so."),
        };
        if (problem.Status == 500)
            LogFailure(context.RequestServices.GetService(typeof(ILoggerFactory)) is ILoggerFactory f ? f.CreateLogger("Balatrix") : throw exception, exception, context.Request.Path);
        await WriteAsync(context, problem);
    }

    static Problem ForStatus(int status) => status switch
    {
        400 => new(400, "bad_request", "The request could not be read."),
        401 => new(401, "unauthenticated", "An API key is needed: Authorization: Bearer bx_…"),
        404 => new(404, "not_found", "There is nothing at this address."),
        405 => new(405, "method_not_allowed", "This address does not take that method."),
        413 => new(413, "body_too_large", "The body is larger than is allowed here."),
        415 => new(415, "unsupported_media_type", "This content type is not taken here.", "Content-Type"),
        _ => new(status, "error", "The request failed."),
    };

    static Task WriteAsync(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status;
        return problem.ToResult().ExecuteAsync(context);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Failed at {Path}")]
    static partial void LogFailure(ILogger logger, Exception exception, string path);
}
