using System.Text.Json.Nodes;
using Balatrix.Modules.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Balatrix.Modules.Operations;

/// <summary>The OpenAPI 3.1 document and the page that shows it.</summary>
public static class ApiDocumentation
{
    static readonly Dictionary<string, string> Examples = new(StringComparer.Ordinal)
    {
        ["POST /api/v1/cdrs"] = """{"account":"ACC-10001","id":"6066ab8e-bff8-4f45-9e7f-2bad4aac639d","called":"+919812345678","calling":"+918045678901","answerTime":"2026-11-21T09:30:00Z","durationSeconds":61.2,"hangupCause":"NORMAL_CLEARING"}""",
        ["POST /api/v1/cdrs/batch"] = """[{"account":"ACC-10001","id":"call-1","called":"+919812345678","startTime":"2026-11-21T09:30:00Z","durationSeconds":42}]""",
        ["POST /api/v1/charges"] = """{"account":"ACC-10001","id":"msg-1","to":"+919812345678","from":"BALTRX","text":"Your code is 123456","mcc":"404","mnc":"45"}""",
        ["POST /api/v1/events"] = """{"specversion":"1.0","id":"otp-1","source":"auth","type":"balatrix.auth.sms_otp","subject":"ACC-10001","time":"2026-11-21T09:30:00Z","data":{"quantity":1}}""",
        ["POST /api/v1/events/batch"] = """[{"specversion":"1.0","id":"otp-1","source":"auth","type":"balatrix.auth.sms_otp","subject":"ACC-10001","data":{}}]""",
        ["POST /api/v1/accounts"] = """{"name":"Acme","kind":"prepaid","plan":"starter","codes":["ACME-7"]}""",
        ["POST /api/v1/accounts/{id}/top-up"] = """{"amount":"500.00","reference":"NEFT 12345"}""",
        ["POST /api/v1/accounts/{id}/adjust"] = """{"amount":"-25.00","reason":"Charged twice by mistake"}""",
        ["POST /api/v1/accounts/{id}/transfer"] = """{"to":"ACC-10002","amount":"100.00","reference":"Shared budget"}""",
        ["PUT /api/v1/accounts/{id}/limits"] = """{"creditLimit":"50000.00","dailySpendCap":"5000.00","concurrentCalls":10}""",
        ["POST /api/v1/accounts/{id}/reservations"] = """{"service":"voice.outbound","to":"+919812345678","quantity":60,"eventId":"6066ab8e-bff8-4f45-9e7f-2bad4aac639d"}""",
        ["POST /api/v1/reservations/{id}/extend"] = """{"sequence":1,"quantity":60}""",
        ["POST /api/v1/reservations/{id}/settle"] = """{"quantity":73.4}""",
        ["POST /api/v1/rate-decks"] = """{"name":"my-voice","kind":"voice","currency":"INR"}""",
        ["POST /api/v1/plans"] = """{"code":"my-plan","name":"My plan","currency":"INR","terms":{"decks":{"voice.outbound":["my-voice"]}}}""",
        ["POST /api/v1/auth/api-keys"] = """{"name":"PBX","scopes":["usage:write"]}""",
        ["PUT /api/v1/sms-cdrs/{id}/status"] = """{"status":"delivered"}""",
    };

    /// <summary>Its services.</summary>
    public static void AddApiDocumentation(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Balatrix", Version = "v1", Description = "Charging and billing of calls, messages and events. Amounts are decimal strings. Errors are RFC 9457 problem details with a stable code." };
            document.Components ??= new();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            document.Components.SecuritySchemes["apiKey"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key: bx_…" };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(Describe);
    });

    /// <summary>Its routes.</summary>
    public static void MapApiDocumentation(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowPublic();
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "api-docs";
            ui.DocumentTitle = "Balatrix API";
            ui.SwaggerEndpoint("/openapi/v1.json", "Balatrix v1");
        });
    }

    static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var name = $"{context.Description.HttpMethod} /{context.Description.RelativePath?.Split('?')[0]}";
        if (Examples.TryGetValue(name, out var example) && operation.RequestBody?.Content is { } content)
            foreach (var type in content.Values.OfType<OpenApiMediaType>())
                type.Example = JsonNode.Parse(example);
        var access = context.Description.ActionDescriptor.EndpointMetadata.OfType<AccessRequirement>().LastOrDefault();
        operation.Responses ??= [];
        operation.Responses.TryAdd("default", new OpenApiResponse { Description = "A problem (RFC 9457) with a stable code." });
        if (access?.Scope is { } scope)
        {
            operation.Description = $"Needs an API key with the scope `{scope}`.{(access.Basic ? " HTTP Basic with the key as password is taken too." : "")}";
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("apiKey", context.Document)] = [] }];
        }
        return Task.CompletedTask;
    }
}
