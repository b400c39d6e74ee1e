using System.Text.Json;
using Balatrix.Modules.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Balatrix.Modules.Operations;

/// <summary>The API's own description: OpenAPI 3.1 at /openapi/v1.json, and pages to read and try it at /api-docs.</summary>
public static partial class ApiDocumentation
{
    /// <summary>Where the document is.</summary>
    public const string DocumentPath = "/openapi/v1.json";

    const string KeyScheme = "apiKey";
    const string BearerScheme = "bearer";
    const string BasicScheme = "basic";

    /// <summary>What the pages may load; Swagger UI sets styles on its elements, and its icons are data URIs.</summary>
    const string PagePolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

    static readonly Dictionary<string, string> Problems = new(StringComparer.Ordinal)
    {
        ["400"] = "The request could not be read.",
        ["401"] = "No access token or API key, or one that is unknown, ended, revoked, expired or not allowed from this address.",
        ["403"] = "The API key has not the scope that is needed.",
        ["404"] = "Nothing of that name here, or not for this caller.",
        ["409"] = "It conflicts with what is there.",
        ["412"] = "It was changed meanwhile.",
        ["413"] = "The body is too large.",
        ["415"] = "The content type is not taken here.",
        ["422"] = "A value is not valid; code, field and expected say which and what.",
        ["429"] = "Too much at once; Retry-After says when to come again.",
        ["503"] = "Not possible at the moment; Retry-After says when to come again.",
    };

    static readonly (string Name, string What)[] Tags =
    [
        ("wallet", "Balances, top-ups, reservations."),
        ("cdrs", "Call detail records in, and as they were charged."),
        ("messaging", "Messages, charged by segment."),
        ("events", "Counted events, as CloudEvents."),
        ("accounts", "Who pays."),
        ("catalog", "Plans and rate decks."),
        ("subscriptions", "Accounts on plans: periods, renewals, changes."),
        ("numbers", "Telephone numbers and SIP users."),
        ("routing", "Carriers, what they cost, and the way of calls to them."),
        ("auth", "Users, sessions, second factors, API keys."),
        ("operations", "The books and their proof."),
        ("monitoring", "Whether it lives and is ready."),
    ];

