namespace Balatrix.Modules.Platform;

/// <summary>Something that happens in a tenant by the passing of time, so that a test clock can let it happen in its order.</summary>
public interface ITenantTime
{
    /// <summary>When it happens next after an instant, or null.</summary>
    Task<DateTimeOffset?> NextAsync(int tenantId, DateTimeOffset after, CancellationToken cancellationToken);

    /// <summary>Does what is due by now, the tenant's, and says how many things that were.</summary>
    Task<int> RunAsync(int tenantId, DateTimeOffset now, CancellationToken cancellationToken);
}
