using System.Net;
using Balatrix.Core.Usage;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Voice.Numbers;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>Who pays for a call, and what it is to him.</summary>
/// <param name="AccountId">Who pays.</param>
/// <param name="Service">A call that he makes, or receives.</param>
/// <param name="Inbound">Where a call to one of our numbers goes.</param>
readonly record struct CallPayer(long AccountId, Service Service, NumberTarget? Inbound)
{
    /// <summary>His account as it was read when he was found, or null when it was not.</summary>
    public AccountReading? Account { get; init; }
}

/// <summary>
/// Finds who pays for a call: the caller by account code, SIP user or the trunk's address, in this order, and never by the number he shows;
/// the holder of the called number when it is toll-free, or when the caller is nobody here. Where a number is forwarded to, its holder calls; where a received call is sent on to, its receiver.
/// </summary>
sealed class CallPayers(AccountDirectory accounts, NumberDirectory numbers, AccountGates gates)
{
    public async Task<CallPayer?> FindAsync(CallRequest request, string number, CancellationToken cancellationToken)
    {
        var caller = request.ForwardedBy ?? (request.IsInbound ? null : await CallerAsync(request, cancellationToken));
        var (target, account) = await numbers.FindAsync(request.TenantId, number, caller, request.At, cancellationToken);
        if (caller is { } payer && (request.ForwardedBy is not null || target is not { IsTollFree: true }))
            return new(payer, Service.VoiceOutbound, target) { Account = account };
        if (target is not null)
            return new(target.AccountId, Service.VoiceInbound, target);
        return request is { IsInbound: true, IsTransferred: true } ? await FindAsync(request with { IsInbound = false }, number, cancellationToken) : null;
    }

    /// <summary>Where a call to one of our numbers goes, or null.</summary>
    public Task<NumberTarget?> TargetAsync(CallRow row, CancellationToken cancellationToken) => numbers.FindAsync(row.TenantId, row.RatingKey, cancellationToken);

    async ValueTask<long?> CallerAsync(CallRequest request, CancellationToken cancellationToken)
    {
        if (request.AccountCode is { Length: > 0 } code && await accounts.FindAsync(request.TenantId, code, cancellationToken) is { } byCode)
            return byCode;
        if (request.SipUser is { Length: > 0 } user && await numbers.AccountOfSipUserAsync(request.TenantId, user, cancellationToken) is { } byUser)
            return byUser;
        return IPAddress.TryParse(request.NetworkIp, out var address) ? gates.AccountOf(request.TenantId, address) : null;
    }
}
