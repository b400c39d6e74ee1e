using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;

namespace Balatrix.Core.Tests.Charging;

/// <summary>What an account that owes too long may still do.</summary>
public sealed class BarsOfDunning
{
    static readonly DateTimeOffset Start = new(2026, 11, 19, 12, 0, 0, TimeSpan.Zero);
    static readonly Guid Id = new(1, 0, 0, new byte[8]);
    static readonly RateDeck Deck = RateDeck.Build("deck", "INR", [new() { Prefix = "91", Description = "India", RateMicros = 1_200_000 }], TimeZoneInfo.Utc, new HashSet<DateOnly>());
    static readonly PriceBook Prices = new(1, "plan", "INR", Enum.GetValues<Service>().ToDictionary(s => s, _ => new[] { Deck }));

    static AccountState Account(AccountBar bar, AccountStatus status = AccountStatus.Active) =>
        new() { AccountId = 1, Kind = AccountKind.Postpaid, Currency = "INR", CreditLimitMicros = 100_000_000, Bar = bar, Status = status };

    static Refusal Answer(AccountState state, Operation operation) => Core.Charging.Charging.Apply(state, operation, Prices, new Moment(Start, 0), null).Decision.Refusal;

    static UsageEvent Usage(Service service) => new("s", "1", service, Start, "91", 60_000, "", "", null);

    [Theory]
    [InlineData(AccountBar.None, Service.VoiceOutbound, Refusal.None)]
    [InlineData(AccountBar.Outgoing, Service.VoiceOutbound, Refusal.AccountRestricted)]
    [InlineData(AccountBar.Outgoing, Service.Sms, Refusal.AccountRestricted)]
    [InlineData(AccountBar.Outgoing, Service.Event, Refusal.AccountRestricted)]
    [InlineData(AccountBar.Outgoing, Service.VoiceInbound, Refusal.None)]
    [InlineData(AccountBar.All, Service.VoiceInbound, Refusal.AccountSuspended)]
    [InlineData(AccountBar.All, Service.VoiceOutbound, Refusal.AccountSuspended)]
    public void New_use_is_barred_and_use_that_happened_is_charged(AccountBar bar, Service service, Refusal expected)
    {
        Assert.Equal(expected, Answer(Account(bar), new Charge(Usage(service), HasHappened: false)));
        Assert.Equal(expected, Answer(Account(bar), new Reserve(Id, Usage(service), null, false, Start.AddMinutes(5))));
        Assert.Equal(Refusal.None, Answer(Account(bar), new Charge(Usage(service), HasHappened: true)));
    }

    [Fact]
    public void A_call_that_goes_on_may_go_on_while_outgoing_use_is_barred_and_is_settled_in_any_case()
    {
        var calling = Core.Charging.Charging.Apply(Account(AccountBar.None), new Reserve(Id, Usage(Service.VoiceOutbound), null, false, Start.AddMinutes(5)), Prices, new Moment(Start, 0), null).State;
        var extend = new Extend(Id, 1, 60_000, null, false, Start.AddMinutes(6));
        Assert.Equal(Refusal.None, Answer(calling with { Bar = AccountBar.Outgoing }, extend));
        Assert.Equal(Refusal.AccountSuspended, Answer(calling with { Bar = AccountBar.All }, extend));
        Assert.Equal(Refusal.None, Answer(calling with { Bar = AccountBar.All }, new Settle(Id, Usage(Service.VoiceOutbound), null)));
    }

    [Theory]
    [InlineData(AccountStatus.Suspended, AccountBar.None, Refusal.AccountSuspended)]
    [InlineData(AccountStatus.Suspended, AccountBar.Outgoing, Refusal.AccountSuspended)]
    [InlineData(AccountStatus.Closed, AccountBar.All, Refusal.AccountClosed)]
    public void What_staff_stopped_stays_stopped(AccountStatus status, AccountBar bar, Refusal expected) =>
        Assert.Equal(expected, Answer(Account(bar, status), new Charge(Usage(Service.VoiceInbound), HasHappened: false)));
}
