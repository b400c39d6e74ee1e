namespace Balatrix.Modules.Tests.Voice;

/// <summary>Spoils bodies in the ways that networks, bugs and attackers do; the same seed gives the same bodies.</summary>
public sealed class BodyMutator(int seed, IReadOnlyList<byte[]> bodies)
{
    static readonly byte[][] Splinters =
    [
        [.. "99999999999999999999999999"u8], [.. "-1"u8], [.. "\\ud800"u8], [.. "\\u0000"u8], [0xFF, 0xFE], [0xED, 0xA0, 0x80], [0], [.. "%00"u8], [.. "%zz"u8], [.. "1e400"u8],
        [.. "[[[[[[[[[["u8], [.. "\"\"\""u8], [.. "<!DOCTYPE a [<!ENTITY b \"b\">]>"u8], [.. "&b;"u8], [.. "<![CDATA["u8], [.. "null"u8], [.. "\uFEFF"u8], [.. "{}"u8], [.. "\U0001F4A3"u8],
    ];

    readonly Random random = new(seed);

    public byte[] Next()
    {
        var body = bodies[random.Next(bodies.Count)].ToList();
        for (var changes = random.Next(1, 5); changes > 0 && body.Count > 0; changes--)
            Change(body);
        return [.. body];
    }

    void Change(List<byte> body)
    {
        var at = random.Next(body.Count);
        var length = random.Next(Math.Min(200, body.Count - at)) + 1;
        switch (random.Next(7))
        {
            case 0:
                body[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                body.RemoveRange(at, length);
                break;
            case 2:
                body.RemoveRange(at, body.Count - at);
                break;
            case 3:
                body.InsertRange(at, body.GetRange(at, length));
                break;
            case 4:
                var other = bodies[random.Next(bodies.Count)];
                var from = random.Next(other.Length);
                body.InsertRange(at, other.AsSpan(from, Math.Min(length, other.Length - from)).ToArray());
                break;
            case 5:
                body.InsertRange(at, Splinters[random.Next(Splinters.Length)]);
                break;
            default:
                var digit = body.FindIndex(at, b => b is >= (byte)'0' and <= (byte)'9');
                if (digit >= 0)
                    body.InsertRange(digit, Splinters[random.Next(2)]);
                break;
        }
    }
}
