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

    /// <summary>Read customers.</summary>
    public const string CustomersRead = "customers:read";

    /// <summary>Make and change customers.</summary>
    public const string CustomersWrite = "customers:write";

    /// <summary>Read decks.</summary>
    public const string CatalogRead = "catalog:read";

    /// <summary>Change plans and decks.</summary>
    public const string CatalogWrite = "catalog:write";

    /// <summary>Read subscriptions.</summary>
    public const string SubscriptionsRead = "subscriptions:read";

    /// <summary>Subscribe, change, renew, cancel.</summary>
    public const string SubscriptionsWrite = "subscriptions:write";

    /// <summary>Read invoices, notes and vouchers.</summary>
    public const string InvoicesRead = "invoices:read";

    /// <summary>Generate invoices, mark them paid, void, credit, remind.</summary>
    public const string InvoicesWrite = "invoices:write";

    /// <summary>Read payments and saved methods.</summary>
    public const string PaymentsRead = "payments:read";

    /// <summary>Take payments, save methods, refund.</summary>
    public const string PaymentsWrite = "payments:write";

    /// <summary>Read telephone numbers and SIP users.</summary>
    public const string NumbersRead = "numbers:read";

    /// <summary>Add, assign, release and retire telephone numbers, and change SIP users.</summary>
    public const string NumbersWrite = "numbers:write";

    /// <summary>Read fraud rules and alerts.</summary>
    public const string FraudRead = "fraud:read";

    /// <summary>Change fraud rules, close and allow alerts.</summary>
    public const string FraudWrite = "fraud:write";

    /// <summary>Prove the books.</summary>
    public const string LedgerRead = "ledger:read";

    /// <summary>All scopes.</summary>
    public static readonly IReadOnlyList<string> Known =
        [All, CustomersRead, CustomersWrite, UsageWrite, UsageRead, WalletWrite, AccountsRead, AccountsWrite, AccountsAdmin, CatalogRead, CatalogWrite, SubscriptionsRead, SubscriptionsWrite,
            InvoicesRead, InvoicesWrite, PaymentsRead, PaymentsWrite, NumbersRead, NumbersWrite, FraudRead, FraudWrite, LedgerRead];
}

/// <summary>Who a caller is: one of the roles of people, or a program with a key.</summary>
[Flags]
public enum Roles
{
    /// <summary>Nobody in particular.</summary>
    None = 0,

    /// <summary>Runs the tenant.</summary>
    Admin = 1,

    /// <summary>Helps the tenant's customers.</summary>
    Support = 2,

    /// <summary>A customer's own user; sees and changes only what is the customer's.</summary>
    Customer = 4,

    /// <summary>The tenant's own people.</summary>
    Staff = Admin | Support,

    /// <summary>Everybody who can log in.</summary>
    Everyone = Staff | Customer,
}

/// <summary>Says who may call an endpoint; an endpoint without it answers nobody.</summary>
/// <param name="Roles">Users of which roles.</param>
/// <param name="Scope">The scope that an API key needs, or null when no key may.</param>
/// <param name="Public">Whether it is open to everybody.</param>
/// <param name="Basic">Whether HTTP Basic with the key as password is taken too.</param>
public sealed record AccessRequirement(Roles Roles, string? Scope, bool Public, bool Basic);

/// <summary>Who a request came from: a user with a role, or an API key with scopes.</summary>
/// <param name="TenantId">Whose rows it may see.</param>
/// <param name="Name">The user's e-mail address or the key's name.</param>
/// <param name="Role">The user's one role; none for a key.</param>
public sealed record Caller(int TenantId, string Name, Roles Role)
{
    /// <summary>The key, or null for a user.</summary>
    public int? ApiKeyId { get; init; }

    /// <summary>The user, or null for a key.</summary>
    public Guid? UserId { get; init; }

    /// <summary>The user's session, or null for a key.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>The only customer that the caller may see, or null for all of the tenant.</summary>
    public long? CustomerId { get; init; }

    /// <summary>Whether the user may do nothing before changing the password.</summary>
    public bool MustChangePassword { get; init; }

    /// <summary>The requests a second that the caller is held to, or null for the usual.</summary>
    public int? RequestsPerSecond { get; init; }

    /// <summary>What a key may do.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Where a key may come from; none is anywhere.</summary>
    public IReadOnlyList<string> AllowedIps { get; init; } = [];

    /// <summary>When a key ends, or null.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The caller of a request that <see cref="AccessRequirement"/> let through.</summary>
    public static Caller Of(HttpContext context) => (Caller)context.Items[typeof(Caller)]!;

    /// <summary>Whether an endpoint is open to it.</summary>
    public bool May(AccessRequirement requirement) =>
        requirement.Public || (ApiKeyId is null ? (requirement.Roles & Role) != 0 : requirement.Scope is { } scope && (Scopes.Contains(scope) || Scopes.Contains(Scope.All)));
}

/// <summary>How endpoints say who may call them.</summary>
public static class AccessExtensions
{
    /// <summary>The roles as people read them: "admin, support".</summary>
    public static string Names(this Roles roles) =>
        string.Join(", ", new[] { Roles.Admin, Roles.Support, Roles.Customer }.Where(role => (roles & role) != 0).Select(role => role.ToString().ToLowerInvariant()));

    /// <summary>Needs a user of one of the roles, or an API key with a scope; no key may when the scope is null.</summary>
    public static T RequireRoles<T>(this T endpoint, Roles roles, string? scope)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new AccessRequirement(roles, scope, false, false));

    /// <summary>Needs an API key with a scope: for programs only.</summary>
    public static T RequireScope<T>(this T endpoint, string scope, bool basic = false)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new AccessRequirement(Roles.None, scope, false, basic));

    /// <summary>Open to everybody.</summary>
    public static T AllowPublic<T>(this T endpoint)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new AccessRequirement(Roles.None, null, true, false));
}
