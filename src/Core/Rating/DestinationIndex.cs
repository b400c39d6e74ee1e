using System.Numerics;

namespace Balatrix.Core.Rating;

/// <summary>
/// Longest prefix first, over digit prefixes of 1 to 18 digits. A prefix is packed into a number (its decimal value behind a 1)
/// and kept in an open-addressing table; a bitmap by the first three digits tells which lengths are worth a probe.
/// </summary>
sealed class DestinationIndex
{
    const int MaxDigits = 18;
    const int Lead = 3;

    readonly ulong[] keys;
    readonly int[] values;
    readonly int shift;
    readonly uint[] lengthsByLead = new uint[1000];
    readonly uint shortLengths;

    public DestinationIndex(string[] prefixes)
    {
        var count = prefixes.Count(IsDigits);
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, count * 2));
        shift = 64 - BitOperations.Log2((uint)size);
        keys = new ulong[size];
        values = new int[size];
        for (var i = 0; i < prefixes.Length; i++)
        {
            var prefix = prefixes[i];
            if (!IsDigits(prefix))
                continue;
            var packed = 1UL;
            foreach (var digit in prefix)
                packed = (packed * 10) + (uint)(digit - '0');
            Add(packed, i);
            if (prefix.Length < Lead)
                shortLengths |= 1u << prefix.Length;
            else
                lengthsByLead[LeadOf(prefix)] |= 1u << prefix.Length;
        }
    }

    public static bool IsDigits(string prefix) =>
        prefix.Length is > 0 and <= MaxDigits && !prefix.AsSpan().ContainsAnyExceptInRange('0', '9');

    public PrefixSearch Search(ReadOnlySpan<char> key)
    {
        var value = 1UL;
        var length = 0;
        while (length < key.Length && length < MaxDigits)
        {
            var digit = (uint)(key[length] - '0');
            if (digit > 9)
                return default;
            value = (value * 10) + digit;
            length++;
        }
        var lengths = shortLengths | (length >= Lead ? lengthsByLead[LeadOf(key)] : 0);
        lengths &= (2u << length) - 1;
        return new PrefixSearch(this, value, length, lengths);
    }

    void Add(ulong key, int value)
    {
        var slot = Slot(key);
        while (keys[slot] != 0)
            slot = (slot + 1) & (keys.Length - 1);
        keys[slot] = key;
        values[slot] = value;
    }

    bool TryGet(ulong key, out int value)
    {
        for (var slot = Slot(key); ; slot = (slot + 1) & (keys.Length - 1))
        {
            if (keys[slot] == key)
            {
                value = values[slot];
                return true;
            }
            if (keys[slot] == 0)
            {
                value = -1;
                return false;
            }
        }
    }

    int Slot(ulong key) => (int)((key * 0x9E3779B97F4A7C15) >> shift);

    static int LeadOf(ReadOnlySpan<char> digits) => ((digits[0] - '0') * 100) + ((digits[1] - '0') * 10) + digits[2] - '0';

    /// <summary>Walks the prefixes of one key that are in the index, longest first.</summary>
    public ref struct PrefixSearch(DestinationIndex index, ulong packed, int length, uint lengths)
    {
        ulong packed = packed;
        int length = length;
        uint lengths = lengths;

        public bool MoveNext(out int value)
        {
            while (lengths != 0)
            {
                var next = 31 - BitOperations.LeadingZeroCount(lengths);
                lengths &= ~(1u << next);
                for (; length > next; length--)
                    packed = DropLast(packed);
                if (index.TryGet(packed, out value))
                    return true;
            }
            value = -1;
            return false;
        }

        static ulong DropLast(ulong packed) => packed / 10;
    }
}
