using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>The stand-in's api commands, with the answers of the captures.</summary>
sealed class StandInApi(StandInFreeSwitch server)
{
    const string NoChannel = "-ERR No such channel!\n";

    public string Run(string line)
    {
        if (server.Misbehaviour.Answers?.Invoke(line) is { } other)
            return other;
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is ["show", _, ..])
            return Show(words[1..]);
        lock (server.Gate)
        {
            return words is [var command, .. var arguments] ? Do(command, arguments, line) is { Length: > 0 } answer ? answer : "-ERR no reply\n" : "-ERR no reply\n";
        }
    }

    public string SendMessage(string uuid, StandInCommand command)
    {
        lock (server.Gate)
        {
            if (server.Find(uuid) is not { } channel)
                return $"-ERR invalid session id [{uuid}]";
            if (command["call-command"] == "hangup")
                channel.Hangup(StandInCauses.Name(command["hangup-cause"] ?? "NORMAL_CLEARING"));
            else if (command["execute-app-name"] == "respond" && command["execute-app-arg"] is { } answer)
                channel.Hangup("CALL_REJECTED", int.Parse(answer.Split(' ')[0]));
            else if (command["execute-app-name"] is "playback" && command["execute-app-arg"] is { } what)
                channel.Play(what);
            return "+OK";
        }
    }

    string Do(string command, string[] a, string line) => (command, a) switch
    {
        ("status", _) => "UP 0 years, 0 days, 0 hours, 0 minutes, 54 seconds, 429 milliseconds, 53 microseconds\nFreeSWITCH (Version 1.11.1-release  64bit) is ready\n",
        ("version", _) => "FreeSWITCH Version 1.11.1-release~64bit ( 64bit)\n",
        ("uptime", _) => "54\n",
        ("hostname", _) => "vm",
        ("msleep", _) => "+OK",
        ("create_uuid", _) => Guid.NewGuid().ToString(),
        ("global_getvar", ["core_uuid"]) => server.CoreUuid,
        ("global_getvar", _) => "",
        ("fsctl", ["sps"]) => "+OK sessions per second: 500\n",
        ("hupall", _) => HangupAll(a),
        ("sched_api", [var at, var group, .. var then]) when then.Length > 0 => Schedule(at, group, string.Join(' ', then)),
        ("sched_del", [var group]) => $"+OK Deleted: {server.Timers.Remove(group)}\n",
        ("originate", _) => Originate(line),
        ("uuid_exists", [var uuid]) => server.Find(uuid) is null ? "false" : "true",
        (['u', 'u', 'i', 'd', '_', ..], [var uuid, ..]) when IsKnown(command) => server.Find(uuid) is { } channel ? Channel(command, channel, a[1..], line) : NoChannel,
        ("sched_hangup", [var at, var uuid, .. var cause]) => server.Find(uuid) is { } channel ? ScheduleHangup(channel, at, cause) : NoChannel,
        (_, []) when IsKnown(command) => $"-USAGE: {command} <uuid>\n",
        _ => $"-ERR {command} Command not found!\n",
    };

    static bool IsKnown(string command) => command is "uuid_setvar" or "uuid_setvar_multi" or "uuid_getvar" or "uuid_transfer" or "uuid_kill" or "uuid_dump" or "uuid_broadcast" or "uuid_answer" or "uuid_session_heartbeat"
        or "uuid_hold" or "uuid_exists" or "sched_hangup" or "sched_api" or "sched_del";

    string Channel(string command, StandInChannel channel, string[] a, string line)
    {
        switch (command, a)
        {
            case ("uuid_setvar", [var name, ..]):
                channel.Set(name, string.Join(' ', a[1..]));
                break;
            case ("uuid_setvar_multi", _):
                foreach (var pair in line[(line.IndexOf(channel.Uuid, StringComparison.Ordinal) + channel.Uuid.Length)..].Trim().Split(';'))
                    channel.Set(pair.Split('=', 2)[0], pair.Contains('=', StringComparison.Ordinal) ? pair.Split('=', 2)[1] : "");
                break;
            case ("uuid_getvar", [var name]):
                return channel[name] ?? "_undef_";
            case ("uuid_dump", _):
                return server.Events.Dump(channel);
            case ("uuid_kill", _):
                channel.Hangup(a is [var cause, ..] ? StandInCauses.Name(cause) : "NORMAL_CLEARING");
                break;
            case ("uuid_transfer", [.. var inline, "inline"]):
                var (application, status) = string.Join(' ', inline).Trim('\'').Split(':') is [var one, var two] ? (one, two) : ("", "");
                if (application != "respond")
                    return "-ERR Invalid Extension\n";
                channel.Hangup("CALL_REJECTED", int.Parse(status.Split(' ')[0]));
                break;
            case ("uuid_transfer", [var to, .. var more]):
                channel.Transfer(to, more is [_, var context] ? context : channel.Context);
                break;
            case ("uuid_broadcast", [var what, ..]):
                channel.Play(what);
                return "+OK Message sent\n";
            case ("uuid_answer", _):
                _ = channel.AnswerAsync();
                break;
            case ("uuid_hold", _):
                _ = a is ["off", ..] ? channel.UnholdAsync() : channel.HoldAsync();
                break;
            case ("uuid_session_heartbeat", _):
                break;
            default:
                return $"-USAGE: {command} <uuid>\n";
        }
        return "+OK\n";
    }

    string Schedule(string at, string group, string command)
    {
        if (Due(at) is not { } due)
            return "-ERR Invalid time\n";
        var id = server.Timers.Add(due, group, "sched_api_function", () => Run(command));
        return $"+OK Added: {id}\n";
    }

    string ScheduleHangup(StandInChannel channel, string at, string[] cause)
    {
        if (Due(at) is not { } due)
            return "-ERR Invalid time\n";
        var name = StandInCauses.Name(cause is [var given, ..] ? given : "ALLOTTED_TIMEOUT");
        if (at == "+0")
            channel.Hangup(name);
        else
            server.Timers.Add(due, channel.Uuid, "switch_ivr_schedule_hangup", () => channel.Hangup(name));
        return "+OK\n";
    }

    // The scheduler knows whole seconds: a cut may come up to one second early.
    DateTimeOffset? Due(string at) => !long.TryParse(at.TrimStart('+'), out var seconds) ? null
        : at[0] == '+' ? DateTimeOffset.FromUnixTimeSeconds(server.Timers.Now.ToUnixTimeSeconds() + seconds) : DateTimeOffset.FromUnixTimeSeconds(seconds);

    string HangupAll(string[] a)
    {
        var cause = StandInCauses.Name(a is [var given, ..] ? given : "MANAGER_REQUEST");
        foreach (var channel in server.Channels.Where(c => a is not [_, var name, var value] || c[name] == value))
            channel.Hangup(cause);
        return a is [_, var variable, var wanted] ? $"+OK hangup all channels matching [{variable}]=[{wanted}] with cause: {cause}\n" : $"+OK hangup all channels with cause {cause}\n";
    }

    string Originate(string line)
    {
        var uuid = System.Text.RegularExpressions.Regex.Match(line, "origination_uuid=([0-9a-f-]{36})").Groups[1].Value;
        var call = new StandInCall { To = "9196", ParkTimeout = null };
        var channel = server.DialAsync(uuid.Length == 36 ? call with { Uuid = uuid } : call).Result;
        _ = channel.AnswerAsync();
        return $"+OK {channel.Uuid}\n";
    }

    /// <summary>FreeSWITCH shows what its database has; no call waits for that.</summary>
    string Show(string[] a)
    {
        if (a is ["channels", ..] && server.Misbehaviour.FailsShowChannels)
            return "-ERR SQL Error!\n";
        if (a is not [_, .., "as", "json"])
            return "-USAGE: show as json is all this stand-in knows\n";
        if (a is [_, "count", ..])
            return $$"""{"row_count":{{server.Channels.Count}},"rows":[]}""";
        var rows = 0;
        var json = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(json);
        writer.WriteStartArray();
        // What is shown may change meanwhile, as in FreeSWITCH's database; and a FreeSWITCH has a machine of its own, so a long list leaves this one to others now and then.
        foreach (var write in Written(a[0]))
        {
            lock (server.Gate)
            {
                writer.WriteStartObject();
                write(writer);
                writer.WriteEndObject();
            }
            if (++rows % 20 == 0)
                Thread.Sleep(1);
        }
        writer.WriteEndArray();
        writer.Flush();
        return rows == 0 ? "{\"row_count\": 0}\n" : $$"""{"row_count":{{rows}},"rows":{{Encoding.UTF8.GetString(json.WrittenSpan)}}}""";
    }

    IEnumerable<Action<Utf8JsonWriter>> Written(string what)
    {
        lock (server.Gate)
            return what switch
            {
                "channels" => [.. server.Channels.Select(c => (Action<Utf8JsonWriter>)(writer => WriteRow(writer, c)))],
                "tasks" => [.. server.Timers.Scheduled.Select(t => (Action<Utf8JsonWriter>)(writer => WriteRow(writer, t.Id, t.What, t.Group, t.At)))],
                _ => [],
            };
    }

    static void WriteRow(Utf8JsonWriter writer, long id, string what, string group, DateTimeOffset at)
    {
        writer.WriteString("task_id", id.ToString());
        writer.WriteString("task_desc", what);
        writer.WriteString("task_group", group);
        writer.WriteString("task_runtime", at.ToUnixTimeSeconds().ToString());
        writer.WriteString("task_sql_manager", "0");
        writer.WriteString("hostname", "vm");
    }

    static void WriteRow(Utf8JsonWriter writer, StandInChannel c)
    {
        writer.WriteString("uuid", c.Uuid);
        writer.WriteString("direction", c.Direction);
        writer.WriteString("created", c.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss"));
        writer.WriteString("created_epoch", c.CreatedAt.ToUnixTimeSeconds().ToString());
        writer.WriteString("name", c.Name);
        writer.WriteString("state", c.State);
        writer.WriteString("cid_name", c.Call.FromName);
        writer.WriteString("cid_num", c.Call.From);
        writer.WriteString("ip_addr", c.Call.NetworkIp);
        writer.WriteString("dest", c.Destination);
        writer.WriteString("application", c.Originator is null ? c.Application : "");
        writer.WriteString("application_data", "");
        writer.WriteString("dialplan", "XML");
        writer.WriteString("context", c.Context);
        writer.WriteString("read_codec", "PCMU");
        writer.WriteString("read_rate", "8000");
        writer.WriteString("read_bit_rate", "64000");
        writer.WriteString("write_codec", "PCMU");
        writer.WriteString("write_rate", "8000");
        writer.WriteString("write_bit_rate", "64000");
        writer.WriteString("secure", "");
        writer.WriteString("hostname", "fs-test-1");
        writer.WriteString("presence_id", "");
        writer.WriteString("presence_data", "");
        writer.WriteString("accountcode", c["accountcode"] ?? "");
        writer.WriteString("callstate", c.CallState);
        writer.WriteString("callee_name", c.RingingAt is null ? "" : c.Destination);
        writer.WriteString("callee_num", c.RingingAt is null ? "" : c.Destination);
        writer.WriteString("callee_direction", c.RingingAt is null ? "" : "SEND");
        writer.WriteString("call_uuid", c.Originator?.Uuid ?? c.Uuid);
        writer.WriteString("sent_callee_name", "");
        writer.WriteString("sent_callee_num", "");
        writer.WriteString("initial_cid_name", c.Call.FromName);
        writer.WriteString("initial_cid_num", c.Call.From);
        writer.WriteString("initial_ip_addr", c.Call.NetworkIp);
        writer.WriteString("initial_dest", c.Call.To);
        writer.WriteString("initial_dialplan", "XML");
        writer.WriteString("initial_context", c.Originator is null ? "public" : c.Context);
    }
}
