namespace Balatrix.Modules.Tests.Voice;

/// <summary>Real bodies, damaged: bits flipped, cut, doubled, spliced, numbers blown up.</summary>
static class Mutations
{
    static readonly byte[][] Inserts = ["99999999999999999999999999"u8.ToArray(), "-1"u8.ToArray(), "\0"u8.ToArray(), "\\u0000"u8.ToArray(), "\\ud800"u8.ToArray(), "%00"u8.ToArray(), "{{{{{{{{"u8.ToArray(), "<a><a><a>"u8.ToArray(), [0xFF, 0xFE]];

    public static byte[] Of(byte[][] bodies, Random random)
    {
        var body = bodies[random.Next(bodies.Length)].ToArray();
        for (var times = random.Next(1, 6); times > 0 && body.Length > 8; times--)
        {
            var at = random.Next(body.Length);
            var insert = Inserts[random.Next(Inserts.Length)];
            body = random.Next(6) switch
            {
                0 => Flip(body, at, random),
                1 => body[..at],
                2 => [.. body[..at], .. body[(at / 2)..]],
                3 => [.. body[..at], .. insert, .. body[at..]],
                4 => [.. body[..at], .. insert, .. body[Math.Min(body.Length, at + insert.Length)..]],
                _ => [.. body[..at], .. bodies[random.Next(bodies.Length)].AsSpan()[^8..]],
            };
        }
        return body;
    }

    static byte[] Flip(byte[] body, int at, Random random)
    {
        body[at] ^= (byte)(1 << random.Next(8));
        return body;
    }
}