    /// <summary>The document's services.</summary>
    public static void AddApiDocumentation(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            Describe(document);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            operation.OperationId ??= OperationIdOf(context.Description.HttpMethod!, context.Description.RelativePath!);
            NameParameters(operation);
            AddAccess(operation, metadata.OfType<AccessRequirement>().LastOrDefault(), context.Document!);
            AddProblems(operation, hasBody: operation.RequestBody is not null, hasId: context.Description.RelativePath!.Contains('{', StringComparison.Ordinal));
            AddExamples(operation, $"{context.Description.HttpMethod} /{Constraint().Replace(context.Description.RelativePath!.TrimEnd('/'), "}")}");
            return Task.CompletedTask;
        });
    });

    /// <summary>The document and the pages, which need nothing from outside.</summary>
    public static void MapApiDocumentation(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowPublic();
        app.Use((context, next) =>
        {
            if (context.Request.Path.StartsWithSegments("/api-docs", StringComparison.Ordinal))
            {
                context.Response.Headers.ContentSecurityPolicy = PagePolicy;
                context.Response.Headers.XContentTypeOptions = "nosniff";
            }
            return next(context);
        });
        app.UseSwaggerUI(options =>
        {
            options.RoutePrefix = "api-docs";
            options.DocumentTitle = "Balatrix API";
            options.SwaggerEndpoint(DocumentPath, "Balatrix v1");
            // The default validator is a service on the Internet.
            options.EnableValidator(null);
            options.EnableTryItOutByDefault();
        });
    }

    static void Describe(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Balatrix",
            Version = "v1",
            Description = "Charging and billing of calls, messages and authentication events. Amounts are decimal strings; refusals are problem details (RFC 9457) "
                + "with a stable code; parameters that an address does not take are refused, and times among them that have no offset are the tenant's; every write may be repeated: the same id with the same content is answered with the first outcome.",
            License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
        };
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [BearerScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT or bx_…", Description = "An access token of a login, or an API key." },
            [KeyScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = "X-Api-Key", Description = "An API key." },
            [BasicScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "basic", Description = "Any user name; the API key as password." },
        };
        var used = document.Paths.Values.SelectMany(p => p.Operations!.Values).SelectMany(o => o.Tags ?? new HashSet<OpenApiTagReference>()).Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        document.Tags = new HashSet<OpenApiTag>(
            Tags.Where(t => used.Contains(t.Name)).Select(t => new OpenApiTag { Name = t.Name, Description = t.What }));
    }

    /// <summary>Members of a record of parameters are written as C# writes them; on the wire all begin small.</summary>
    static void NameParameters(OpenApiOperation operation)
    {
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>().Where(p => p.In == ParameterLocation.Query) ?? [])
            parameter.Name = JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!);
    }

    static void AddAccess(OpenApiOperation operation, AccessRequirement? access, OpenApiDocument document)
    {
        if (access is null or { Public: true })
        {
            operation.Security = [];
            return;
        }
        string[] schemes = access.Basic ? [BearerScheme, KeyScheme, BasicScheme] : [BearerScheme, KeyScheme];
        operation.Security = [.. schemes.Select(name => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(name, document)] = [] })];
        string?[] needs = [access.Roles == Roles.None ? null : $"a user of role {access.Roles.Names()}", access.Scope is null ? null : $"an API key with the scope `{access.Scope}`"];
        operation.Description = $"{operation.Description}\n\nNeeds {string.Join(" or ", needs.Where(n => n is not null))}.".Trim();
        AddProblem(operation, "401");
        AddProblem(operation, "403");
    }

    static void AddProblems(OpenApiOperation operation, bool hasBody, bool hasId)
    {
        if (hasBody || operation.Parameters is { Count: > 0 })
        {
            AddProblem(operation, "400");
            AddProblem(operation, "422");
        }
        if (hasBody)
        {
            AddProblem(operation, "413");
            AddProblem(operation, "415");
        }
        if (hasId)
            AddProblem(operation, "404");
        foreach (var (status, response) in operation.Responses ?? [])
            if (response is OpenApiResponse full && Problems.TryGetValue(status, out var what))
                full.Description = what;
    }

    static void AddProblem(OpenApiOperation operation, string status)
    {
        operation.Responses ??= [];
        operation.Responses.TryAdd(status, new OpenApiResponse
        {
            Description = Problems[status],
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/problem+json"] = new() { Schema = ProblemSchema() },
            },
        });
    }

    static OpenApiSchema ProblemSchema() => new()
    {
        Type = JsonSchemaType.Object,
        Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
        {
            ["type"] = Text("A URI of the code."),
            ["title"] = Text("What is wrong, for people."),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status." },
            ["code"] = Text("What is wrong, for programs; it never changes."),
            ["field"] = Text("Where."),
            ["expected"] = Text("What was expected there."),
        },
    };

    static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };

    static void AddExamples(OpenApiOperation operation, string name)
    {
        foreach (var (contentType, media) in operation.RequestBody?.Content ?? new Dictionary<string, OpenApiMediaType>())
            media.Example ??= ApiExamples.Find(name, contentType);
    }

    /// <summary>"POST api/v1/plans/{id}/publish" becomes "postPlansByIdPublish".</summary>
    static string OperationIdOf(string method, string path)
    {
        var words = path.Replace("api/v1/", "", StringComparison.Ordinal).Split(['/', '-', '.', '_'], StringSplitOptions.RemoveEmptyEntries);
        return method.ToLowerInvariant() + string.Concat(words.Select(Word));

        static string Word(string word) =>
            word[0] == '{' ? "By" + Word(word.Trim('{', '}').Split(':')[0]) : char.ToUpperInvariant(word[0]) + word[1..];
    }

    /// <summary>A route parameter's type, which the document's paths do not show.</summary>
    [System.Text.RegularExpressions.GeneratedRegex(":[a-z]+}", System.Text.RegularExpressions.RegexOptions.None, 1000)]
    private static partial System.Text.RegularExpressions.Regex Constraint();
}
