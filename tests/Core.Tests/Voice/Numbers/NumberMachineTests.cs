using Balatrix.Core.Voice.Numbers;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Voice.Numbers;

/// <summary>The life of a number, move by move and over any sequence of moves.</summary>
public sealed class NumberMachineTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    static readonly NumberState Reserved = new(NumberStatus.Reserved, 7, null, Now.AddMinutes(10));
    static readonly NumberState Assigned = new(NumberStatus.Assigned, 7, 70);
    static readonly NumberState Quarantined = new(NumberStatus.Quarantined, 7, null, Now.AddDays(30));
    static readonly NumberState Retired = new(NumberStatus.Retired);

    public static TheoryData<NumberStatus, NumberMove, bool> Table => new()
    {
        { NumberStatus.Available, NumberMove.Reserve, true }, { NumberStatus.Available, NumberMove.Assign, true },
        { NumberStatus.Available, NumberMove.Release, false }, { NumberStatus.Available, NumberMove.Retire, true },
        { NumberStatus.Reserved, NumberMove.Reserve, true }, { NumberStatus.Reserved, NumberMove.Assign, true },
        { NumberStatus.Reserved, NumberMove.Release, true }, { NumberStatus.Reserved, NumberMove.Retire, true },
        { NumberStatus.Assigned, NumberMove.Reserve, false }, { NumberStatus.Assigned, NumberMove.Assign, false },
        { NumberStatus.Assigned, NumberMove.Release, true }, { NumberStatus.Assigned, NumberMove.Retire, false },
        { NumberStatus.Quarantined, NumberMove.Reserve, false }, { NumberStatus.Quarantined, NumberMove.Assign, true },
        { NumberStatus.Quarantined, NumberMove.Release, false }, { NumberStatus.Quarantined, NumberMove.Retire, true },
        { NumberStatus.Retired, NumberMove.Reserve, false }, { NumberStatus.Retired, NumberMove.Assign, false },
        { NumberStatus.Retired, NumberMove.Release, false }, { NumberStatus.Retired, NumberMove.Retire, false },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Each_move_is_made_or_refused_with_what_is_allowed(NumberStatus status, NumberMove move, bool isLegal)
    {
        var (after, refusal) = NumberMachine.Move(StateOf(status), CommandOf(move, account: 7), Now);
        Assert.Equal(isLegal, after is not null);
        Assert.Equal(isLegal, refusal is null);
        if (refusal is not null)
        {
            Assert.Equal("illegal_move", refusal.Code);
            Assert.Equal(Table.Where(t => t.Data.Item1 == status && t.Data.Item3).Select(t => t.Data.Item2), refusal.Allowed);
        }
    }

    [Theory]
    [InlineData(NumberStatus.Reserved, NumberMove.Assign, "number_reserved")]
    [InlineData(NumberStatus.Reserved, NumberMove.Reserve, "number_reserved")]
    [InlineData(NumberStatus.Quarantined, NumberMove.Assign, "number_quarantined")]
    public void What_is_held_for_one_account_goes_to_no_other(NumberStatus status, NumberMove move, string code) =>
        Assert.Equal(code, NumberMachine.Move(StateOf(status), CommandOf(move, account: 8), Now).Refusal?.Code);

    [Fact]
    public void A_release_begins_the_quarantine_and_its_end_frees_the_number()
    {
        var released = NumberMachine.Move(Assigned, new ReleaseNumber(TimeSpan.FromDays(30)), Now).After!;
        Assert.Equal(Quarantined, released);
        Assert.Equal(Quarantined, NumberMachine.At(released, Now.AddDays(30).AddTicks(-1)));
        Assert.Equal(NumberState.Free, NumberMachine.At(released, Now.AddDays(30)));
        Assert.Equal(new(NumberStatus.Assigned, 8, 80), NumberMachine.Move(released, new AssignNumber(8, 80), Now.AddDays(30)).After);
    }

    [Fact]
    public void Without_a_quarantine_a_number_is_free_at_once() => Assert.Equal(NumberState.Free, NumberMachine.Move(Assigned, new ReleaseNumber(TimeSpan.Zero), Now).After);

    [Fact]
    public void A_reservation_that_is_let_go_needs_no_quarantine() => Assert.Equal(NumberState.Free, NumberMachine.Move(Reserved, new ReleaseNumber(TimeSpan.FromDays(30)), Now).After);

    [Fact]
    public void A_reservation_that_has_run_out_stops_nobody() =>
        Assert.Equal(new(NumberStatus.Assigned, 8, 80), NumberMachine.Move(Reserved, new AssignNumber(8, 80), Now.AddMinutes(10)).After);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1441)]
    public void A_reservation_is_for_some_time_and_at_most_a_day(int minutes) =>
        Assert.Equal("reservation_length", NumberMachine.Move(NumberState.Free, new ReserveNumber(7, Now.AddMinutes(minutes)), Now).Refusal?.Code);

    [Fact]
    public void Whatever_is_done_a_number_has_one_holder_and_a_quarantine_is_kept() => Prop.ForAll(Gen.ListOf(Acts(), 40).ToArbitrary(), acts =>
    {
        var (state, now) = (NumberState.Free, Now);
        foreach (var (move, account, seconds) in acts)
        {
            now = now.AddSeconds(seconds);
            var before = NumberMachine.At(state, now);
            var (after, refusal) = NumberMachine.Move(state, CommandOf(move, account, now), now);
            Assert.True((after is null) != (refusal is null));
            Assert.True(refusal is null || refusal.Code != "illegal_move" || !refusal.Allowed.Contains(move));
            if (after is null)
                continue;
            Assert.Equal(after.Status is NumberStatus.Assigned, after.SubscriptionId is not null);
            Assert.Equal(after.Status is NumberStatus.Reserved or NumberStatus.Assigned or NumberStatus.Quarantined, after.AccountId is not null);
            Assert.Equal(after.Status is NumberStatus.Reserved or NumberStatus.Quarantined, after.Until is not null);
            // Who had it is between a number and everybody else until time has passed.
            if (before.Status is NumberStatus.Quarantined or NumberStatus.Reserved && after.Status == NumberStatus.Assigned)
                Assert.Equal(before.AccountId, after.AccountId);
            if (before.Status == NumberStatus.Assigned)
                Assert.Equal(NumberStatus.Quarantined, after.Status);
            Assert.NotEqual(NumberStatus.Retired, before.Status);
            state = after;
        }
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    static Gen<(NumberMove Move, int Account, int Seconds)> Acts() =>
        from move in Gen.Frequency((4, Gen.Elements(NumberMove.Reserve, NumberMove.Assign, NumberMove.Release)), (1, Gen.Constant(NumberMove.Retire)))
        from account in Gen.Choose(1, 3)
        from seconds in Gen.Frequency((3, Gen.Choose(0, 900)), (1, Gen.Choose(0, 40 * 86_400)))
        select (move, account, seconds);

    static NumberState StateOf(NumberStatus status) => status switch
    {
        NumberStatus.Available => NumberState.Free,
        NumberStatus.Reserved => Reserved,
        NumberStatus.Assigned => Assigned,
        NumberStatus.Quarantined => Quarantined,
        _ => Retired,
    };

    static NumberCommand CommandOf(NumberMove move, long account, DateTimeOffset? now = null) => move switch
    {
        NumberMove.Reserve => new ReserveNumber(account, (now ?? Now).AddMinutes(10)),
        NumberMove.Assign => new AssignNumber(account, account * 10),
        NumberMove.Release => new ReleaseNumber(TimeSpan.FromDays(30)),
        _ => new RetireNumber(),
    };
}
