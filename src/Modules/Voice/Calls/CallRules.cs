using System.Collections.Concurrent;
using Balatrix.Core;
using Balatrix.Core.Voice;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>How a tenant's calls are controlled.</summary>
/// <param name="Terms">Their lengths.</param>
/// <param name="FailOpenMicros">What calls may cost together while charging is not there; null when they are refused then.</param>
/// <param name="FailOpenMs">The longest such call.</param>
/// <param name="Announcements">What callers hear, by the code of a refusal.</param>
sealed record CallRules(CallTerms Terms, long? FailOpenMicros, long FailOpenMs, IReadOnlyDictionary<string, string>? Announcements)
{
    /// <summary>What a caller hears who is refused, or null.</summary>
    public string? AnnouncementOf(string code) => Announcements?.GetValueOrDefault(code) ?? Announcements?.GetValueOrDefault(CallSettings.AnyRefusal);

    public static CallRules Of(CallSettings? settings)
    {
        var usual = new CallTerms();
        var limit = settings is { FailOpen: true, FailOpenLimit: { } text } && Money.TryParse(text, out var micros) ? micros : (long?)null;
        return new(
            usual with
            {
                SliceMs = settings?.SliceSeconds * 1000 ?? usual.SliceMs,
                WarnMs = settings?.WarnSeconds * 1000 ?? usual.WarnMs,
                MostMs = settings?.LongestSeconds * 1000 ?? usual.MostMs,
            },
            limit, (settings?.FailOpenSeconds ?? 300) * 1000L, settings?.Announcements);
    }
}

/// <summary>Tenants' rules for calls, from memory: read again after some seconds, and kept when the database is not there.</summary>
sealed class CallRulesDirectory(Database database, TimeProvider time)
{
    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(5);

    readonly ConcurrentDictionary<int, (CallRules Rules, long ReadAt)> known = new();
    readonly ConcurrentDictionary<string, int> tenants = new(StringComparer.Ordinal);

    public async ValueTask<CallRules> OfAsync(int tenantId, CancellationToken cancellationToken)
    {
        var isKnown = known.TryGetValue(tenantId, out var entry);
        if (isKnown && time.GetElapsedTime(entry.ReadAt) < Remembered)
            return entry.Rules;
        try
        {
            var settings = await database.LookUpAsync(tenantId, (connection, ct) => TenantSettingsStore.LoadAsync(connection, tenantId, ct), cancellationToken);
            return (known[tenantId] = (CallRules.Of(settings.Calls), time.GetTimestamp())).Rules;
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or OperationCanceledException)
        {
            // Not remembered when nothing was known: they are asked for again at once.
            if (isKnown)
                known[tenantId] = (entry.Rules, time.GetTimestamp());
            return isKnown ? entry.Rules : CallRules.Of(null);
        }
    }

    /// <summary>The tenant of a slug, or null.</summary>
    public async ValueTask<int?> TenantAsync(string slug, CancellationToken cancellationToken)
    {
        if (tenants.TryGetValue(slug, out var id))
            return id;
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        var found = await Database.QueryAsync(connection, "select tenant_id from platform.tenants where slug = $1", [slug], r => r.GetInt32(0), cancellationToken);
        return found is [var tenantId] ? tenants[slug] = tenantId : null;
    }
}
