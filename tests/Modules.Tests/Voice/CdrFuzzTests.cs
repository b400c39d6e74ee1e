using System.Diagnostics;
using System.Text;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Balatrix.Modules.Voice.FreeSwitch;

namespace Balatrix.Modules.Tests.Voice;

public sealed class CdrFuzzTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3)]
    public void Ten_thousand_spoiled_call_records_are_read_or_refused(int seed)
    {
        var mutator = new BodyMutator(seed, [.. CapturedCdr.All.Select(c => c.Body)]);
        var (read, refused, slowest) = (0, 0, TimeSpan.Zero);
        for (var i = 0; i < 10_000; i++)
        {
            var body = mutator.Next();
            var started = Stopwatch.GetTimestamp();
            var (call, problem) = Attempt(body, b => FreeSwitchCdr.Read(b));
            var took = Stopwatch.GetElapsedTime(started);
            // Work on the machine may take the time of one reading, not of each.
            for (var again = 0; took > Longest && again < 20; again++)
            {
                started = Stopwatch.GetTimestamp();
                Attempt(body, b => FreeSwitchCdr.Read(b));
                took = Stopwatch.GetElapsedTime(started);
            }
            slowest = took > slowest ? took : slowest;
            Assert.True(call is null != problem is null);
            if (call is null)
            {
                Assert.InRange(problem!.Status, 400, 422);
                refused++;
                continue;
            }
            read++;
            Assert.InRange(call.TalkMs, 0, 7L * 86_400_000);
            Assert.True(call.ToUsageEvent() is { RatingKey.Length: > 0, Quantity: >= 0 });
        }
        Assert.True(read > 100 && refused > 100, $"{read} read, {refused} refused");
        Assert.True(slowest <= Longest, $"the slowest took {slowest}");
    }

    [Theory]
    [InlineData(1), InlineData(2)]
    public void Ten_thousand_spoiled_events_are_read_or_refused(int seed)
    {
        byte[][] bodies =
        [
            [.. """{"specversion":"1.0","id":"e1","source":"s","type":"balatrix.voice.call","time":"2026-11-21T09:00:00Z","subject":"ACC-10001","data":{"called":"+919812345678","calling":"1","durationSeconds":61.2}}"""u8],
            [.. """{"specversion":"1.0","id":"e2","source":"s","type":"balatrix.sms.message","subject":"ACC-10001","data":{"to":"+919812345678","from":"ACME","text":"caf\u00e9 €","mcc":"404","mnc":"10"}}"""u8],
            [.. """{"specversion":"1.0","id":"e3","source":"s","type":"balatrix.auth.sms_otp","subject":"ACC-10001","data":{"quantity":3,"recipient":"x","outcome":"ok"}}"""u8],
            [.. """{"account":"ACC-10001","id":"e4","called":"00919812345678","startTime":"2026-11-21T09:00:00Z","answerTime":"2026-11-21T09:00:01Z","endTime":"2026-11-21T09:01:00+00:00"}"""u8],
        ];
        var mutator = new BodyMutator(seed, bodies);
        var reading = new UsageReading(Now);
        var (read, refused) = (0, 0);
        for (var i = 0; i < 10_000; i++)
        {
            var body = mutator.Next();
            foreach (var parsed in Attempt(body, b => new[] { reading.ReadCloudEvent(b), reading.ReadCdr(b), reading.ReadMessage(b) })!)
            {
                Assert.True(parsed.Event is null != parsed.Problem is null);
                (read, refused) = parsed.Event is null ? (read, refused + 1) : (read + 1, refused);
                Assert.True(parsed.Event is null or { Quantity: >= 0, Id.Length: > 0 });
            }
            Attempt(body, b => UsageReading.Split(b, 100));
            Attempt(body, b => UsageReading.SplitLines(b, 100));
        }
        Assert.True(read > 100 && refused > 100, $"{read} read, {refused} refused");
    }

    static T? Attempt<T>(byte[] body, Func<byte[], T> read)
    {
        try
        {
            return read(body);
        }
        catch (ProblemException e)
        {
            Assert.InRange(e.Problem.Status, 400, 499);
            return default;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException("A reader threw at " + Encoding.Latin1.GetString(body), e);
        }
    }
}
