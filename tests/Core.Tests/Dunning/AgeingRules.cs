using Balatrix.Core.Dunning;

namespace Balatrix.Core.Tests.Dunning;

public sealed class AgeingRules
{
    [Theory]
    [InlineData("2026-01-31", "2026-01-01", AgeBucket.Current)]
    [InlineData("2026-01-31", "2026-01-31", AgeBucket.Current)]
    [InlineData("2026-01-31", "2026-02-01", AgeBucket.To30)]
    [InlineData("2026-01-31", "2026-03-02", AgeBucket.To30)]
    [InlineData("2026-01-31", "2026-03-03", AgeBucket.To60)]
    // A leap day is a day like others.
    [InlineData("2028-01-31", "2028-03-01", AgeBucket.To30)]
    [InlineData("2028-01-31", "2028-03-02", AgeBucket.To60)]
    [InlineData("2028-01-31", "2028-03-31", AgeBucket.To60)]
    [InlineData("2028-01-31", "2028-04-01", AgeBucket.To90)]
    [InlineData("2026-01-31", "2026-05-01", AgeBucket.To90)]
    [InlineData("2026-01-31", "2026-05-02", AgeBucket.Over90)]
    public void An_amount_stands_in_its_bucket(string due, string today, AgeBucket expected) =>
        Assert.Equal(expected, Ageing.BucketOf(DateOnly.Parse(due), DateOnly.Parse(today)));

    [Fact]
    public void Buckets_come_to_all_that_is_owed()
    {
        var today = new DateOnly(2026, 12, 31);
        var ageing = Enumerable.Range(-10, 150).Aggregate(default(Ageing), (a, days) => a.Add(today.AddDays(-days), today, 1));
        Assert.Equal(new Ageing(11, 30, 30, 30, 49), ageing);
        Assert.Equal((150, 139), (ageing.TotalMicros, ageing.OverdueMicros));
    }
}
