using System.Collections.Immutable;
using Balatrix.Core.Dunning;
using FsCheck;
using FsCheck.Fluent;
using Pursuit = Balatrix.Core.Dunning.Dunning;

namespace Balatrix.Core.Tests.Dunning;

public sealed class DunningRules
{
    const long Rupee = Money.MicrosPerUnit;

    /// <summary>Runs dunning on some days; one line for each step.</summary>
    static List<string> Run(DunningPolicy policy, DateOnly due, IEnumerable<DateOnly> days, Func<DateOnly, long>? unpaid = null)
    {
        var state = DunningState.New;
        var lines = new List<string>();
        foreach (var today in days)
        {
            var (steps, after) = Pursuit.Next(new(due, unpaid?.Invoke(today) ?? 1000 * Rupee, state), policy, today);
            state = after;
            lines.AddRange(steps.Select(s => $"{today:MM-dd} {s.Action} {s.Day} {Money.Format(s.AmountMicros)}" + (s.Number > 0 ? $" #{s.Number}" : "")));
        }
        return lines;
    }

    static IEnumerable<DateOnly> Days(DateOnly from, int count) => Enumerable.Range(0, count).Select(from.AddDays);

    [Fact]
    public void An_unpaid_invoice_goes_through_all_stages_once() => Assert.Equal(
        [
            "03-28 Remind -3 1000.00", "03-31 Remind 0 1000.00", "04-03 Remind 3 1000.00", "04-07 Restrict 7 1000.00",
            "04-15 Suspend 15 1000.00", "04-30 ProposeWriteoff 30 1000.00",
        ],
        Run(DunningPolicy.Default, new(2026, 3, 31), Days(new(2026, 3, 1), 400).SelectMany(d => new[] { d, d })));

    [Fact]
    public void Missed_days_bring_the_latest_reminder_and_one_bar_a_day()
    {
        var due = new DateOnly(2028, 2, 25);
        Assert.Equal(["02-29 Remind 3 1000.00"], Run(DunningPolicy.Default, due, Days(new(2028, 2, 29), 3)));
        Assert.Equal(
            ["05-01 Restrict 7 1000.00", "05-02 Suspend 15 1000.00", "05-03 ProposeWriteoff 30 1000.00"],
            Run(DunningPolicy.Default, due, Days(new(2028, 5, 1), 30)));
    }

    [Fact]
    public void What_is_paid_in_part_is_pursued_for_the_rest_and_what_is_paid_is_left_alone()
    {
        var due = new DateOnly(2026, 4, 10);
        Assert.Equal(
            ["04-07 Remind -3 1000.00", "04-10 Remind 0 1000.00", "04-13 Remind 3 250.00"],
            Run(DunningPolicy.Default, due, Days(new(2026, 4, 1), 60), day => day.Day switch { _ when day < new DateOnly(2026, 4, 12) => 1000, _ when day < new DateOnly(2026, 4, 15) => 250, _ => 0 } * Rupee));
    }

    [Fact]
    public void A_fee_by_share_is_charged_each_month_on_what_is_unpaid_then()
    {
        var policy = new DunningPolicy([], new(1, 0, 150, IsMonthly: true), null);
        Assert.Equal(
            ["01-31 ChargeFee 1 15.00 #1", "02-28 ChargeFee 1 15.00 #2", "03-31 ChargeFee 1 5.00 #3", "04-30 ChargeFee 1 5.00 #4"],
            Run(policy, new(2026, 1, 30), Days(new(2026, 1, 1), 130), day => (day.Month < 3 ? 1000 : 333) * Rupee));
    }

    [Fact]
    public void Missed_months_of_a_fee_are_charged_together_and_a_single_fee_once()
    {
        var days = new[] { new DateOnly(2026, 4, 15), new DateOnly(2026, 4, 15), new DateOnly(2026, 4, 16) };
        Assert.Equal(
            ["04-15 ChargeFee 5 100.00 #1", "04-15 ChargeFee 5 100.00 #2", "04-15 ChargeFee 5 100.00 #3"],
            Run(new([], new(5, 100 * Rupee, 0, IsMonthly: true), null), new(2026, 1, 31), days));
        Assert.Equal(["04-15 ChargeFee 5 100.00 #1"], Run(new([], new(5, 100 * Rupee, 0, IsMonthly: false), null), new(2026, 1, 31), days));
    }

    [Theory]
    [InlineData("100.00", 150, "1.50")]
    [InlineData("33.33", 150, "0.50")]
    [InlineData("33.00", 150, "0.50")]
    [InlineData("32.99", 150, "0.49")]
    [InlineData("0.01", 1, "0.00")]
    [InlineData("99999999999.99", 10_000, "99999999999.99")]
    public void A_share_is_rounded_half_up_to_the_paisa(string unpaid, int basisPoints, string fee)
    {
        Assert.True(Money.TryParse(unpaid, out var micros));
        Assert.Equal(fee, Money.Format(new LateFee(1, 0, basisPoints, false).Of(micros)));
    }

    [Fact]
    public void A_debt_is_given_up_once_when_the_policy_says_so() => Assert.Equal(
        ["04-02 Remind 1 1000.00", "05-31 WriteOff 60 1000.00"],
        Run(new([new(1, DunningAction.Remind), new(90, DunningAction.Remind)], null, 60), new(2026, 4, 1), Days(new(2026, 4, 1), 200)));

