using System.Text.Json;
using Balatrix.Core.Payments;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Payments;

/// <summary>Whatever comes, in whatever order and however often: the end is one, and money moves once.</summary>
public sealed class PaymentMachineProperties
{
    static readonly DateTimeOffset Epoch = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    sealed record Story(List<PaymentEvent> Events, List<int> Order, List<int> Repeats);

    static Gen<PaymentEvent> Events() => Gen.OneOf(
        from no in Gen.Choose(1, 3)
        from stage in Gen.Choose(1, 7)
        from reason in Gen.Elements("insufficient_funds", "expired_card", null)
        from hour in Gen.Choose(0, 5)
        select (PaymentEvent)new AttemptSeen(no, (AttemptStage)stage, reason, Epoch.AddHours(hour)),
        from payment in Gen.Choose(1, 2)
        select (PaymentEvent)new MoneyCaptured(payment, $"pay_{payment}", 1000),
        from refund in Gen.Choose(1, 4)
        from stage in Gen.Choose(1, 5)
        select (PaymentEvent)new RefundSeen($"r{refund}", $"pay_{1 + refund % 2}", 400 + refund, (RefundStage)stage, IsOurs: refund < 3),
        from dispute in Gen.Choose(1, 2)
        from stage in Gen.Choose(1, 3)
        select (PaymentEvent)new DisputeSeen($"d{dispute}", $"pay_{dispute}", 100, (DisputeStage)stage));

    static Gen<Story> Stories() =>
        from events in Gen.ListOf(Events(), 14)
        from order in Gen.ListOf(Gen.Choose(0, 1_000_000), 14)
        from repeats in Gen.ListOf(Gen.Choose(0, 13), 20)
        select new Story(events.ToList(), order.ToList(), repeats.ToList());

    [Fact]
    public void Any_order_and_any_repetition_end_in_the_same_state() => Prop.ForAll(Stories().ToArbitrary(), story =>
    {
        var straight = Tell(story.Events);
        var shuffled = story.Events.Select((e, i) => (e, i)).OrderBy(p => story.Order[p.i]).Select(p => p.e).ToList();
        foreach (var at in story.Repeats)
            shuffled.Insert(at, shuffled[at]);
        Assert.Equal(Text(straight), Text(Tell(shuffled)));
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    [Fact]
    public void Money_moves_once_for_its_cause_and_in_all_the_same_in_any_order() => Prop.ForAll(Stories().ToArbitrary(), story =>
    {
        var (net, posted) = Post(story.Events);
        var shuffled = story.Events.Select((e, i) => (e, i)).OrderBy(p => story.Order[p.i]).Select(p => p.e).Concat(story.Events).ToList();
        var (netShuffled, _) = Post(shuffled);
        Assert.Equal(net, netShuffled);
        var state = Tell(story.Events);
        Assert.Equal(state.CapturedMicros, posted.Where(p => p.Kind == MovementKind.Received).Sum(p => p.AmountMicros));
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    [Fact]
    public void What_was_posted_is_never_taken_out_of_what_is_to_be_posted() => Prop.ForAll(Stories().ToArbitrary(), story =>
    {
        var state = PaymentState.Empty;
        var before = new HashSet<Movement>();
        foreach (var learnt in story.Events)
        {
            state = PaymentMachine.Apply(state, learnt);
            var now = PaymentMachine.Movements(state).ToHashSet();
            Assert.Superset(before, now);
            before = now;
        }
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void A_refund_that_is_chosen_never_gives_back_more_than_was_taken() => Prop.ForAll(
        (from story in Stories() from asks in Gen.ListOf(Gen.Choose(-5, 1200), 6) select (story, asks.ToList())).ToArbitrary(), both =>
    {
        var state = Tell(both.story.Events.Where(e => e is not RefundSeen));
        var no = 0;
        foreach (var ask in both.Item2)
            if (PaymentMachine.RefundFrom(state, ask) is { } from)
                state = PaymentMachine.Apply(state, new RefundSeen($"ask{no++}", from, ask, RefundStage.Started, IsOurs: true));
        foreach (var id in state.Captures.Keys)
            Assert.True(state.RefundableMicros(id) >= 0 || state.Disputes.Count > 0);
        Assert.True(state.Refunds.Values.Sum(r => r.AmountMicros) <= state.CapturedMicros);
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    static PaymentState Tell(IEnumerable<PaymentEvent> events) => events.Aggregate(PaymentState.Empty, PaymentMachine.Apply);

    /// <summary>Posts after every event what is not posted yet, as the module does.</summary>
    static (long Net, HashSet<Movement> Posted) Post(IEnumerable<PaymentEvent> events)
    {
        var (state, posted) = (PaymentState.Empty, new HashSet<Movement>());
        foreach (var learnt in events)
        {
            state = PaymentMachine.Apply(state, learnt);
            posted.UnionWith(PaymentMachine.Movements(state));
        }
        Assert.Equal(posted.Count, posted.Select(p => (p.Kind, p.Key)).Distinct().Count());
        return (posted.Sum(p => p.Kind is MovementKind.Received or MovementKind.Restored ? p.AmountMicros : -p.AmountMicros), posted);
    }

    static string Text(PaymentState state) => JsonSerializer.Serialize(new { state.Status, state.Attempts, state.Captures, state.Refunds, state.Disputes });
}
