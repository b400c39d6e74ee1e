using System.CommandLine;
using Balatrix.Modules.Operations;
using Balatrix.Modules.Platform;

namespace Balatrix.Web.Verbs;

/// <summary>balatrix seed.</summary>
static class SeedVerb
{
    public static Command Create(Option<string> data, Option<bool> json)
    {
        var demo = new Option<bool>("--demo") { Description = "Also demo accounts and two weeks of usage. Refused in production." };
        var command = new Command("seed", "Put plans, rate decks and the first users into the database; doing it again adds nothing.") { demo };
        command.SetAction((parsed, ct) => VerbOutput.RunAsync(() => SeedAsync(parsed.GetValue(data)!, parsed.GetValue(demo), parsed.GetValue(json), ct)));
        return command;
    }

    static async Task<int> SeedAsync(string data, bool demo, bool json, CancellationToken cancellationToken)
    {
        if (demo && Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") == "Production")
            throw new SetupException("Demo data is not put into production (ASPNETCORE_ENVIRONMENT is Production).");
        await using var session = await DataSession.OpenAsync(data, VerbOutput.Say, cancellationToken);
        await new Migrations(session.Database).UpAsync(null, cancellationToken);
        await using var app = BalatrixServer.Build(session.Database, "http://127.0.0.1:0", TimeProvider.System, data: data);
        await app.StartAsync(cancellationToken);
        var summary = await app.Services.GetRequiredService<SeedData>().RunAsync(demo, cancellationToken);
        var abroad = demo ? await app.Services.GetRequiredService<DemoSuppliers>().EnsureAsync(cancellationToken) : null;
        await app.StopAsync(CancellationToken.None);
        if (json)
            VerbOutput.WriteJson(summary);
        else
            Console.WriteLine($"Seeded {summary.Decks} decks, {summary.Plans} plans, {summary.AddOns} add-ons, {summary.Accounts} accounts, {summary.Subscriptions} subscriptions, {summary.Usage} usage records, {summary.Users} users.");
        if (!json && abroad is not null)
            Console.WriteLine($"{abroad.Login} signs in to a second tenant, in Uzbekistan{(abroad.Invoice is { } number ? $"; its first invoice is {number}" : "")}.");
        return VerbOutput.Ok;
    }
}
