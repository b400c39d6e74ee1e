using System.CommandLine;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Operations;
using Balatrix.Modules.Platform;

namespace Balatrix.Web.Verbs;

/// <summary>balatrix serve.</summary>
static class ServeVerb
{
    public static Command Create(Option<string> data)
    {
        var urls = new Option<string>("--urls") { Description = "Addresses to listen on, separated by semicolons.", DefaultValueFactory = _ => "http://127.0.0.1:8080" };
        var noMigrate = new Option<bool>("--no-migrate") { Description = "Leave the schema as it is; fail later if it is not the program's." };
        var command = new Command("serve", "Run Balatrix: starts its own PostgreSQL (or uses ConnectionStrings__Balatrix), migrates it, and answers over HTTP until stopped.") { urls, noMigrate };
        command.SetAction((parsed, ct) => VerbOutput.RunAsync(() => ServeAsync(parsed.GetValue(data)!, parsed.GetValue(urls)!, !parsed.GetValue(noMigrate), ct)));
        return command;
    }

    static async Task<int> ServeAsync(string data, string urls, bool migrate, CancellationToken cancellationToken)
    {
        await using var session = await DataSession.OpenAsync(data, VerbOutput.Say, cancellationToken);
        if (migrate)
            foreach (var migration in await new Migrations(session.Database).UpAsync(null, cancellationToken))
                VerbOutput.Say($"Applied migration {migration.Version} {migration.Name}.");
        await using var app = BalatrixServer.Build(session.Database, urls, TimeProvider.System, data: data);
        await app.Services.GetRequiredService<SeedData>().EnsureTenantAsync(cancellationToken);
        if (await app.Services.GetRequiredService<ApiKeys>().EnsureBootstrapKeyAsync(SeedData.DefaultTenant, data, cancellationToken) is { } first)
            VerbOutput.Say($"The first API key is in {first.File}.");
        await app.StartAsync(cancellationToken);
        VerbOutput.Say($"Balatrix answers at {string.Join(", ", app.Urls)}; its API is shown at {app.Urls.First()}/api-docs.");
        await app.WaitForShutdownAsync(cancellationToken);
        return VerbOutput.Ok;
    }
}
