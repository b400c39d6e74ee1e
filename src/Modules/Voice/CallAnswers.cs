using Balatrix.Modules.Usage;

namespace Balatrix.Modules.Voice;

/// <summary>A call record with its legs.</summary>
/// <param name="Cdr">As it was charged, with its rating trace.</param>
/// <param name="Legs">Its B legs.</param>
public sealed record CallView(UsageView Cdr, List<CallLeg> Legs);

/// <summary>What FreeSWITCH is told of a B leg.</summary>
/// <param name="Status">201 when it was new, 200 when it was known.</param>
/// <param name="Id">Its uuid.</param>
/// <param name="Leg">b.</param>
/// <param name="ALeg">The uuid of its A leg.</param>
/// <param name="Charged">False: B legs never are.</param>
public sealed record LegAnswer(int Status, string Id, string Leg, string ALeg, bool Charged);

/// <summary>A page of records that wait for a rate, latest first.</summary>
/// <param name="Items">With why they wait.</param>
/// <param name="Next">Give it as <c>cursor</c> to get the next page; null at the end.</param>
public sealed record UnratedPage(List<UnratedEvent> Items, string? Next);

/// <summary>What trying a kept record again came to.</summary>
/// <param name="Id">The kept record.</param>
/// <param name="Charged">Whether it is charged now.</param>
/// <param name="UsageId">The record that it became.</param>
/// <param name="Code">Why it was not charged.</param>
/// <param name="Title">Why, for people.</param>
public sealed record RetryAnswer(string Id, bool Charged, string? UsageId, string? Code, string? Title);

/// <summary>Sums over calls.</summary>
/// <param name="From">First instant.</param>
/// <param name="To">First instant after.</param>
/// <param name="Items">One for each group and currency.</param>
public sealed record CallSumsView(DateTimeOffset From, DateTimeOffset To, List<CdrReports.CallSums> Items);
