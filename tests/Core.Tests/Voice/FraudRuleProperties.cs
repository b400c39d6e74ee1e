using Balatrix.Core.Voice.Fraud;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Voice;

public sealed class FraudRuleProperties
{
    static readonly DateTimeOffset Start = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);

    static readonly Dictionary<FraudSubject, DateTimeOffset> NoPermits = [];

    [Fact]
    public void No_hour_has_more_calls_than_the_limit_and_none_is_refused_that_is_far_from_it() =>
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<(ushort[] Gaps, byte Most)>(), input =>
        {
            var most = input.Most % 8;
            var policy = new FraudPolicy { Limits = [new("x", LimitScope.All, LimitMeasure.Calls, most, false, FraudAction.Throttle)], SuddenChange = null };
            var (use, at, taken) = (new AccountUse(), Start, new List<DateTimeOffset>());
            foreach (var gap in input.Gaps)
            {
                at = at.AddSeconds(gap % 1500);
                var refused = FraudRules.Check(policy, new FraudFacts("IN", use, null, NoPermits), "919812345678", "", at).Length > 0;
                if (!refused)
                {
                    taken.Add(at);
                    use.Add(CalledDestination.Of("919812345678", ""), UseWindow.BucketOf(at), new(1, 0, 0));
                }
                else if (taken.Count(t => t > at.AddMinutes(-65)) < most)
                    return false;
            }
            return taken.TrueForAll(end => taken.Count(t => t <= end && t > end.AddHours(-1)) <= most);
        }));

    [Fact]
    public void A_sum_is_that_of_the_calls_of_its_buckets_in_whatever_order_they_came() =>
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<(byte[] Buckets, byte Last, byte Before, byte Forgotten)>(), input =>
        {
            var window = new UseWindow();
            for (var i = 0; i < input.Buckets.Length; i++)
                window.Add(input.Buckets[i], new(1, i, 10 * i));
            var counted = input.Buckets.Select((b, i) => (b, i)).Where(x => x.b <= input.Last && x.b >= input.Last - input.Before).ToList();
            var expected = new CallUse(counted.Count, counted.Sum(x => (long)x.i), counted.Sum(x => 10L * x.i));
            if (window.Sum(input.Last, input.Before) != expected)
                return false;
            window.Forget(input.Forgotten);
            var kept = counted.Where(x => x.b >= input.Forgotten).ToList();
            return window.Sum(input.Last, input.Before).Calls == kept.Count;
        }));

    [Fact]
    public void Any_text_at_all_is_a_number_to_the_rules() =>
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<string?>(), text =>
        {
            var found = FraudRules.Check(new FraudPolicy(), new FraudFacts("IN", new AccountUse(), null, NoPermits), text ?? "", text ?? "", Start);
            return found.All(f => f.Refuses && f.Reason.Length > 0);
        }));

    [Fact]
    public void What_staff_allow_is_found_no_more_until_its_time_is_over() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.Elements("870773111632", "5352123456", "449011234567", "25270123456").ToArbitrary(), ArbMap.Default.ArbFor<ushort>(), (number, minutes) =>
        {
            var facts = new FraudFacts("IN", new AccountUse(), null, NoPermits);
            var found = FraudRules.Check(new FraudPolicy(), facts, number, "", Start)[0];
            var until = Start.AddMinutes(minutes);
            var allowed = facts with { Permits = new Dictionary<FraudSubject, DateTimeOffset> { [found.Subject] = until } };
            return (minutes == 0 || FraudRules.Check(new FraudPolicy(), allowed, number, "", until.AddTicks(-1)).IsEmpty)
                && FraudRules.Check(new FraudPolicy(), allowed, number, "", until)[0].Subject == found.Subject;
        }));
}
