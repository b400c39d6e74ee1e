using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Caching.Memory;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>Whose number is called, and where the call goes.</summary>
/// <param name="AccountId">Who has it, and pays when it is toll-free.</param>
/// <param name="Number">E.164 digits without the plus.</param>
/// <param name="IsTollFree">Whether its holder pays for the call.</param>
/// <param name="TargetKind">sip, number or dialplan; dialplan while nobody has said.</param>
/// <param name="Target">A SIP user, E.164 digits, or an extension of the dialplan: the number itself while nobody has said.</param>
public sealed record NumberTarget(long AccountId, string Number, bool IsTollFree, string TargetKind, string Target);

/// <summary>Finds who has a number and who a SIP user is, for calls: what was found, or not found, is remembered for two seconds; a change made here shows at once.</summary>
public sealed class NumberDirectory(Database database) : IDisposable
{
    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(2);

    readonly MemoryCache known = new(new MemoryCacheOptions { SizeLimit = 200_000 });

    readonly record struct NumberKey(int TenantId, string Digits);

    readonly record struct UserKey(int TenantId, string Name);

    /// <summary>The holder and the target of a number that is assigned; null for any other.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="e164">As it was dialled, with or without the plus.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async ValueTask<NumberTarget?> FindAsync(int tenantId, string e164, CancellationToken cancellationToken)
    {
        if (NumberKinds.Digits(e164) is not { } digits)
            return null;
        var key = new NumberKey(tenantId, digits);
        if (known.TryGetValue(key, out NumberTarget? target))
            return target;
        var record = await NumberStore.FindAsync(database, tenantId, digits, cancellationToken);
        return Remember(key, record is { State: { Status: NumberStatus.Assigned, AccountId: { } account } }
            ? new NumberTarget(account, digits, record.Kind == NumberKind.TollFree, record.Target?.Kind ?? InboundTarget.Dialplan, record.Target?.Value ?? digits)
            : null);
    }

    /// <summary>The account of a SIP user, or null.</summary>
    public async ValueTask<long?> AccountOfSipUserAsync(int tenantId, string sipUser, CancellationToken cancellationToken)
    {
        if (!InboundTarget.IsSipUser(sipUser))
            return null;
        var key = new UserKey(tenantId, sipUser);
        if (known.TryGetValue(key, out long? account))
            return account;
        return Remember(key, await SipUserStore.OwnerAsync(database, tenantId, sipUser, cancellationToken));
    }

    /// <summary>Reads a number anew at the next question.</summary>
    internal void Forget(int tenantId, string digits) => known.Remove(new NumberKey(tenantId, digits));

    /// <summary>Reads a SIP user anew at the next question.</summary>
    internal void ForgetUser(int tenantId, string name) => known.Remove(new UserKey(tenantId, name));

    T Remember<T>(object key, T found) => known.Set(key, found, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Remembered });

    /// <summary>Lets the memory go.</summary>
    public void Dispose() => known.Dispose();
}
