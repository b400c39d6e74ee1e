using System.Collections.Frozen;
using Balatrix.Core.Voice.Fraud;

namespace Balatrix.Core.Tests.Voice;

public sealed class FraudRuleCases
{
    static readonly DateTimeOffset At = new(2026, 11, 21, 9, 32, 10, TimeSpan.Zero);

    static readonly Dictionary<FraudSubject, DateTimeOffset> NoPermits = [];

    [Theory]
    [InlineData("919812345678", "IN", DestinationClass.Ordinary)]
    [InlineData("+442071838750", "GB", DestinationClass.Ordinary)]
    [InlineData("449011234567", "GB", DestinationClass.Premium)]
    [InlineData("447012345678", "GB", DestinationClass.Premium)]
    [InlineData("12065550100", "US", DestinationClass.Ordinary)]
    [InlineData("14165550100", "CA", DestinationClass.Ordinary)]
    [InlineData("18765550100", "JM", DestinationClass.Ordinary)]
    [InlineData("19005550100", "US", DestinationClass.Premium)]
    [InlineData("870773111632", "", DestinationClass.Satellite)]
    [InlineData("881631234567", "", DestinationClass.Satellite)]
    [InlineData("882161234567", "", DestinationClass.Satellite)]
    [InlineData("883510012345", "", DestinationClass.Satellite)]
    [InlineData("979112345678", "", DestinationClass.Premium)]
    [InlineData("5352123456", "CU", DestinationClass.Ordinary)]
    [InlineData("33899123456", "FR", DestinationClass.Premium)]
    [InlineData("33612345678", "FR", DestinationClass.Ordinary)]
    [InlineData("4915112345678", "DE", DestinationClass.Ordinary)]
    [InlineData("499001123456", "DE", DestinationClass.Premium)]
    [InlineData("393471234567", "IT", DestinationClass.Ordinary)]
    [InlineData("390612345678", "IT", DestinationClass.Ordinary)]
    [InlineData("971501234567", "AE", DestinationClass.Ordinary)]
    [InlineData("97143456789", "AE", DestinationClass.Ordinary)]
    [InlineData("966512345678", "SA", DestinationClass.Ordinary)]
    [InlineData("8613812345678", "CN", DestinationClass.Ordinary)]
    [InlineData("85291234567", "HK", DestinationClass.Ordinary)]
    [InlineData("9779812345678", "NP", DestinationClass.Ordinary)]
    [InlineData("77011234567", "KZ", DestinationClass.Ordinary)]
    [InlineData("79161234567", "RU", DestinationClass.Ordinary)]
    [InlineData("", "", DestinationClass.Ordinary)]
    [InlineData("0", "", DestinationClass.Ordinary)]
    [InlineData("sip:x", "", DestinationClass.Ordinary)]
    public void A_number_has_a_country_and_a_kind(string number, string country, DestinationClass kind) =>
        Assert.Equal(new CalledDestination(country, kind, "g"), CalledDestination.Of(number, "g"));

    [Fact]
    public void Every_risky_country_is_in_the_table_of_countries() => Assert.All(FraudPolicy.UsualRiskyCountries, c => Assert.True(CallingCodes.IsCountry(c), c));

    [Theory]
    [InlineData("870773111632", "+870")]
    [InlineData("449011234567", "+4490")]
    [InlineData("252901234567", "+2529")]
    [InlineData("252701234567", null)]
    [InlineData("883510012345", null)]
    [InlineData("883510099999", "+883")]
    [InlineData("449111234567", "+4491")]
    public void The_longest_of_blocked_allowed_and_special_ranges_holds(string number, string? subject)
    {
        var policy = new FraudPolicy { Blocked = ["2529"], Allowed = ["8835100123", "44"], HoldsFirstCalls = false };
        var found = Check(policy, number);
        Assert.Equal(subject, found.SingleOrDefault()?.Subject.Subject);
        Assert.All(found, f => Assert.True(f.Refuses));
    }

    [Fact]
    public void Ranges_that_the_tenant_does_not_block_are_open()
    {
        var policy = new FraudPolicy { BlocksPremium = false, BlocksSatellite = false };
        Assert.Empty(Check(policy, "870773111632"));
        Assert.Empty(Check(policy, "449011234567"));
    }

    [Fact]
    public void The_first_call_to_a_risky_country_is_held_until_it_is_allowed()
    {
        var found = Assert.Single(Check(new FraudPolicy(), "5352123456"));
        Assert.Equal((new FraudSubject("first_call", "CU"), true), (found.Subject, found.Refuses));
        var permits = new Dictionary<FraudSubject, DateTimeOffset> { [found.Subject] = At.AddHours(1) };
        Assert.Empty(Check(new FraudPolicy(), "5352123456", permits: permits));
        Assert.Single(Check(new FraudPolicy(), "5352123456", permits: permits, at: At.AddHours(1)));
        Assert.Empty(Check(new FraudPolicy(), "5352123456", home: "CU"));
        Assert.Empty(Check(new FraudPolicy { RiskyCountries = FrozenSet<string>.Empty }, "5352123456"));
    }

