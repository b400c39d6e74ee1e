using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>The stand-in against the recordings: who trusts its calls must be able to trust it.</summary>
public sealed class StandInTests
{
    static readonly string[] Volatile = ["api status", "api global_getvar core_uuid", "bgapi status"];

    [Theory]
    [InlineData("01_auth_bad_password.txt")]
    [InlineData("02_command_before_auth.txt")]
    [InlineData("03_basic_commands.txt")]
    public async Task Recorded_commands_get_the_recorded_bytes(string name)
    {
        await using var server = StandInFreeSwitch.Start();
        using var client = new TcpClient("127.0.0.1", server.Port);
        var stream = client.GetStream();
        var asked = "";
        foreach (var (isFromFreeSwitch, bytes) in EslCapture.Of(name).Chunks.Where(c => !IsEvent(c.Bytes)))
        {
            if (!isFromFreeSwitch)
            {
                asked = Encoding.UTF8.GetString(bytes).Trim();
                await stream.WriteAsync(bytes);
                continue;
            }
            var answer = await ReadAsync(stream);
            while (IsEvent(answer))
                answer = await ReadAsync(stream);
            if (!Volatile.Contains(asked))
                Assert.Equal($"{asked}\n{Encoding.UTF8.GetString(bytes)}", $"{asked}\n{Encoding.UTF8.GetString(answer)}");
        }
    }

