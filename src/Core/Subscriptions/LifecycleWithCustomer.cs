using Balatrix.Core.Proration;

namespace Balatrix.Core.Subscriptions;

public static partial class Lifecycle
{
    /// <summary>Out of service because its customer is suspended; null when it is out already and nothing would bring it back but a hand, or when it only runs out.</summary>
    public static SubscriptionStep? StopWithCustomer(Subscription s, DateTimeOffset at)
    {
        if (s.Status is SubscriptionStatus.Trial or SubscriptionStatus.Active or SubscriptionStatus.PastDue)
        {
            var stopped = Stop(s, SubscriptionStatus.Suspended, BillingAnchor.WholeSecond(at));
            return stopped with { After = stopped.After with { IsHeldWithCustomer = true } };
        }
        // What waits for money must not be paid from the wallet of a customer who cannot use it.
        return s.Status == SubscriptionStatus.Suspended && !s.IsHeldByHand
            ? new(s with { IsHeldByHand = true, IsHeldWithCustomer = true }, [], [])
            : null;
    }

    /// <summary>Back with its customer when it stopped with it, otherwise null: into service when its money is there, else waiting for money from now on.</summary>
    public static DueStep? ResumeWithCustomer(Subscription s, DateTimeOffset at)
    {
        if (!s.IsHeldWithCustomer)
            return null;
        at = BillingAnchor.WholeSecond(at);
        var back = EnterAgain(s, at);
        var waiting = s with { IsHeldByHand = false, IsHeldWithCustomer = false, StoppedAt = at, Waited = 0 };
        return new(s.AutoRenew || back.NetMicros <= 0 ? back : null, new(waiting, [], []));
    }
}
