using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Balatrix.Modules.Identity.Users;

/// <summary>How users lie in the tables that the migrations make. It works on the connection, and so in the transaction and the tenant, that it is given.</summary>
public sealed class IdentityDb : DbContext
{
    /// <summary>On the connection of the options, whose transaction is the caller's to begin and to commit.</summary>
    public IdentityDb(DbContextOptions<IdentityDb> options)
        : base(options) => Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;

    /// <summary>Users of the tenant.</summary>
    public DbSet<User> Users => Set<User>();

    /// <summary>The mapping.</summary>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema("identity");
        modelBuilder.Entity<User>(user =>
        {
            user.ToTable("users");
            user.HasKey(u => u.Id);
            user.Property(u => u.Id).HasColumnName("user_id").ValueGeneratedNever();
            user.Property(u => u.TenantId).HasColumnName("tenant_id");
            user.Property(u => u.Email).HasColumnName("email");
            user.Property(u => u.NormalizedEmail).HasColumnName("normalized_email");
            user.Property(u => u.EmailConfirmed).HasColumnName("email_confirmed");
            user.Property(u => u.PasswordHash).HasColumnName("password_hash");
            user.Property(u => u.MustChangePassword).HasColumnName("must_change_password");
            user.Property(u => u.SecurityStamp).HasColumnName("security_stamp");
            user.Property(u => u.ConcurrencyStamp).HasColumnName("concurrency_stamp").IsConcurrencyToken();
            user.Property(u => u.TwoFactorEnabled).HasColumnName("two_factor_enabled");
            user.Property(u => u.Name).HasColumnName("name");
            user.Property(u => u.Company).HasColumnName("company");
            user.Property(u => u.Role).HasColumnName("role");
            user.Property(u => u.CustomerId).HasColumnName("customer_id");
            user.Property(u => u.CreatedAt).HasColumnName("created_at");
            // The address is the name; failures are counted by LoginGuard, which counts unknown addresses alike.
            user.Ignore(u => u.UserName).Ignore(u => u.NormalizedUserName).Ignore(u => u.PhoneNumber).Ignore(u => u.PhoneNumberConfirmed);
            user.Ignore(u => u.LockoutEnabled).Ignore(u => u.LockoutEnd).Ignore(u => u.AccessFailedCount);
        });
        modelBuilder.Entity<IdentityUserToken<Guid>>(token =>
        {
            token.ToTable("user_tokens");
            token.HasKey(t => new { t.UserId, t.LoginProvider, t.Name });
            token.Property(t => t.UserId).HasColumnName("user_id");
            token.Property(t => t.LoginProvider).HasColumnName("login_provider");
            token.Property(t => t.Name).HasColumnName("name");
            token.Property(t => t.Value).HasColumnName("value");
        });
    }
}
