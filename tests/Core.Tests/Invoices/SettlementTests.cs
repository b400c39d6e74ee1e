using Balatrix.Core.Invoices;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Invoices;

/// <summary>Which credit settles which document.</summary>
public sealed class SettlementTests
{
    [Fact]
    public void Whatever_is_owed_and_paid_nothing_is_settled_twice_and_nothing_free_is_left_while_something_is_open() => Prop.ForAll(
        ArbMap.Default.ArbFor<(PositiveInt[] Open, PositiveInt[] Free)>(),
        (parts) =>
        {
            var documents = parts.Open.Select((o, i) => new OpenDocument(i, o.Get)).ToList();
            var credits = parts.Free.Select((f, i) => new FreeCredit(i % 2 == 0 ? i : null, i % 2 == 0 ? null : i, f.Get)).ToList();
            var made = Settlement.Allocate(documents, credits);
            Assert.All(made, m => Assert.True(m.AmountMicros > 0));
            Assert.All(documents, d => Assert.True(made.Where(m => m.DocumentId == d.DocumentId).Sum(m => m.AmountMicros) <= d.OpenMicros));
            Assert.All(credits, c => Assert.True(made.Where(m => m.ReceiptId == c.ReceiptId && m.NoteId == c.NoteId).Sum(m => m.AmountMicros) <= c.FreeMicros));
            Assert.Equal(Math.Min(documents.Sum(d => d.OpenMicros), credits.Sum(c => c.FreeMicros)), made.Sum(m => m.AmountMicros));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Documents_are_settled_in_their_order_by_credits_in_theirs() => Assert.Equal(
        [new Allocation(1, 7, null, 60), new(1, null, 8, 40), new(2, null, 8, 30)],
        Settlement.Allocate([new(1, 100), new(2, 50)], [new(7, null, 60), new(null, 8, 70)]));
}