    [Theory]
    [InlineData(LimitMeasure.Calls, 3, 2, 0, 0, false)]
    [InlineData(LimitMeasure.Calls, 3, 3, 0, 0, true)]
    [InlineData(LimitMeasure.Calls, 0, 0, 0, 0, true)]
    [InlineData(LimitMeasure.Minutes, 10, 99, 599_999, 0, false)]
    [InlineData(LimitMeasure.Minutes, 10, 1, 600_000, 0, true)]
    [InlineData(LimitMeasure.Spend, 5_000_000, 99, 99, 4_999_999, false)]
    [InlineData(LimitMeasure.Spend, 5_000_000, 1, 1, 5_000_000, true)]
    public void A_limit_finds_the_call_that_would_pass_it(LimitMeasure measure, long most, long calls, long talkMs, long spend, bool isFound)
    {
        var use = new AccountUse();
        use.Add(CalledDestination.Of("442071838750", ""), UseWindow.BucketOf(At.AddMinutes(-50)), new(calls, talkMs, spend));
        use.Add(CalledDestination.Of("919812345678", ""), UseWindow.BucketOf(At), new(1000, 1_000_000_000, 1_000_000_000));
        var policy = new FraudPolicy { Limits = [new("x", new(LimitScopeKind.International, ""), measure, most, false, FraudAction.Throttle)], SuddenChange = null };
        Assert.Equal(isFound ? 1 : 0, Check(policy, "442071838750", use).Length);
        Assert.Empty(Check(policy, "919812345678", use));
    }

    [Theory]
    [InlineData("all", "919812345678", "India Mobile", true)]
    [InlineData("country:GB", "919812345678", "India Mobile", false)]
    [InlineData("country:IN", "919812345678", "India Mobile", true)]
    [InlineData("group:India Mobile", "919812345678", "India Mobile", true)]
    [InlineData("group:India", "919812345678", "India Mobile", false)]
    [InlineData("premium", "449011234567", "UK Premium", true)]
    [InlineData("satellite", "449011234567", "UK Premium", false)]
    [InlineData("satellite", "870773111632", "Inmarsat", true)]
    public void A_limit_counts_only_calls_of_its_destination(string scope, string number, string group, bool counts)
    {
        Assert.True(LimitScope.TryParse(scope, out var read));
        var use = new AccountUse();
        use.Add(CalledDestination.Of(number, group), UseWindow.BucketOf(At), new(7, 0, 0));
        Assert.Equal(counts ? 7 : 0, use.Sum(read, "IN", UseWindow.BucketOf(At), UseWindow.Hour).Calls);
        Assert.Equal(counts, read.Has(CalledDestination.Of(number, group), "IN"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("country:ZZ")]
    [InlineData("country:")]
    [InlineData("group:")]
    [InlineData("?")]
    [InlineData("International")]
    public void A_destination_that_is_none_is_not_read(string scope) => Assert.False(LimitScope.TryParse(scope, out _));

    [Theory]
    [InlineData(24, 10, 29, 0)]
    [InlineData(24, 10, 30, 1)]
    [InlineData(23, 10, 500, 0)]
    [InlineData(24, 1, 8, 0)]
    [InlineData(24, 1, 9, 1)]
    public void An_hour_unlike_the_account_is_found(int hours, long usualCalls, long calls, int found)
    {
        var use = new AccountUse();
        use.Add(CalledDestination.Of("919812345678", ""), UseWindow.BucketOf(At), new(calls, 0, 0));
        var policy = new FraudPolicy { SuddenChange = new(300, 10, null, 24, FraudAction.Suspend) };
        Assert.Equal(found, Check(policy, "919812345678", use, new UsualHour(hours, usualCalls, 0)).Length);
    }

    [Fact]
    public void An_hour_that_spends_unlike_the_account_is_found()
    {
        var use = new AccountUse();
        use.Add(CalledDestination.Of("919812345678", ""), UseWindow.BucketOf(At), new(1, 0, 3_000_001));
        var policy = new FraudPolicy { SuddenChange = new(300, 1_000, 3_000_000, 24, FraudAction.Alert) };
        Assert.Equal(new FraudSubject("sudden_change", "spend"), Assert.Single(Check(policy, "919812345678", use, new UsualHour(24, 1, 1_000_000))).Subject);
        Assert.Empty(Check(policy, "919812345678", use, new UsualHour(24, 1, 1_000_001)));
    }

    [Fact]
    public void Alerts_let_the_call_go_on_and_what_refuses_comes_last()
    {
        var use = new AccountUse();
        use.Add(CalledDestination.Of("442071838750", ""), UseWindow.BucketOf(At), new(10, 0, 0));
        VelocityLimit Limit(string name, FraudAction action) => new(name, LimitScope.All, LimitMeasure.Calls, 5, false, action);
        var policy = new FraudPolicy { Limits = [Limit("a", FraudAction.Alert), Limit("b", FraudAction.Throttle), Limit("c", FraudAction.Suspend)] };
        Assert.Equal([FraudAction.Alert, FraudAction.Throttle], Check(policy, "442071838750", use).Select(f => f.Action));
        Assert.Empty(Check(policy with { IsEnabled = false }, "870773111632", use));
    }

    static System.Collections.Immutable.ImmutableArray<FraudFinding> Check(
        FraudPolicy policy, string number, AccountUse? use = null, UsualHour? usual = null, IReadOnlyDictionary<FraudSubject, DateTimeOffset>? permits = null, string home = "IN", DateTimeOffset? at = null) =>
        FraudRules.Check(policy, new FraudFacts(home, use ?? new AccountUse(), usual, permits ?? NoPermits), number, "", at ?? At);
}
