using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Web.Verbs;

namespace Balatrix.Web;

/// <summary>The first API key: without one nobody could make another.</summary>
static class AdminKey
{
    const int DefaultTenant = 1;

    /// <summary>Makes a key with every scope when the tenant has none, and leaves it in the data folder for its owner only.</summary>
    public static async Task EnsureAsync(Database database, ApiKeys keys, string dataDirectory, CancellationToken cancellationToken)
    {
        var existing = await database.InTenantAsync(
            DefaultTenant, (connection, ct) => Database.QueryAsync(connection, "select 1 from identity.api_keys where tenant_id = $1 limit 1", [DefaultTenant], r => 1, ct), cancellationToken);
        if (existing.Count > 0)
            return;
        var (_, key) = await keys.CreateAsync(DefaultTenant, "first admin key", [Scope.All], [], null, cancellationToken);
        Directory.CreateDirectory(dataDirectory);
        var path = Path.Combine(dataDirectory, "admin.key");
        await File.WriteAllTextAsync(path, key, cancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        VerbOutput.Say($"The first API key is in {path}.");
    }
}
