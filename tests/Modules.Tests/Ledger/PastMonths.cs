using System.Globalization;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Operations;
using Balatrix.Modules.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Ledger;

/// <summary>An account with a long past: new use is not looked for in each of its months, and yet no id is charged twice in any of them.</summary>
public sealed class PastMonths(TestCluster cluster) : IAsyncLifetime
{
    readonly AppWithClock app = new(cluster);
    long account;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    UsageKeyFilters Filters => app.Services.GetRequiredService<UsageKeyFilters>();

    DateTimeOffset Now => app.Machine.GetUtcNow();

    short ThisMonth => UsageMonth.Of(Now);

    public async ValueTask InitializeAsync()
    {
        await app.InitializeAsync();
        account = long.Parse((await app.OpenAccountAsync("100000.00"))["ACC-".Length..], CultureInfo.InvariantCulture);
        // The middle of a month, so that which months are past does not depend on the day of the test.
        app.Machine.Advance(UsageMonth.Start(ThisMonth + 1).AddDays(14) - Now);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task New_use_is_not_looked_up_in_months_whose_keys_are_known()
    {
        await ChargeAsync(100, back: 2, "old");
        await ChargeAsync(100, back: 1, "last");
        await ChargeAsync(1, back: 0, "first");
        app.Machine.Advance(TimeSpan.FromHours(3));
        await ChargeAsync(200, back: 0, "unknown");
        Assert.True(Filters.Lookups(ThisMonth - 1) >= 200);

        await MakeFiltersAsync();
        await ChargeAsync(1000, back: 0, "new");
        Assert.InRange(Filters.Lookups(ThisMonth - 1), 0, 100);
        Assert.InRange(Filters.Lookups(ThisMonth - 2), 0, 100);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task An_id_of_a_past_month_is_a_conflict_with_filters_and_the_same_use_again_is_answered()
    {
        await ChargeAsync(50, back: 2, "old");
        await ChargeAsync(50, back: 1, "last");
        app.Machine.Advance(TimeSpan.FromHours(3));
        await MakeFiltersAsync();
        Assert.True(Filters.Has(ThisMonth - 1) && Filters.Has(ThisMonth - 2));

        Assert.All(await SubmitAsync(50, back: 0, "old"), d => Assert.Equal(Refusal.Conflict, d.Refusal));
        Assert.All(await SubmitAsync(50, back: 0, "last"), d => Assert.Equal(Refusal.Conflict, d.Refusal));
        Assert.All(await SubmitAsync(50, back: 1, "old"), d => Assert.Equal(Refusal.Conflict, d.Refusal));
        Assert.All(await SubmitAsync(50, back: 2, "old"), d => Assert.True(d is { Accepted: true, IsRepeat: true }));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Late_use_that_a_filter_does_not_know_of_is_still_met()
    {
        await ChargeAsync(10, back: 2, "old");
        await ChargeAsync(10, back: 1, "last");
        app.Machine.Advance(TimeSpan.FromHours(3));
        await MakeFiltersAsync();

        // Another node may have taken it: this one learns of it from the account alone.
        await ChargeAsync(10, back: 2, "late");
        Assert.All(await SubmitAsync(10, back: 0, "late"), d => Assert.Equal(Refusal.Conflict, d.Refusal));
        app.Machine.Advance(TimeSpan.FromDays(3));
        Assert.All(await SubmitAsync(10, back: 0, "late"), d => Assert.Equal(Refusal.Conflict, d.Refusal));

        // A filter that was begun soon after late use may have missed a commit that was under way.
        await ChargeAsync(10, back: 1, "later");
        await MakeFiltersAsync();
        var before = Filters.Lookups(ThisMonth - 1);
        await ChargeAsync(10, back: 0, "new");
        Assert.True(Filters.Lookups(ThisMonth - 1) >= before + 10);
        Assert.All(await SubmitAsync(10, back: 0, "later"), d => Assert.Equal(Refusal.Conflict, d.Refusal));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_month_has_no_filter_before_the_clocks_of_all_nodes_have_left_it()
    {
        await ChargeAsync(10, back: 0, "present");
        await Filters.MakeAsync(ThisMonth, Stop);
        Assert.False(Filters.Has(ThisMonth));
        app.Machine.Advance(UsageMonth.Start(ThisMonth + 1).AddHours(1) - Now);
        await Filters.MakeAsync(ThisMonth - 1, Stop);
        Assert.False(Filters.Has(ThisMonth - 1));
        app.Machine.Advance(TimeSpan.FromHours(12));
        await Filters.MakeAsync(ThisMonth - 1, Stop);
        Assert.True(Filters.Has(ThisMonth - 1));
    }

    [Fact]
    public void A_filter_knows_all_that_was_added_and_little_else()
    {
        var filter = new KeyFilter(100_000);
        for (var i = 0; i < 100_000; i++)
            filter.Add(i % 777, EventKey.Of("test", $"{i}"));
        Assert.All(Enumerable.Range(0, 100_000), i => Assert.True(filter.MayHold(i % 777, EventKey.Of("test", $"{i}"))));
        Assert.InRange(Enumerable.Range(0, 100_000).Count(i => filter.MayHold(i % 777, EventKey.Of("other", $"{i}"))), 0, 2500);
        Assert.InRange(Enumerable.Range(0, 100_000).Count(i => filter.MayHold((i % 777) + 1, EventKey.Of("test", $"{i}"))), 0, 2500);
        Assert.Equal(KeyFilter.BytesFor(100_000), filter.Bytes);
        Assert.InRange(filter.Bytes, 125_000, 126_000);
    }

    async Task MakeFiltersAsync()
    {
        await Filters.MakeAsync(ThisMonth - 1, Stop);
        await Filters.MakeAsync(ThisMonth - 2, Stop);
    }

    async Task ChargeAsync(int count, int back, string name) =>
        Assert.All(await SubmitAsync(count, back, name), d => Assert.True(d is { Accepted: true, IsRepeat: false }, d.Refusal.ToString()));

    Task<Decision[]> SubmitAsync(int count, int back, string name)
    {
        var at = UsageMonth.Start(ThisMonth - back).AddDays(2);
        return app.Pipeline.SubmitAsync(SeedData.DefaultTenant, [.. Enumerable.Range(0, count).Select(i => new AccountOperation(account, new Charge(Call($"{name}-{i}", at.AddSeconds(i)), HasHappened: false)))], Stop);
    }

    static UsageEvent Call(string id, DateTimeOffset at) =>
        new("test", id, Service.VoiceOutbound, at, "447700900123", 1000, "", "447700900123", null);

    sealed class AppWithClock(TestCluster cluster) : TestApp(cluster)
    {
        public ManualClock Machine { get; } = new();

        protected override TimeProvider Clock => Machine;
    }
}
