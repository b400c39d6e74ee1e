using System.CommandLine;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Operations;

namespace Balatrix.Web.Verbs;

/// <summary>balatrix keys rotate.</summary>
static class KeysVerb
{
    public static Command Create(Option<string> data, Option<bool> json)
    {
        var rotate = new Command("rotate", "Make a key that signs access tokens from now on, such as after a leak. Tokens of the old ones end with their 15 minutes.");
        rotate.SetAction((parsed, ct) => VerbOutput.RunAsync(() => RotateAsync(parsed.GetValue(data)!, parsed.GetValue(json), ct)));
        return new Command("keys", "The keys that sign access tokens.") { rotate };
    }

    static async Task<int> RotateAsync(string data, bool json, CancellationToken cancellationToken)
    {
        await using var session = await DataSession.OpenAsync(data, VerbOutput.Say, cancellationToken);
        await using var app = BalatrixServer.Build(session.Database, "http://127.0.0.1:0", TimeProvider.System, data: data);
        var keys = app.Services.GetRequiredService<SigningKeys>();
        await keys.RotateAsync(cancellationToken);
        var (id, now) = ((await keys.SignerAsync(cancellationToken)).KeyId, TimeProvider.System.GetUtcNow());
        await session.Database.InTenantAsync(SeedData.DefaultTenant, async (connection, ct) =>
        {
            await AuditLog.WriteAsync(connection, SeedData.DefaultTenant, Actor.System("keys"), "signing-key.rotated", "signing-key", id, null, null, now, ct);
            return 0;
        }, cancellationToken);
        if (json)
            VerbOutput.WriteJson(new { keyId = id });
        else
            Console.WriteLine($"Access tokens are signed by {id} from now on; nodes that run take it up within a minute.");
        return VerbOutput.Ok;
    }
}
