using System.Globalization;
using Balatrix.Core;
using Balatrix.Core.Dunning;

namespace Balatrix.Modules.Platform;

/// <summary>How a tenant pursues unpaid invoices.</summary>
/// <param name="Enabled">Whether at all; true when left out.</param>
/// <param name="Stages">By day, earliest first; the usual ones when left out.</param>
/// <param name="LateFee">A fee for paying late; none when left out.</param>
/// <param name="WriteOffAfterDays">Days after the last day to pay when a debt is given up without asking; never when left out.</param>
public sealed record DunningSettings(bool? Enabled, DunningStageSetting[]? Stages, LateFeeSetting? LateFee, int? WriteOffAfterDays)
{
    static readonly Dictionary<string, DunningAction> Actions = new(StringComparer.Ordinal)
    {
        ["remind"] = DunningAction.Remind,
        ["restrict"] = DunningAction.Restrict,
        ["suspend"] = DunningAction.Suspend,
        ["propose_writeoff"] = DunningAction.ProposeWriteoff,
    };

    /// <summary>The policy, or what is wrong with it.</summary>
    public static (DunningPolicy? Policy, Problem? Problem) Read(DunningSettings? settings)
    {
        if (settings is null)
            return (DunningPolicy.Default, null);
        if (Array.Exists(settings.Stages ?? [], s => s?.Action is null || !Actions.ContainsKey(s.Action)))
            return (null, Problem.Invalid("dunning.stages", string.Join(", ", Actions.Keys)));
        LateFee? fee = null;
        if (settings.LateFee is { } late)
        {
            if (!TryFee(late, out fee))
                return (null, Problem.Invalid("dunning.lateFee", "a day and either an amount such as \"100.00\" or a per cent such as \"1.5\""));
        }
        var policy = new DunningPolicy(
            settings.Stages is null ? DunningPolicy.Default.Stages : [.. settings.Stages.Select(s => new DunningStage(s.Day, Actions[s.Action!]))], fee, settings.WriteOffAfterDays);
        return policy.Fault() is { } fault ? (null, Problem.Invalid($"dunning.{fault.Field}", fault.Expected)) : (policy, null);
    }

    static bool TryFee(LateFeeSetting late, out LateFee? fee)
    {
        fee = null;
        var micros = 0L;
        if (late.Amount is not null && !Money.TryParse(late.Amount, out micros))
            return false;
        var basisPoints = 0m;
        if (late.Percent is not null && (!decimal.TryParse(late.Percent, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out basisPoints) || basisPoints > 100 || decimal.Truncate(basisPoints *= 100) != basisPoints))
            return false;
        if (micros % (Money.MicrosPerUnit / 100) != 0)
            return false;
        fee = new(late.Day, micros, (int)basisPoints, late.Monthly ?? false);
        return true;
    }
}

/// <summary>A stage of dunning.</summary>
/// <param name="Day">Days after the last day to pay; negative before it.</param>
/// <param name="Action">remind, restrict, suspend or propose_writeoff.</param>
public sealed record DunningStageSetting(int Day, string? Action);

/// <summary>A fee for paying late, without tax.</summary>
/// <param name="Day">Days after the last day to pay.</param>
/// <param name="Amount">So much, decimal string in whole paisa; or else</param>
/// <param name="Percent">so many per cent of what is unpaid, at most two decimals.</param>
/// <param name="Monthly">Again every month; once when left out.</param>
public sealed record LateFeeSetting(int Day, string? Amount, string? Percent, bool? Monthly);
