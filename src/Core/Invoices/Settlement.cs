using System.Collections.Immutable;

namespace Balatrix.Core.Invoices;

/// <summary>Something that is owed on a document.</summary>
/// <param name="DocumentId">The invoice or debit note.</param>
/// <param name="OpenMicros">What is not settled of it.</param>
public readonly record struct OpenDocument(long DocumentId, long OpenMicros);

/// <summary>Money or credit that can settle documents.</summary>
/// <param name="ReceiptId">The receipt, or null.</param>
/// <param name="NoteId">The credit note, or null.</param>
/// <param name="FreeMicros">What is not allocated of it.</param>
public readonly record struct FreeCredit(long? ReceiptId, long? NoteId, long FreeMicros);

/// <summary>A credit settles a document by an amount.</summary>
public readonly record struct Allocation(long DocumentId, long? ReceiptId, long? NoteId, long AmountMicros);

/// <summary>Which credit settles which document.</summary>
public static class Settlement
{
    /// <summary>Each credit in turn settles the documents in turn; what is left on either side stays open.</summary>
    /// <param name="documents">In the order in which they are to be settled: named first, then by due date.</param>
    /// <param name="credits">In the order in which they came.</param>
    public static ImmutableArray<Allocation> Allocate(IReadOnlyList<OpenDocument> documents, IReadOnlyList<FreeCredit> credits)
    {
        var allocations = ImmutableArray.CreateBuilder<Allocation>();
        var (at, open) = (0, documents.Count > 0 ? documents[0].OpenMicros : 0);
        foreach (var credit in credits)
        {
            var free = credit.FreeMicros;
            while (free > 0 && at < documents.Count)
            {
                var amount = Math.Min(free, open);
                if (amount > 0)
                    allocations.Add(new(documents[at].DocumentId, credit.ReceiptId, credit.NoteId, amount));
                (free, open) = (free - amount, open - amount);
                if (open == 0 && ++at < documents.Count)
                    open = documents[at].OpenMicros;
            }
        }
        return allocations.ToImmutable();
    }
}
