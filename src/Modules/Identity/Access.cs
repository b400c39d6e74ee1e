using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity;

/// <summary>What an API key may do.</summary>
public static class Scope
{
    /// <summary>Everything.</summary>
    public const string All = "*";

    /// <summary>Send usage: CDRs, messages, events.</summary>
    public const string UsageWrite = "usage:write";

    /// <summary>Read usage.</summary>
    public const string UsageRead = "usage:read";

    /// <summary>Reserve, extend, settle, release.</summary>
    public const string WalletWrite = "wallet:write";

    /// <summary>Read accounts.</summary>
    public const string AccountsRead = "accounts:read";

    /// <summary>Open and change accounts, top up.</summary>
    public const string AccountsWrite = "accounts:write";

    /// <summary>Adjust and transfer.</summary>
    public const string AccountsAdmin = "accounts:admin";

    /// <summary>Read decks.</summary>
    public const string CatalogRead = "catalog:read";

    /// <summary>Change plans and decks.</summary>
    public const string CatalogWrite = "catalog:write";

    /// <summary>Prove the books.</summary>
    public const string LedgerRead = "ledger:read";

    /// <summary>All scopes.</summary>
    public static readonly IReadOnlyList<string> Known =
        [All, UsageWrite, UsageRead, WalletWrite, AccountsRead, AccountsWrite, AccountsAdmin, CatalogRead, CatalogWrite, LedgerRead];
}

/// <summary>Says who may call an endpoint; an endpoint without it answers nobody.</summary>
/// <param name="Scope">The scope that is needed, or null for everybody.</param>
/// <param name="Basic">Whether HTTP Basic with the key as password is taken too.</param>
public sealed record AccessRequirement(string? Scope, bool Basic);

/// <summary>The key that a request came with.</summary>
public sealed record Caller(int TenantId, int ApiKeyId, string Name, IReadOnlyList<string> Scopes, IReadOnlyList<string> AllowedIps, DateTimeOffset? ExpiresAt)
{
    /// <summary>The caller of a request that <see cref="AccessRequirement"/> let through.</summary>
    public static Caller Of(HttpContext context) => (Caller)context.Items[typeof(Caller)]!;

    /// <summary>Whether it may do what a scope allows.</summary>
    public bool Has(string scope) => Scopes.Contains(scope) || Scopes.Contains(Scope.All);
}

/// <summary>How endpoints say who may call them.</summary>
public static class AccessExtensions
{
    /// <summary>Needs an API key with a scope.</summary>
    public static T RequireScope<T>(this T endpoint, string scope, bool basic = false)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new AccessRequirement(scope, basic));

    /// <summary>Open to everybody.</summary>
    public static T AllowPublic<T>(this T endpoint)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new AccessRequirement(null, false));
}
