using Microsoft.AspNetCore.Identity;

namespace Balatrix.Modules.Identity.Users;

/// <summary>Somebody who logs in.</summary>
public sealed class User : IdentityUser<Guid>
{
    /// <summary>The tenant.</summary>
    public int TenantId { get; init; }

    /// <summary>How they are called.</summary>
    public string Name { get; set; } = "";

    /// <summary>The company that a new customer registers for, or null.</summary>
    public string? Company { get; set; }

    /// <summary>admin, support or customer.</summary>
    public string Role { get; init; } = UserRole.Customer;

    /// <summary>The customer whose user it is; null for the tenant's own people, and until a registered address is confirmed.</summary>
    public long? CustomerId { get; set; }

    /// <summary>Whether nothing is allowed before the password is changed.</summary>
    public bool MustChangePassword { get; set; }

    /// <summary>Since when.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Roles as they are stored and shown.</summary>
public static class UserRole
{
    /// <summary>Runs the tenant.</summary>
    public const string Admin = "admin";

    /// <summary>Helps customers.</summary>
    public const string Support = "support";

    /// <summary>A customer's user.</summary>
    public const string Customer = "customer";

    /// <summary>The role by its name.</summary>
    public static Roles Parse(string name) => name switch
    {
        Admin => Roles.Admin,
        Support => Roles.Support,
        Customer => Roles.Customer,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such role."),
    };
}
