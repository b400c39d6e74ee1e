using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Balatrix.Modules.Ledger;

/// <summary>
/// Says of a key that it was surely not added, or that it may have been: a Bloom filter whose bits for a key are in one line of the
/// cache. With ten bits a key about one of a hundred that were not added may have been.
/// </summary>
sealed class KeyFilter
{
    const int BitsOfKey = 10;
    const int WordsOfBlock = 8;
    const int Probes = 6;
    const ulong Mixer = 0x9E3779B97F4A7C15;

    readonly ulong[] words;
    readonly ulong blocks;

    /// <summary>Makes an empty one.</summary>
    /// <param name="keys">As many as will be added; more only make it say "may be" more often.</param>
    public KeyFilter(long keys)
    {
        blocks = (ulong)(BytesFor(keys) / (WordsOfBlock * sizeof(ulong)));
        words = new ulong[blocks * WordsOfBlock];
    }

    /// <summary>What one for so many keys takes.</summary>
    public static long BytesFor(long keys) => ((keys * BitsOfKey / (WordsOfBlock * 64)) + 1) * WordsOfBlock * sizeof(ulong);

    /// <summary>What it takes.</summary>
    public long Bytes => words.LongLength * sizeof(ulong);

    /// <summary>Adds an account's key.</summary>
    public void Add(long accountId, Guid key)
    {
        var block = Place(accountId, key, out var bits);
        for (var i = 0; i < Probes; i++, bits >>= 9)
            block[(int)(bits >> 6) & 7] |= 1UL << (int)(bits & 63);
    }

    /// <summary>False when it was surely not added.</summary>
    public bool MayHold(long accountId, Guid key)
    {
        var block = Place(accountId, key, out var bits);
        for (var i = 0; i < Probes; i++, bits >>= 9)
            if ((block[(int)(bits >> 6) & 7] & (1UL << (int)(bits & 63))) == 0)
                return false;
        return true;
    }

    Span<ulong> Place(long accountId, Guid key, out ulong bits)
    {
        var halves = MemoryMarshal.Cast<Guid, ulong>(new ReadOnlySpan<Guid>(in key));
        var first = Mix(halves[0] ^ ((ulong)accountId * Mixer));
        bits = Mix(halves[1] ^ first);
        return words.AsSpan((int)(Math.BigMul(first, blocks, out _) * WordsOfBlock), WordsOfBlock);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 32)) * Mixer;
        return value ^ (value >> 29);
    }
}
