using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>Writes the stand-in's events: the headers of the captures, in their order.</summary>
sealed class StandInEvents(StandInFreeSwitch server)
{
    static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    static readonly Dictionary<string, (string File, string Function, string Line)> Sources = new(StringComparer.Ordinal)
    {
        ["CHANNEL_CREATE"] = ("switch_core_state_machine.c", "switch_core_session_run", "626"),
        ["CHANNEL_PARK"] = ("switch_ivr.c", "switch_ivr_park", "1002"),
        ["CHANNEL_UNPARK"] = ("switch_ivr.c", "switch_ivr_park", "1231"),
        ["CHANNEL_HANGUP"] = ("switch_channel.c", "switch_channel_perform_hangup", "3447"),
        ["CHANNEL_HANGUP_COMPLETE"] = ("switch_core_state_machine.c", "switch_core_session_reporting_state", "943"),
        ["CHANNEL_DATA"] = ("mod_commands.c", "uuid_dump_function", "6495"),
        ["SESSION_HEARTBEAT"] = ("switch_core_session.c", "sch_heartbeat_callback", "1850"),
    };

    // Thousands of calls tell much; a switch that is measured beside does not stop for its garbage.
    [ThreadStatic]
    static ArrayBufferWriter<byte>? written;

    [ThreadStatic]
    static Utf8JsonWriter? json;

    long sequence = 400;

    /// <summary>An event of a channel; the bridge's other leg is told when there is one.</summary>
    public void Of(string name, StandInChannel channel, bool isBridge = false)
    {
        if (server.IsHeard(name))
            server.Send(name, channel.Uuid, Json(name, channel, isBridge));
    }

    /// <summary>What `uuid_dump json` answers.</summary>
    public string Dump(StandInChannel channel) => System.Text.Encoding.UTF8.GetString(Json("CHANNEL_DATA", channel, false));

    /// <summary>An event about no channel.</summary>
    public void Plain(string name, string file, string function, IEnumerable<(string Name, string Value)> headers)
    {
        if (server.IsHeard(name))
            server.Send(name, null, Written(headers, name, file, function));
    }

    byte[] Written(IEnumerable<(string Name, string Value)> headers, string name, string file, string function) => Written(writer =>
    {
        Head(writer, name, (file, function, "1"));
        foreach (var (header, value) in headers)
            writer.WriteString(header, value);
    });

    /// <summary>The result of a job, which may be long: calls do not wait until it is written.</summary>
    public void Job(string id, string line, string result)
    {
        var words = line.Split(' ', 2);
        List<(string, string)> headers = [("Job-UUID", id), ("Job-Command", words[0])];
        if (words.Length > 1)
            headers.Add(("Job-Command-Arg", words[1]));
        headers.Add(("Content-Length", System.Text.Encoding.UTF8.GetByteCount(result).ToString()));
        headers.Add(("_body", result));
        var json = Written(headers, "BACKGROUND_JOB", "mod_event_socket.c", "api_exec");
        lock (server.Gate)
            server.Send("BACKGROUND_JOB", null, json);
    }

    public string Custom(string name, StandInCommand command)
    {
        var id = Guid.NewGuid().ToString();
        lock (server.Gate)
            server.Send(name, command["Unique-ID"], Written(writer =>
            {
                foreach (var (header, value) in command.Headers.Where(h => h.Key != "Content-Length").OrderBy(h => h.Key == "Event-Subclass" ? 0 : 1))
                    writer.WriteString(header, value);
                writer.WriteString("Event-UUID", id);
                Head(writer, name, ("mod_event_socket.c", "parse_command", "2415"));
                if (command.Body.Length > 0)
                {
                    writer.WriteString("Content-Length", System.Text.Encoding.UTF8.GetByteCount(command.Body).ToString());
                    writer.WriteString("_body", command.Body);
                }
            }));
        return id;
    }

    byte[] Json(string name, StandInChannel channel, bool isBridge) => Written(writer =>
    {
        Head(writer, name, Sources.GetValueOrDefault(name, ("switch_channel.c", "switch_channel_perform_mark", "3930")));
        if (isBridge && channel.Peer is { } other)
        {
            writer.WriteString("Bridge-A-Unique-ID", channel.Uuid);
            writer.WriteString("Bridge-B-Unique-ID", other.Uuid);
        }
        if (name == "CHANNEL_HANGUP_COMPLETE")
            writer.WriteString("Hangup-Cause", channel.HangupCause);
        foreach (var (header, value) in channel.Headers())
            writer.WriteString(header, value);
        if (channel.Peer is { } peer && channel.BridgedAt is not null)
            foreach (var (header, value) in channel.OtherLeg(peer))
                writer.WriteString(header, value);
        foreach (var (variable, value) in channel.AllVariables(name == "CHANNEL_HANGUP_COMPLETE"))
            writer.WriteString($"variable_{variable}", value);
    });

    void Head(Utf8JsonWriter writer, string name, (string File, string Function, string Line) source)
    {
        var now = server.Timers.Now.UtcDateTime;
        writer.WriteString("Event-Name", name);
        writer.WriteString("Core-UUID", server.CoreUuid);
        writer.WriteString("FreeSWITCH-Hostname", "vm");
        writer.WriteString("FreeSWITCH-Switchname", "fs-test-1");
        writer.WriteString("FreeSWITCH-IPv4", "127.0.0.1");
        writer.WriteString("FreeSWITCH-IPv6", "::1");
        writer.WriteString("Event-Date-Local", now.ToString("yyyy-MM-dd HH:mm:ss"));
        writer.WriteString("Event-Date-GMT", now.ToString("ddd, dd MMM yyyy HH:mm:ss 'GMT'"));
        writer.WriteString("Event-Date-Timestamp", StandInChannel.Micros(now));
        writer.WriteString("Event-Calling-File", source.File);
        writer.WriteString("Event-Calling-Function", source.Function);
        writer.WriteString("Event-Calling-Line-Number", source.Line);
        writer.WriteString("Event-Sequence", Interlocked.Increment(ref sequence).ToString());
    }

    static byte[] Written(Action<Utf8JsonWriter> write)
    {
        var buffer = written ??= new ArrayBufferWriter<byte>(64 * 1024);
        buffer.ResetWrittenCount();
        var writer = json ??= new Utf8JsonWriter(buffer, Writing);
        writer.Reset(buffer);
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
