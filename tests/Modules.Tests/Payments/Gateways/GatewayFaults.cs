using System.Net;
using System.Net.Sockets;
using System.Text;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Payments.Gateways;

/// <summary>What the network and a sick gateway can do: an answer every time, never an exception, and never a second charge.</summary>
public sealed class GatewayFaults
{
    const string Key = "sk_do_not_show_me";

    static readonly GatewayPatience Long = new(Soon.Limit, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30));

    static readonly GatewayPatience Short = Long with { Answer = TimeSpan.FromSeconds(3) };

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The bytes that answer any request; null is silence, and an empty answer hangs up.</summary>
    static readonly Dictionary<string, (string? Answer, GatewayOutcome Outcome, string? Code)> Faults = new(StringComparer.Ordinal)
    {
        ["silence"] = (null, GatewayOutcome.Unknown, "timeout"),
        ["hangs up"] = ("", GatewayOutcome.Unknown, "broken_connection"),
        ["half a header"] = ("HTTP/1.1 200 O", GatewayOutcome.Unknown, "broken_connection"),
        ["half a body"] = ("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\":\"pay_1\",", GatewayOutcome.Unknown, "broken_connection"),
        ["not HTTP"] = ("SMTP ready\r\n\r\n", GatewayOutcome.Unknown, "broken_connection"),
        ["500"] = (Http("500 Internal Server Error", "{\"error\":{\"code\":\"SERVER_ERROR\",\"description\":\"Sorry\"}}"), GatewayOutcome.Unknown, "http_500"),
        ["502 in HTML"] = (Http("502 Bad Gateway", "<html>Bad gateway</html>"), GatewayOutcome.Unknown, "http_502"),
        ["503 without a body"] = (Http("503 Service Unavailable", ""), GatewayOutcome.Unknown, "http_503"),
        ["409"] = (Http("409 Conflict", "{\"error\":{\"code\":\"BAD_REQUEST_ERROR\",\"type\":\"idempotency_error\"}}"), GatewayOutcome.Unknown, "http_409"),
        ["broken JSON"] = (Http("200 OK", "{\"id\":"), GatewayOutcome.Unknown, "unreadable"),
        ["HTML that says it is well"] = (Http("200 OK", "<html>Login to the wireless network</html>"), GatewayOutcome.Unknown, "unreadable"),
        ["JSON of something else"] = (Http("200 OK", "{\"hello\":\"world\"}"), GatewayOutcome.Unknown, "unreadable"),
        ["a list"] = (Http("200 OK", "[1,2]"), GatewayOutcome.Unknown, "unreadable"),
        ["a redirect"] = (Http("302 Found", "{}", "Location: https://example.com/\r\n"), GatewayOutcome.Unknown, null),
        ["a refusal in HTML"] = (Http("403 Forbidden", "<html>Blocked</html>"), GatewayOutcome.Unknown, "unreadable"),
        ["429"] = (Http("429 Too Many Requests", "{\"error\":{\"description\":\"Slow down\"}}"), GatewayOutcome.Failed, GatewayFailure.RateLimited),
    };

    public static IEnumerable<TheoryDataRow<GatewayKind, string>> All =>
        from kind in new[] { GatewayKind.Razorpay, GatewayKind.Stripe } from fault in Faults.Keys select new TheoryDataRow<GatewayKind, string>(kind, fault);

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_fault_is_an_answer(GatewayKind kind, string fault)
    {
        var (answer, outcome, code) = Faults[fault];
        await using var server = new FaultyServer(answer);
        using var gateways = new PaymentGateways(TimeProvider.System, answer is null ? Short : Long);
        var gateway = Open(gateways, kind, server.Address);

        var charge = await gateway.ChargeAsync(Charge, Stop);

        Assert.True(charge.Outcome == outcome, charge.ToString());
        Assert.Null(charge.Value);
        if (code is not null)
            Assert.Equal(code, charge.Failure!.Code);
        Assert.Equal(outcome == GatewayOutcome.Failed, charge.Failure!.WasNotSent);
        Assert.DoesNotContain(Key, charge.ToString(), StringComparison.Ordinal);
        // A charge at Razorpay has no key of its own: it goes out once. At Stripe it goes out again under the same key.
        if (kind == GatewayKind.Razorpay)
            Assert.Equal(1, server.Requests);
        else
            Assert.InRange(server.Requests, 1, 3);
        if (kind == GatewayKind.Stripe)
            Assert.Single(server.Seen.Select(r => r.Split("Idempotency-Key: ")[1].Split('\r')[0]).Distinct(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Whatever_is_asked_a_fault_is_an_answer(GatewayKind kind, string fault)
    {
        var (answer, outcome, _) = Faults[fault];
        if (answer is null)
            return;
        await using var server = new FaultyServer(answer);
        // So many faults would open the circuit, and then nothing is sent at all.
        async Task<GatewayOutcome> AskAsync<T>(Func<IPaymentGateway, Task<GatewayAnswer<T>>> ask)
            where T : class
        {
            using var gateways = new PaymentGateways(TimeProvider.System, Long);
            return (await ask(Open(gateways, kind, server.Address))).Outcome;
        }
        var money = GatewayWorld.Rupees(10);
        var setup = new MethodSetupRequest("r-1", "cus_1", MethodKind.Card, money, money, DateTimeOffset.UtcNow.AddYears(1), "Bills", IsRepeat: true);
        GatewayOutcome[] outcomes =
        [
            await AskAsync(g => g.CreateOrderAsync(new("r-1", money, "Order"), Stop)), await AskAsync(g => g.CreateOrderAsync(new("r-1", money, "Order", IsRepeat: true), Stop)),
            await AskAsync(g => g.FindOrderAsync("o", Stop)), await AskAsync(g => g.FindPaymentAsync("p", Stop)), await AskAsync(g => g.CancelOrderAsync("o", Stop)),
            await AskAsync(g => g.CaptureAsync("p", money, Stop)), await AskAsync(g => g.CreateCustomerAsync(new("r-1", "A", "a@example.com", "+911"), Stop)), await AskAsync(g => g.SetUpMethodAsync(setup, Stop)),
            await AskAsync(g => g.FindSetupAsync("s", Stop)), await AskAsync(g => g.FindMethodAsync("c", "m", Stop)), await AskAsync(g => g.DeleteMethodAsync("c", "m", Stop)),
            await AskAsync(g => g.RefundAsync(new("p", "key-of-ten-letters", money, "Back"), Stop)), await AskAsync(g => g.FindRefundAsync("p", "r", Stop)),
        ];
        Assert.All(outcomes, o => Assert.Equal(outcome, o));
        if (fault is "JSON of something else")
            return;
        GatewayOutcome[] lists =
        [
            await AskAsync(g => g.FindPaymentsAsync("o", Stop)), await AskAsync(g => g.FindOrderByReferenceAsync("r-1", DateTimeOffset.UnixEpoch, null, Stop)), await AskAsync(g => g.FindMethodsAsync("c", Stop)),
            await AskAsync(g => g.FindRefundsAsync("p", Stop)), await AskAsync(g => g.ReadSettledAsync(new DateOnly(2026, 4, 1), TimeZoneInfo.Utc, Stop)),
        ];
        Assert.All(lists, o => Assert.Equal(outcome, o));
    }

    [Theory]
    [InlineData(GatewayKind.Razorpay)]
    [InlineData(GatewayKind.Stripe)]
    public async Task Where_nobody_listens_nothing_was_sent(GatewayKind kind)
    {
        using var gateways = new PaymentGateways(TimeProvider.System, Long);
        var answer = await Open(gateways, kind, new Uri("http://127.0.0.1:9/")).ChargeAsync(Charge, Stop);
        Assert.Equal((GatewayOutcome.Failed, GatewayFailure.Unreachable, true, DeclineKind.Soft), (answer.Outcome, answer.Failure!.Code, answer.Failure.WasNotSent, answer.Failure.Decline));
    }

    [Fact]
    public async Task A_sick_gateway_is_left_alone_for_a_while_and_then_tried_again()
    {
        await using var server = new FaultyServer(Http("500 Internal Server Error", "{}"));
        var clock = new StillClock();
        using var gateways = new PaymentGateways(clock, Long);
        var gateway = Open(gateways, GatewayKind.Razorpay, server.Address);
        GatewayAnswer<GatewayPayment> answer;
        var sent = 0;
        do
            answer = await gateway.ChargeAsync(Charge, Stop);
        while (answer.Outcome == GatewayOutcome.Unknown && ++sent < 50);
        Assert.Equal((GatewayOutcome.Failed, GatewayFailure.Unreachable, true), (answer.Outcome, answer.Failure!.Code, answer.Failure.WasNotSent));
        var requests = server.Requests;
        await gateway.ChargeAsync(Charge, Stop);
        // Other credentials of the same address share the rest; another address does not.
        await gateways.Open(new(GatewayKind.Razorpay, "other", "other", [], server.Address)).ChargeAsync(Charge, Stop);
        Assert.Equal(requests, server.Requests);

        server.Answer = Http("200 OK", "{\"razorpay_payment_id\":\"pay_1\",\"id\":\"pay_1\",\"amount\":1000,\"currency\":\"INR\",\"status\":\"captured\",\"created_at\":1700000000}");
        clock.Advance(TimeSpan.FromSeconds(31));
        var healed = await gateway.ChargeAsync(Charge, Stop);
        Assert.True(healed.Outcome == GatewayOutcome.Succeeded, healed.ToString());
        Assert.True(server.Requests > requests);
    }

    [Fact]
    public async Task Who_cancels_gets_a_cancellation()
    {
        await using var server = new FaultyServer(null);
        using var gateways = new PaymentGateways(TimeProvider.System, GatewayPatience.Usual);
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Open(gateways, GatewayKind.Stripe, server.Address).ChargeAsync(Charge, soon.Token));
    }

    [Fact]
    public async Task A_sentence_with_the_key_in_it_loses_it_and_an_endless_one_is_cut()
    {
        await using var server = new FaultyServer(Http("400 Bad Request", "{\"error\":{\"code\":\"BAD_REQUEST_ERROR\",\"description\":\"Key " + Key + " " + new string('x', 5000) + "\"}}"));
        using var gateways = new PaymentGateways(TimeProvider.System, Long);
        var answer = await Open(gateways, GatewayKind.Razorpay, server.Address).FindPaymentAsync("p", Stop);
        Assert.Equal(GatewayOutcome.Failed, answer.Outcome);
        Assert.DoesNotContain(Key, answer.Failure!.Message, StringComparison.Ordinal);
        Assert.InRange(answer.Failure.Message.Length, 10, 500);
    }

    [Fact]
    public async Task Notes_may_be_a_list_or_a_thing()
    {
        const string Payment = "\"id\":\"pay_1\",\"amount\":1000,\"currency\":\"INR\",\"status\":\"captured\",\"created_at\":1700000000,\"error_code\":\"\"";
        await using var server = new FaultyServer(Http("200 OK", $"{{{Payment},\"notes\":[]}}"));
        using var gateways = new PaymentGateways(TimeProvider.System, Long);
        var gateway = Open(gateways, GatewayKind.Razorpay, server.Address);
        Assert.Null((await gateway.FindPaymentAsync("p", Stop)).Value!.Reference);
        server.Answer = Http("200 OK", $"{{{Payment},\"notes\":{{\"reference\":\"PAY-1\"}}}}");
        Assert.Equal("PAY-1", (await gateway.FindPaymentAsync("p", Stop)).Value!.Reference);
    }

    static ChargeRequest Charge => new("order_1", "PAY-1-1", GatewayWorld.Rupees(10), "cus_1", "pm_1", "Bill", "a@example.com", "+919876543210");

    static IPaymentGateway Open(PaymentGateways gateways, GatewayKind kind, Uri address) => gateways.Open(new(kind, "key_id", Key, [], address));

    static string Http(string status, string body, string headers = "") => $"HTTP/1.1 {status}\r\n{headers}Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";

    /// <summary>Reads a request, answers with given bytes, and hangs up.</summary>
    sealed class FaultyServer : IAsyncDisposable
    {
        readonly TcpListener listener = new(IPAddress.Loopback, 0);
        readonly CancellationTokenSource stopping = new();
        readonly Task accepting;
        int requests;

        public FaultyServer(string? answer)
        {
            Answer = answer;
            listener.Start();
            accepting = AcceptAsync();
        }

        public string? Answer { get; set; }

        public int Requests => Volatile.Read(ref requests);

        public System.Collections.Concurrent.ConcurrentQueue<string> Seen { get; } = [];

        public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

        public async ValueTask DisposeAsync()
        {
            await stopping.CancelAsync();
            await accepting;
            listener.Stop();
            stopping.Dispose();
        }

        async Task AcceptAsync()
        {
            try
            {
                while (true)
                    _ = ServeAsync(await listener.AcceptTcpClientAsync(stopping.Token));
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }

        async Task ServeAsync(TcpClient client)
        {
            try
            {
                using (client)
                {
                    var (stream, buffer, text) = (client.GetStream(), new byte[64 * 1024], "");
                    while (!IsWhole(text))
                    {
                        var read = await stream.ReadAsync(buffer, stopping.Token);
                        if (read == 0)
                            return;
                        text += Encoding.UTF8.GetString(buffer, 0, read);
                    }
                    Seen.Enqueue(text);
                    Interlocked.Increment(ref requests);
                    if (Answer is not { } answer)
                        await Task.Delay(Timeout.Infinite, stopping.Token);
                    else
                        await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), stopping.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The caller has given up.
            }
        }

        static bool IsWhole(string text)
        {
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
                return false;
            var length = text.Split("Content-Length: ") is [_, var rest, ..] ? int.Parse(rest.Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture) : 0;
            return Encoding.UTF8.GetByteCount(text[(end + 4)..]) >= length;
        }
    }
}