    static readonly DateOnly Start = new(2024, 1, 1);

    static Gen<DunningPolicy> Policies() =>
        from days in Gen.ListOf(Gen.Choose(-30, 120), 8)
        from restrict in Gen.Choose(0, 8)
        from suspend in Gen.Choose(0, 8)
        from fee in Gen.Elements<LateFee?>(null, new(3, 5 * Rupee, 0, false), new(1, 0, 200, true), new(20, 0, 5, true))
        from writeOff in Gen.Elements<int?>(null, 45, 100)
        let distinct = days.Distinct().Order().ToList()
        select new DunningPolicy([.. distinct.Select((d, i) => new DunningStage(d, d < 1 ? DunningAction.Remind : i == restrict ? DunningAction.Restrict : i == suspend && suspend > restrict ? DunningAction.Suspend : DunningAction.Remind))], fee, writeOff);

    static Gen<(DunningPolicy Policy, DateOnly Due, List<DateOnly> Days)> Runs() =>
        from policy in Policies()
        from due in Gen.Choose(0, 1500)
        from days in Gen.ListOf(Gen.Choose(-40, 200), 60)
        select (policy, Start.AddDays(due), days.Order().Select(d => Start.AddDays(due + d)).ToList());

    [Fact]
    public void No_step_comes_twice_early_or_out_of_order_on_whatever_days_it_runs() => Prop.ForAll(Runs().ToArbitrary(), run =>
    {
        var state = DunningState.New;
        var (stages, fees, lastDay) = (new List<int>(), 0, int.MinValue);
        foreach (var today in run.Days)
        {
            var (steps, after) = Pursuit.Next(new(run.Due, 100 * Rupee, state), run.Policy, today);
            var again = Pursuit.Next(new(run.Due, 100 * Rupee, after), run.Policy, today);
            if (!again.Steps.IsEmpty || again.After != after || steps.Any(s => run.Due.AddDays(s.Day) > today))
                return false;
            if (steps.Count(s => s.Action != DunningAction.ChargeFee) > 1)
                return false;
            foreach (var step in steps)
            {
                if (step.Action == DunningAction.ChargeFee ? step.Number != ++fees : step.Action != DunningAction.WriteOff && step.Day <= lastDay)
                    return false;
                if (step.Action is not (DunningAction.ChargeFee or DunningAction.WriteOff))
                    stages.Add(lastDay = step.Day);
                if (step.Action == DunningAction.WriteOff && state.IsWrittenOff)
                    return false;
            }
            state = after;
        }
        return stages.TrueForAll(d => run.Policy.Stages.Any(s => s.Day == d));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_next_day_named_is_the_next_day_on_which_something_is_done() => Prop.ForAll(
        (from policy in Policies()
         from due in Gen.Choose(0, 1500)
         from ran in Gen.ListOf(Gen.Choose(-40, 130), 6)
         from wait in Gen.Choose(0, 60)
         select (policy, Due: Start.AddDays(due), Ran: ran.Order().Select(d => Start.AddDays(due + d)).ToList(), wait)).ToArbitrary(), run =>
    {
        var state = run.Ran.Aggregate(DunningState.New, (s, day) => Pursuit.Next(new(run.Due, 100 * Rupee, s), run.policy, day).After);
        var today = run.Ran[^1].AddDays(run.wait);
        var expected = Days(today, 400).FirstOrDefault(d => Pursuit.Next(new(run.Due, 100 * Rupee, state), run.policy, d).Steps.Length > 0);
        return Pursuit.NextOn(new(run.Due, 100 * Rupee, state), run.policy, today) == (expected == default ? null : expected);
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("7:Restrict,3:Remind", "stages")]
    [InlineData("3:Remind,3:Remind", "stages")]
    [InlineData("0:Restrict", "stages")]
    [InlineData("7:Suspend,9:Restrict", "stages")]
    [InlineData("7:Suspend,9:Suspend", "stages")]
    [InlineData("7:WriteOff", "stages")]
    [InlineData("366:Remind", "stages")]
    [InlineData("-31:Remind", "stages")]
    [InlineData("-30:Remind,7:Restrict,9:Suspend,365:ProposeWriteoff", null)]
    [InlineData("", null)]
    public void A_policy_is_checked(string stages, string? field) => Assert.Equal(field, new DunningPolicy(Parse(stages), null, null).Fault()?.Field);

    [Theory]
    [InlineData(0, 100, 0, null, "lateFee")]
    [InlineData(1, 0, 0, null, "lateFee")]
    [InlineData(1, 100, 100, null, "lateFee")]
    [InlineData(1, 0, 10_001, null, "lateFee")]
    [InlineData(1, -1, 0, null, "lateFee")]
    [InlineData(1, 100, 0, 29, "writeOffAfterDays")]
    [InlineData(1, 100, 0, 30, null)]
    public void A_fee_and_a_write_off_are_checked(int day, long rupees, int basisPoints, int? writeOff, string? field) =>
        Assert.Equal(field, new DunningPolicy([], new(day, rupees * Rupee, basisPoints, true), writeOff).Fault()?.Field);

    [Fact]
    public void The_default_policy_is_without_fault() => Assert.Null(DunningPolicy.Default.Fault());

    static ImmutableArray<DunningStage> Parse(string stages) =>
        [.. stages.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(s => s.Split(':')).Select(s => new DunningStage(int.Parse(s[0]), Enum.Parse<DunningAction>(s[1])))];
}
