using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>Whose number is called, and where the call goes.</summary>
/// <param name="AccountId">Who has it, and pays when it is toll-free.</param>
/// <param name="Number">E.164 digits without the plus.</param>
/// <param name="IsTollFree">Whether its holder pays for the call.</param>
/// <param name="TargetKind">sip, number or dialplan; dialplan while nobody has said.</param>
/// <param name="Target">A SIP user, E.164 digits, or an extension of the dialplan: the number itself while nobody has said.</param>
public sealed record NumberTarget(long AccountId, string Number, bool IsTollFree, string TargetKind, string Target);

/// <summary>Finds who has a number and who a SIP user is, for calls. Users are remembered for two seconds; a change made here shows at once.</summary>
public sealed class NumberDirectory(Database database) : IDisposable
{
    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(2);

    readonly MemoryCache known = new(new MemoryCacheOptions { SizeLimit = 200_000 });

    readonly record struct UserKey(int TenantId, string Name);

    /// <summary>The holder and the target of a number that is assigned; null for any other.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="e164">As it was dialled, with or without the plus.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<NumberTarget?> FindAsync(int tenantId, string e164, CancellationToken cancellationToken) =>
        (await FindAsync(tenantId, e164, null, default, cancellationToken)).Target;

    /// <summary>The same, and an account as it is now, in one round trip.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="e164">As it was dialled, with or without the plus.</param>
    /// <param name="accountId">The account, or null for none.</param>
    /// <param name="at">The time whose allowances are read.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<(NumberTarget? Target, AccountReading? Account)> FindAsync(int tenantId, string e164, long? accountId, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var digits = NumberKinds.Digits(e164);
        var queries = new List<NpgsqlBatchCommand>();
        if (digits is not null)
            queries.Add(NumberStore.Find(tenantId, digits));
        if (accountId is { } id)
            queries.AddRange(AccountReading.Statements(tenantId, id, at));
        return queries.Count == 0 ? default : await database.ReadInTenantAsync(tenantId, queries, ReadAsync, cancellationToken);

        async Task<(NumberTarget?, AccountReading?)> ReadAsync(NpgsqlDataReader reader, CancellationToken ct)
        {
            var target = digits is null ? null : TargetOf(await NumberStore.FoundAsync(reader, ct));
            if (accountId is null)
                return (target, null);
            if (digits is not null)
                await reader.NextResultAsync(ct);
            return (target, await AccountReading.ReadAsync(reader, ct));
        }
    }

    static NumberTarget? TargetOf(NumberRecord? record) => record is { State: { Status: NumberStatus.Assigned, AccountId: { } account } }
        ? new(account, record.Digits, record.Kind == NumberKind.TollFree, record.Target?.Kind ?? InboundTarget.Dialplan, record.Target?.Value ?? record.Digits)
        : null;

    /// <summary>The account of a SIP user, or null.</summary>
    public async ValueTask<long?> AccountOfSipUserAsync(int tenantId, string sipUser, CancellationToken cancellationToken)
    {
        if (!InboundTarget.IsSipUser(sipUser))
            return null;
        var key = new UserKey(tenantId, sipUser);
        if (known.TryGetValue(key, out long? account))
            return account;
        return known.Set(
            key, await SipUserStore.OwnerAsync(database, tenantId, sipUser, cancellationToken), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Remembered });
    }

    /// <summary>Reads a SIP user anew at the next question.</summary>
    internal void ForgetUser(int tenantId, string name) => known.Remove(new UserKey(tenantId, name));

    /// <summary>Lets the memory go.</summary>
    public void Dispose() => known.Dispose();
}
