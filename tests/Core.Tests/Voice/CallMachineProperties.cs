using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Core.Voice;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Voice;

/// <summary>Whatever happens, in whatever order, and whatever is lost: the customer pays the rated price of the answered time, once, out of what he has.</summary>
public sealed class CallMachineProperties
{
    static readonly DateTimeOffset Start = new(2026, 11, 21, 18, 20, 0, TimeSpan.Zero);
    static readonly CallTerms Terms = new(SliceMs: 20_000, WarnMs: 5_000, MostMs: 600_000, GraceMs: 30_000, HeartbeatMs: 5_000);

    sealed record Happening(int Kind, int Call, int Ms);

    sealed record Run(List<Happening> Happenings, long BalanceMicros, bool[] RecordsCome, int Increment);

    static Gen<Happening> Happenings() =>
        from kind in Gen.Choose(0, 19)
        from call in Gen.Choose(0, 2)
        from ms in Gen.Choose(1, 9_000)
        select new Happening(kind, call, ms);

    static Gen<Run> Runs() =>
        from happenings in Gen.ListOf(Happenings(), 150)
        from balance in Gen.Elements(0L, 150_000L, 900_000L, 3_000_000L, 500_000_000L)
        from comes in Gen.ArrayOf(Gen.Elements(true, false), 3)
        from increment in Gen.Elements(1, 15)
        select new Run([.. happenings], balance, comes, increment);

    [Fact]
    public void Every_call_is_paid_once_and_exactly_and_never_beyond_what_was_there() => Prop.ForAll(Runs().ToArbitrary(), run =>
    {
        var ledger = new SimulatedLedger(
            new AccountState { AccountId = 1, Kind = AccountKind.Prepaid, Currency = "INR", BalanceMicros = run.BalanceMicros }, Prices(run.Increment));
        var calls = Enumerable.Range(0, 3).Select(n => new SimulatedCall(n, ledger, Start, Terms)).ToArray();
        foreach (var happening in run.Happenings)
            Happen(calls, happening, run);
        Quieten(calls, run);
        foreach (var (call, comes) in calls.Zip(run.RecordsCome))
            Check(call, ledger, comes);
        // What left the balance is what was paid for calls, to the last micro-unit, and never more than was there.
        Assert.Equal(run.BalanceMicros - ledger.State.BalanceMicros, calls.Sum(c => ledger.PaidFor(c.Id) ?? 0));
        Assert.True(ledger.State.BalanceMicros >= 0);
        Assert.Equal((0L, 0), (ledger.State.HeldMicros, ledger.State.OpenCalls));
        Assert.True(ledger.Charges <= 3);
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    static void Check(SimulatedCall call, SimulatedLedger ledger, bool recordCame)
    {
        var paid = ledger.PaidFor(call.Id);
        if (!call.WasLetThrough)
        {
            Assert.True(paid is null or 0, $"{call.Id} never went on and paid {paid}");
            return;
        }
        var facts = call.Switch.Facts;
        var due = ledger.PriceOf(call.Usage(facts.AnsweredAt ?? Start, facts.TalkMs));
        Assert.True(paid is not null, $"{call.Id} was let through and not settled");
        var slice = ledger.PriceOf(call.Usage(Start, Terms.SliceMs));
        if (recordCame)
        {
            // The rated price of the answered time, all of it paid but for what was not there: a slice at most.
            Assert.InRange(due - paid.Value, 0, slice);
            if (!ledger.IsCorrected(call.Id))
                Assert.Equal(due - paid.Value, ledger.ShortfallOf(call.Id));
        }
        else
        {
            Assert.InRange(paid.Value, 0, Math.Max(due, ledger.PriceOf(call.Usage(facts.AnsweredAt ?? Start, facts.TalkMs + Terms.SliceMs))));
            Assert.InRange(ledger.ShortfallOf(call.Id), 0, slice);
        }
    }

    static void Happen(SimulatedCall[] calls, Happening happening, Run run)
    {
        var call = calls[happening.Call];
        call.Trouble = happening.Kind % 7 == 6 ? 1 + (happening.Ms % 2) : 0;
        switch (happening.Kind)
        {
            case <= 4:
                foreach (var each in calls)
                    each.Switch.Advance(TimeSpan.FromMilliseconds(happening.Ms));
                foreach (var each in calls)
                    each.Wake();
                break;
            case <= 8 when call.Switch.Events.TryDequeue(out var next):
                call.Deliver(next);
                break;
            case 9 when call.Switch.Events.TryPeek(out var twice):
                call.Deliver(twice);
                break;
            case 10:
                call.Switch.Events.TryDequeue(out _);
                break;
            case 11 or 12:
                call.Switch.Answer();
                break;
            case 13 when happening.Ms % 3 == 0:
                call.Switch.HangUp();
                break;
            case 14:
                call.Switch.Heartbeat();
                call.Keep();
                break;
            case 15 when happening.Ms % 2 == 0:
                call.Crash();
                break;
            case 16 or 15:
                call.Restart();
                call.Snapshot();
                break;
            case 17:
                call.Snapshot();
                break;
            case 18 when run.RecordsCome[happening.Call]:
                call.Record();
                break;
            default:
                call.Wake();
                break;
        }
        call.Trouble = 0;
    }

    /// <summary>All that was delayed happens: the processes are there, the switch is asked, guards cut, and records come that come at all.</summary>
    static void Quieten(SimulatedCall[] calls, Run run)
    {
        foreach (var call in calls)
            call.Restart();
        for (var i = 0; i < 400; i++)
        {
            foreach (var call in calls)
            {
                call.Switch.Advance(TimeSpan.FromSeconds(2));
                if (i == 20 || (call.Switch.IsLive && i > 350))
                    call.Switch.HangUp();
                call.Switch.Heartbeat();
                while (call.Switch.Events.TryDequeue(out var next))
                    call.Deliver(next);
                call.Snapshot();
                call.Wake();
            }
        }
        foreach (var (call, comes) in calls.Zip(run.RecordsCome))
        {
            if (!comes)
                continue;
            call.Record();
            call.Record();
        }
    }

    static PriceBook Prices(int increment) => new(1, "plan", "INR", new Dictionary<Service, RateDeck[]>
    {
        [Service.VoiceOutbound] = [RateDeck.Build(
            "deck", "INR",
            // Crosses midnight in Kolkata ten minutes after the calls begin, when the night's price begins.
            [
                new Rate { Prefix = "91", RateMicros = 1_200_000, IncrementSeconds = increment, Decimals = 6, FromTime = 6 * 3600, ToTime = 86_400 },
                new Rate { Prefix = "91", RateMicros = 600_000, IncrementSeconds = increment, Decimals = 6, FromTime = 0, ToTime = 6 * 3600 },
            ],
            TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata"), new HashSet<DateOnly>())],
    });
}
