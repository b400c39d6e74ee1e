namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>Damages recorded bytes: flips, cuts, doubles, other lengths, or nothing but noise.</summary>
static class EslMutator
{
    static readonly byte[][] Poison = [.. new[] { "\n\n", "Content-Length: 99999999\n", "Content-Length: -5\n", "Content-Length: 0\n", "\r\n", "\"", "\\u", "{", "}", ":", "Content-Type: text/event-json\n", "Content-Type: text/disconnect-notice\n\n", "\0" }
        .Select(System.Text.Encoding.ASCII.GetBytes)];

    public static byte[] Next(Random chance, byte[][] sources)
    {
        if (chance.Next(10) == 0)
        {
            var noise = new byte[chance.Next(1, 2000)];
            chance.NextBytes(noise);
            return noise;
        }
        var source = sources[chance.Next(sources.Length)];
        var from = chance.Next(4) == 0 ? chance.Next(source.Length) : 0;
        var bytes = source.Skip(from).Take(chance.Next(1, 12_000)).ToList();
        for (var n = chance.Next(0, 5); n > 0; n--)
            Damage(chance, bytes);
        return [.. bytes];
    }

    static void Damage(Random chance, List<byte> bytes)
    {
        var at = chance.Next(bytes.Count + 1);
        switch (chance.Next(4))
        {
            case 0 when at < bytes.Count:
                bytes[at] = (byte)chance.Next(256);
                break;
            case 1:
                bytes.RemoveRange(at, Math.Min(chance.Next(1, 100), bytes.Count - at));
                break;
            case 2:
                bytes.InsertRange(at, bytes.Skip(chance.Next(bytes.Count + 1)).Take(chance.Next(200)).ToList());
                break;
            default:
                bytes.InsertRange(at, Poison[chance.Next(Poison.Length)]);
                break;
        }
    }
}
