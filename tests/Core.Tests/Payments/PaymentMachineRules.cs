using Balatrix.Core.Payments;

namespace Balatrix.Core.Tests.Payments;

/// <summary>The turns that gateways are known to take.</summary>
public sealed class PaymentMachineRules
{
    static readonly DateTimeOffset At = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_declined_payment_that_is_authorised_late_is_authorised() =>
        Assert.Equal(PaymentStatus.Authorized, Tell(Seen(AttemptStage.Failed, "payment_timed_out"), Seen(AttemptStage.Authorized)).Status);

    [Fact]
    public void The_word_of_an_authorisation_after_the_money_changes_nothing() =>
        Assert.Equal(PaymentStatus.Succeeded, Tell(new MoneyCaptured(1, "pay_1", 100), Seen(AttemptStage.Authorized), Seen(AttemptStage.Failed, "x")).Status);

    [Fact]
    public void A_call_without_an_answer_is_unknown_until_the_gateway_is_asked()
    {
        var unknown = Tell(Seen(AttemptStage.Started), Seen(AttemptStage.Unknown));
        Assert.Equal(PaymentStatus.Unknown, unknown.Status);
        Assert.False(unknown.MayRetry);
        Assert.Equal(PaymentStatus.Pending, PaymentMachine.Apply(unknown, Seen(AttemptStage.Processing)).Status);
    }

    [Fact]
    public void A_refund_that_is_heard_of_before_the_money_waits_for_it()
    {
        var early = Tell(new RefundSeen("rfnd_1", "pay_1", 40, RefundStage.Processed, IsOurs: false));
        Assert.Empty(PaymentMachine.Movements(early));
        var late = PaymentMachine.Apply(early, new MoneyCaptured(1, "pay_1", 100));
        Assert.Equal(PaymentStatus.PartiallyRefunded, late.Status);
        Assert.Equal([MovementKind.Received, MovementKind.Returned], PaymentMachine.Movements(late).Select(m => m.Kind));
    }

    [Fact]
    public void Money_of_a_refund_is_set_aside_before_the_gateway_knows_and_comes_back_when_it_fails()
    {
        var asked = Tell(new MoneyCaptured(1, "pay_1", 100), new RefundSeen("REF-1", "pay_1", 60, RefundStage.Started, IsOurs: true));
        Assert.Equal(PaymentStatus.Succeeded, asked.Status);
        Assert.Equal(40, asked.RefundableMicros("pay_1"));
        Assert.Contains(PaymentMachine.Movements(asked), m => m is { Kind: MovementKind.Returned, AmountMicros: 60 });
        var failed = PaymentMachine.Apply(asked, new RefundSeen("REF-1", "pay_1", 60, RefundStage.Failed, IsOurs: true));
        Assert.Equal(100, failed.RefundableMicros("pay_1"));
        Assert.Contains(PaymentMachine.Movements(failed), m => m is { Kind: MovementKind.Restored, AmountMicros: 60 });
    }

    [Fact]
    public void A_customer_who_pays_twice_has_paid_twice_and_gets_the_second_back_first()
    {
        var twice = Tell(new MoneyCaptured(1, "pay_1", 100), new MoneyCaptured(2, "pay_2", 100));
        Assert.Equal(200, twice.CapturedMicros);
        Assert.Equal("pay_2", PaymentMachine.RefundFrom(twice, 100));
        Assert.Null(PaymentMachine.RefundFrom(twice, 101));
    }

    [Fact]
    public void A_lost_dispute_takes_the_money_and_a_won_one_does_not()
    {
        var open = Tell(new MoneyCaptured(1, "pay_1", 100), new DisputeSeen("disp_1", "pay_1", 100, DisputeStage.Open));
        Assert.Equal(PaymentStatus.Disputed, open.Status);
        Assert.Null(PaymentMachine.RefundFrom(open, 1));
        Assert.Equal(PaymentStatus.Succeeded, PaymentMachine.Apply(open, new DisputeSeen("disp_1", "pay_1", 100, DisputeStage.Won)).Status);
        Assert.Contains(PaymentMachine.Movements(PaymentMachine.Apply(open, new DisputeSeen("disp_1", "pay_1", 100, DisputeStage.Lost))), m => m.Kind == MovementKind.ChargedBack);
    }

    [Theory]
    [InlineData(AttemptStage.Failed, true)]
    [InlineData(AttemptStage.Cancelled, true)]
    [InlineData(AttemptStage.Unknown, false)]
    [InlineData(AttemptStage.Processing, false)]
    [InlineData(AttemptStage.Authorized, false)]
    public void Only_what_has_a_final_answer_is_tried_again(AttemptStage stage, bool may) => Assert.Equal(may, Tell(Seen(stage)).MayRetry);

    [Fact]
    public void Names_are_read_as_they_are_written()
    {
        Assert.Equal("partially_refunded", PaymentNames.Name(PaymentStatus.PartiallyRefunded));
        Assert.All(Enum.GetValues<PaymentStatus>(), s => Assert.Equal(s, PaymentNames.ParseStatus(PaymentNames.Name(s))));
    }

    static AttemptSeen Seen(AttemptStage stage, string? decline = null) => new(1, stage, decline, At);

    static PaymentState Tell(params PaymentEvent[] events) => events.Aggregate(PaymentState.Empty, PaymentMachine.Apply);
}
