using System.Text;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>What a command in the background answered. A list of all channels has megabytes, which are read as they are.</summary>
/// <param name="Utf8">The whole answer in UTF-8, where a caller can bring in other bytes.</param>
/// <param name="SentMicros">When FreeSWITCH sent it, by its clock: microseconds since 1970; null when it did not say.</param>
public readonly record struct JobResult(ReadOnlyMemory<byte> Utf8, long? SentMicros = null)
{
    /// <summary>The answer as one of a command that was waited for.</summary>
    public ApiReply Reply => ApiReply.Of(Encoding.UTF8.GetString(Utf8.Span));
}