    [Fact]
    public async Task Its_events_have_the_recorded_headers_in_the_recorded_order()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        var call = await server.DialAsync(new StandInCall());
        server.Api.Run($"uuid_transfer {call.Uuid} {call.Call.To} XML billed");
        await call.AnswerAsync();
        await call.HangupAsync();
        await node.SeenAsync("CHANNEL_HANGUP_COMPLETE", 2);
        var recorded = EslCapture.Of("05_sip_bye.txt").EventFrames.Select(EslCapture.Body).ToList();
        foreach (var name in (string[])["CHANNEL_PARK", "CHANNEL_ANSWER", "CHANNEL_BRIDGE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE"])
        {
            var expected = recorded.Where(e => IsOf(e, name, "Caller-Context", "public", "default") && IsOf(e, name, "Call-Direction", "inbound")).Select(Names).First();
            var own = node.Seen.Where(e => e.Name == name && e.Uuid == call.Uuid).Select(e => Names(e.Json.ToArray())).First();
            // A call that was transferred has told so in two headers more; the stand-in has no such profile.
            Assert.Equal(expected.Where(h => h is not ("Caller-Transfer-Source" or "Caller-RDNIS" or "Other-Leg-RDNIS")), own);
        }
    }

    [Fact]
    public async Task A_guard_set_at_park_is_armed_by_the_answer_and_cuts_at_whole_seconds()
    {
        var clock = new StillClock();
        await using var server = StandInFreeSwitch.Start(clock);
        var call = await server.DialAsync(new StandInCall());
        server.Api.Run($"uuid_setvar {call.Uuid} api_on_answer sched_api +60 b-{call.Uuid}-1 uuid_kill {call.Uuid} ALLOTTED_TIMEOUT");
        server.Api.Run($"uuid_transfer {call.Uuid} {call.Call.To} XML billed");
        clock.Advance(TimeSpan.FromSeconds(10));
        await call.AnswerAsync();
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("ALLOTTED_TIMEOUT", await call.EndedAsync());
        Assert.InRange(call.BillUsec, 59_000_000, 60_000_000);
        Assert.Null(server.Find(call.Uuid));
        Assert.Empty(server.Channels);
    }

    [Fact]
    public async Task A_guard_is_renewed_by_adding_the_next_and_deleting_the_last()
    {
        var clock = new StillClock();
        await using var server = StandInFreeSwitch.Start(clock);
        var call = await server.DialAsync(new StandInCall());
        server.Api.Run($"uuid_transfer {call.Uuid} {call.Call.To} XML billed");
        await call.AnswerAsync();
        Assert.StartsWith("+OK Added: ", server.Api.Run($"sched_api +30 one uuid_kill {call.Uuid} ALLOTTED_TIMEOUT"), StringComparison.Ordinal);
        clock.Advance(TimeSpan.FromSeconds(15));
        server.Api.Run($"sched_api +45 two uuid_kill {call.Uuid} ALLOTTED_TIMEOUT");
        Assert.Equal("+OK Deleted: 1\n", server.Api.Run("sched_del one"));
        Assert.Equal("+OK Deleted: 0\n", server.Api.Run("sched_del one"));
        clock.Advance(TimeSpan.FromSeconds(30));
        server.CatchUp();
        Assert.Null(call.EndedAt);
        clock.Advance(TimeSpan.FromSeconds(30));
        await call.EndedAsync();
        Assert.InRange(call.BillUsec, 59_000_000, 60_000_000);
    }

    [Fact]
    public async Task Nobody_comes_for_a_parked_call_and_it_fails_with_503()
    {
        var clock = new StillClock();
        await using var server = StandInFreeSwitch.Start(clock);
        var call = await server.DialAsync(new StandInCall());
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("NORMAL_TEMPORARY_FAILURE", await call.EndedAsync());
        Assert.Equal(503, call.SipStatus);
    }

    [Theory]
    [InlineData("OUTGOING_CALL_BARRED", null, 403)]
    [InlineData("OUTGOING_CALL_BARRED", "sip:402", 402)]
    [InlineData("UNALLOCATED_NUMBER", null, 404)]
    public async Task A_refused_caller_gets_the_recorded_status(string cause, string? told, int status)
    {
        await using var server = StandInFreeSwitch.Start();
        var call = await server.DialAsync(new StandInCall());
        if (told is not null)
            server.Api.Run($"uuid_setvar {call.Uuid} last_bridge_proto_specific_hangup_cause {told}");
        server.Api.Run($"uuid_kill {call.Uuid} {cause}");
        Assert.Equal((cause, status), (await call.EndedAsync(), call.SipStatus));
    }

    [Fact]
    public async Task All_calls_of_a_variable_hang_up_at_once_and_lists_tell_who_is_left()
    {
        await using var server = StandInFreeSwitch.Start();
        Assert.Equal("{\"row_count\": 0}\n", server.Api.Run("show channels as json"));
        var mine = await server.DialAsync(new StandInCall { Variables = new Dictionary<string, string> { ["bill_account"] = "A77" } });
        var other = await server.DialAsync(new StandInCall());
        Assert.Equal("+OK hangup all channels matching [bill_account]=[A77] with cause: MANAGER_REQUEST\n", server.Api.Run("hupall MANAGER_REQUEST bill_account A77"));
        Assert.Equal("MANAGER_REQUEST", await mine.EndedAsync());
        using var left = JsonDocument.Parse(server.Api.Run("show channels as json"));
        Assert.Equal(other.Uuid, left.RootElement.GetProperty("rows")[0].GetProperty("uuid").GetString());
        server.Misbehaviour.FailsShowChannels = true;
        Assert.StartsWith("-ERR", server.Api.Run("show channels as json"), StringComparison.Ordinal);
    }

    static bool IsEvent(byte[] frame) => Encoding.UTF8.GetString(frame).Contains("text/event-", StringComparison.Ordinal);

    static bool IsOf(byte[] json, string name, string header, params string[] values)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("Event-Name").GetString() == name && document.RootElement.TryGetProperty(header, out var value) && values.Contains(value.GetString());
    }

    static List<string> Names(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateObject().Select(h => h.Name).Where(n => !n.StartsWith("variable_", StringComparison.Ordinal))];
    }

    static async Task<byte[]> ReadAsync(NetworkStream stream)
    {
        using var patience = new CancellationTokenSource(Soon.Limit);
        var (bytes, one) = (new List<byte>(), new byte[1]);
        var length = -1;
        while (length < 0 || bytes.Count < length)
        {
            await stream.ReadExactlyAsync(one, patience.Token);
            bytes.Add(one[0]);
            if (length < 0 && bytes is [.., (byte)'\n', (byte)'\n'])
            {
                var head = Encoding.ASCII.GetString([.. bytes]).Split('\n');
                length = bytes.Count + head.Where(h => h.StartsWith("Content-Length: ", StringComparison.Ordinal)).Select(h => int.Parse(h[16..])).FirstOrDefault();
            }
        }
        return [.. bytes];
    }
}
