using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Subscriptions;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>A number of the inventory as it is stored.</summary>
/// <param name="Id">Its number in the inventory.</param>
/// <param name="Digits">E.164 without the plus.</param>
/// <param name="Kind">What kind it is.</param>
/// <param name="Region">Where it is of; may be empty.</param>
/// <param name="Label">What staff call it; may be empty.</param>
/// <param name="State">Where it stands, as it was written.</param>
/// <param name="Target">Where its calls go, or null.</param>
/// <param name="Version">Counts its changes from 1.</param>
/// <param name="CreatedAt">When it came.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
sealed record NumberRecord(
    long Id, string Digits, NumberKind Kind, string Region, string Label, NumberState State, InboundTarget? Target, int Version, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>Where calls to a number go.</summary>
/// <param name="Kind">sip: a SIP user; number: another telephone number; dialplan: an extension of the dialplan.</param>
/// <param name="Value">Which one.</param>
public sealed record TargetView(string? Kind, string? Value);

/// <summary>A number of the inventory.</summary>
/// <param name="Id">Its number in the inventory.</param>
/// <param name="Number">The telephone number in E.164.</param>
/// <param name="Type">local, mobile, national or toll_free.</param>
/// <param name="Region">Where it is of.</param>
/// <param name="Label">What staff call it.</param>
/// <param name="Status">available, reserved, assigned, quarantined or retired, now.</param>
/// <param name="Account">Whom it is reserved for or assigned to; in quarantine, who had it last.</param>
/// <param name="Subscription">What it is assigned to.</param>
/// <param name="Until">When the reservation or the quarantine ends.</param>
/// <param name="Target">Where its calls go; null while nobody has said, and then the dialplan's extension of that number takes them.</param>
/// <param name="Moves">What can be done with it.</param>
/// <param name="Version">Counts its changes from 1; it is the ETag.</param>
/// <param name="CreatedAt">When it came.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
public sealed record NumberView(
    long Id, string Number, string Type, string Region, string Label, string Status, string? Account, string? Subscription, DateTimeOffset? Until, TargetView? Target, string[] Moves,
    int Version, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>A number as it is at an instant.</summary>
    internal static NumberView Of(NumberRecord record, DateTimeOffset now)
    {
        var state = NumberMachine.At(record.State, now);
        return new(
            record.Id, Plus(record.Digits), NumberKinds.Name(record.Kind), record.Region, record.Label, NumberMachine.Name(state.Status),
            state.AccountId is { } account ? AccountDirectory.NumberOf(account) : null, state.SubscriptionId is { } subscription ? SubscriptionView.Number(subscription) : null, state.Until,
            record.Target is { } target ? new(target.Kind, target.Kind == InboundTarget.Number ? Plus(target.Value) : target.Value) : null,
            [.. NumberMachine.From(state.Status).Select(NumberMachine.Name)], record.Version, record.CreatedAt, record.UpdatedAt);
    }


    static string Plus(string digits) => "+" + digits;
}
