using System.Globalization;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Ledger;

namespace Balatrix.Modules.Operations;

/// <summary>Two weeks of usage of every kind, the same for a given day whenever it is made.</summary>
static class DemoUsage
{
    const int Days = 14;

    static readonly string[] CalledNumbers = ["919812345678", "918045678901", "911140001234", "919001122334", "12065550100", "447700900123"];
    static readonly string[] Channels = ["sms_otp", "whatsapp_otp", "email_otp", "magic_link"];
    static readonly string[] Causes = ["NORMAL_CLEARING", "NORMAL_CLEARING", "NORMAL_CLEARING", "USER_BUSY", "NO_ANSWER"];

    public static List<AccountOperation> Make(DateOnly today)
    {
        var usage = new List<AccountOperation>();
        for (var day = today.AddDays(-Days); day < today; day = day.AddDays(1))
        {
            for (var n = 0; n < 24; n++)
            {
                Add(usage, day, n, 10001 + (n % 3), Call(day, n));
                Add(usage, day, n, 10001 + (n % 3), Event(day, n));
            }
            for (var n = 0; n < 8; n++)
                Add(usage, day, n, n % 4 == 3 ? 10004 : 10001 + (n % 3), Message(day, n, n % 4 == 3));
        }
        return usage;
    }

    static void Add(List<AccountOperation> usage, DateOnly day, int n, long account, UsageEvent use) => usage.Add(new(account, new Charge(use, HasHappened: true)));

    static UsageEvent Call(DateOnly day, int n)
    {
        var cause = Causes[(day.DayNumber + n) % Causes.Length];
        var called = n % 6 == 5 ? "911800123456" : CalledNumbers[(day.DayNumber + n) % CalledNumbers.Length];
        var seconds = cause == "NORMAL_CLEARING" ? 5 + ((((long)day.DayNumber * 31) + (n * 97)) % 400) : 0;
        return new(
            "cdr", Id("call", day, n), n % 6 == 5 ? Service.VoiceInbound : Service.VoiceOutbound, At(day, n, 7), called, seconds * 1000,
            "918045678900", called, $$"""{"hangupCause":"{{cause}}"}""");
    }

    static UsageEvent Event(DateOnly day, int n) =>
        new("auth", Id("otp", day, n), Service.Event, At(day, n, 21), Channels[n % Channels.Length], 1, "", "9198123456" + n.ToString("00", CultureInfo.InvariantCulture), """{"outcome":"delivered"}""");

    static UsageEvent Message(DateOnly day, int n, bool uzbek) =>
        new("sms", Id("sms", day, n), Service.Sms, At(day, n * 2, 42), uzbek ? "434-05" : "404-45", 1 + (n % 2), uzbek ? "TASHKENT" : "BALTRX", uzbek ? "998901234567" : "919812345678", null);

    static string Id(string kind, DateOnly day, int n) => string.Create(CultureInfo.InvariantCulture, $"demo-{kind}-{day:yyyyMMdd}-{n:00}");

    static DateTimeOffset At(DateOnly day, int hour, int minute) => new(day.ToDateTime(new TimeOnly(hour % 24, minute)), TimeSpan.Zero);
}
