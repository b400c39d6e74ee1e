using System.Text;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Voice.FreeSwitch;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

public sealed class StandInCdrTests
{
    [Fact]
    public async Task The_record_of_a_call_is_read_as_a_posted_one()
    {
        var clock = new StillClock();
        await using var server = StandInFreeSwitch.Start(clock);
        var call = await server.DialAsync(new StandInCall { AccountCode = "acme" });
        server.Api.Run($"uuid_transfer {call.Uuid} {call.Call.To} XML billed");
        await call.AnswerAsync();
        clock.Advance(TimeSpan.FromSeconds(61.007));
        await call.HangupAsync();
        var (read, problem) = FreeSwitchCdr.Read(Encoding.UTF8.GetBytes(call.Cdr!));
        Assert.True(read is not null, problem?.ToString());
        Assert.Equal((call.Uuid, null, "acme"), (read.Uuid, read.ALegUuid, read.AccountCode));
        Assert.Equal(call.BillUsec, 1000 * read.TalkMs);
        Assert.Equal((call.Uuid, call.Cdr), Assert.Single(server.Cdrs));
    }
}
