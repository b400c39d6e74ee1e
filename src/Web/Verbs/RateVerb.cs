using System.CommandLine;
using System.Globalization;
using Balatrix.Core;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Spectre.Console;

namespace Balatrix.Web.Verbs;

/// <summary>balatrix rate: prices one use by a deck file, without a database.</summary>
static class RateVerb
{
    sealed record RateQuestion(
        string Deck, string Kind, string To, string? Seconds, string? Balance, DateTimeOffset At, string Currency, string Zone, long Covered, string? Holidays, bool Json);

    public static Command Create(Option<bool> json)
    {
        var deck = new Option<FileInfo>("--deck") { Description = "The rate deck, a CSV file.", Required = true };
        var kind = new Option<string>("--kind") { Description = "voice, sms or event.", DefaultValueFactory = _ => "voice" }.AcceptOnlyFromAmong("voice", "sms", "event");
        var to = new Option<string>("--to") { Description = "Called number; mcc-mnc for sms; channel for event.", Required = true };
        var seconds = new Option<string>("--seconds", "--quantity") { Description = "Talk time in seconds, fractions allowed; number of segments or events." };
        var balance = new Option<string>("--balance") { Description = "Instead of --seconds: how long (how many) does this amount buy." };
        var at = new Option<string>("--at") { Description = "Start of the use, ISO 8601; now when left out." };
        var currency = new Option<string>("--currency") { Description = "Currency of the deck.", DefaultValueFactory = _ => "INR" };
        var zone = new Option<string>("--zone") { Description = "Zone of days and times of day.", DefaultValueFactory = _ => "Asia/Kolkata" };
        var covered = new Option<long>("--covered") { Description = "Seconds or units that an allowance pays for." };
        var holidays = new Option<string>("--holidays") { Description = "Days that hol means: 2026-01-26,2026-08-15." };
        var command = new Command("rate", "What would this cost? Rates one use by a deck file and explains it; writes nothing. Exit code 3 when no rate matches.")
        {
            deck, kind, to, seconds, balance, at, currency, zone, covered, holidays,
        };
        command.SetAction(parsed =>
        {
            var asJson = parsed.GetValue(json);
            var atText = parsed.GetValue(at);
            var when = TimeProvider.System.GetUtcNow();
            if (atText is not null && !DateTimeOffset.TryParse(atText, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out when))
                return Fault(asJson, "invalid_value", "--at is not an instant.", "at", "ISO 8601, such as 2026-11-21T09:30:00+05:30");
            return Rate(new RateQuestion(
                parsed.GetValue(deck)!.FullName, parsed.GetValue(kind)!, parsed.GetValue(to)!, parsed.GetValue(seconds), parsed.GetValue(balance), when,
                parsed.GetValue(currency)!, parsed.GetValue(zone)!, parsed.GetValue(covered), parsed.GetValue(holidays), asJson));
        });
        return command;
    }

    static int Rate(RateQuestion q)
    {
        if (!File.Exists(q.Deck))
            return Fault(q.Json, "no_file", $"There is no file {q.Deck}.", "deck", "a CSV file");
        using var reader = new StreamReader(q.Deck);
        var kind = Enum.Parse<DeckKind>(q.Kind, ignoreCase: true);
        var file = RateDeckCsv.Read(reader, kind);
        if (file.ErrorCount > 0)
            return DeckFaults(q.Json, file);
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(q.Zone, out var zone))
            return Fault(q.Json, "invalid_value", $"There is no zone {q.Zone}.", "zone", "an IANA name such as Asia/Kolkata");
        var days = new HashSet<DateOnly>();
        foreach (var text in q.Holidays?.Split(',') ?? [])
        {
            if (!DateOnly.TryParseExact(text.Trim(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                return Fault(q.Json, "invalid_value", $"{text} is not a day.", "holidays", "days such as 2026-01-26, separated by commas");
            days.Add(day);
        }
        var deck = RateDeck.Build(Path.GetFileNameWithoutExtension(q.Deck), q.Currency, file.Rates, zone, days, kind);
        var service = kind switch { DeckKind.Voice => Service.VoiceOutbound, DeckKind.Sms => Service.Sms, _ => Service.Event };
        var key = q.To.TrimStart('+');
        if (!deck.TryFind(key, q.At, out var rate))
        {
            Fault(q.Json, "no_rate", $"The deck has no rate for {q.To} at {q.At:O}.", "to", "a destination of the deck");
            return VerbOutput.NoRate;
        }
        return q.Balance is null ? Price(q, deck, service, rate) : Longest(q, deck, service, key);
    }

    static int Price(RateQuestion q, RateDeck deck, Service service, int rate)
    {
        var isVoice = service == Service.VoiceOutbound;
        if (!decimal.TryParse(q.Seconds ?? (isVoice ? "60" : "1"), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds > Rater.MaxQuantity)
            return Fault(q.Json, "invalid_value", "--seconds is not a quantity.", "seconds", "a decimal from 0 on");
        var trace = new TraceBuffer();
        var charge = Rater.Price(deck, 0, rate, service, q.At, (long)decimal.Ceiling(seconds * (isVoice ? 1000 : 1)), q.Covered, trace);
        var answer = new
        {
            amount = Money.Format(charge.AmountMicros),
            currency = deck.Currency,
            prefix = deck.PrefixOf(rate),
            destination = deck.DescriptionOf(rate, q.At),
            billedSeconds = charge.BilledQuantity,
            steps = LookUpRate.JsonTrace(trace),
        };
        if (q.Json)
        {
            VerbOutput.WriteJson(answer);
            return VerbOutput.Ok;
        }
        var table = new Table().Title($"{Markup.Escape(q.To)}: {answer.amount} {deck.Currency} for {charge.BilledQuantity} billed").AddColumns("step", "inputs and amounts");
        foreach (var step in answer.steps.EnumerateArray())
            table.AddRow(
                Markup.Escape(step.GetProperty("step").GetString()!),
                Markup.Escape(string.Join("  ", step.EnumerateObject().Skip(1).Select(p => $"{p.Name} {p.Value}"))));
        AnsiConsole.Write(table);
        return VerbOutput.Ok;
    }

    static int Longest(RateQuestion q, RateDeck deck, Service service, string key)
    {
        if (!Money.TryParse(q.Balance, out var balance) || balance < 0)
            return Fault(q.Json, "invalid_value", "--balance is not an amount.", "balance", "a decimal such as 25.50");
        var most = Rater.LongestFor([deck], service, key, q.At, balance, q.Covered, Rater.MaxQuantity);
        if (q.Json)
            VerbOutput.WriteJson(new { maxSeconds = most });
        else
            Console.WriteLine($"{q.Balance} {deck.Currency} buys {most} {(service == Service.VoiceOutbound ? "seconds" : "units")}.");
        return VerbOutput.Ok;
    }

    static int DeckFaults(bool json, RateDeckFile file)
    {
        if (json)
            VerbOutput.WriteJson(new { code = "rate_deck_errors", title = $"The file has {file.ErrorCount} faults.", errorCount = file.ErrorCount, errors = file.Errors });
        else
            foreach (var error in file.Errors)
                VerbOutput.Say($"line {error.Line}, {error.Column} \"{error.Value}\": expected {error.Expected}");
        return VerbOutput.Failed;
    }

    static int Fault(bool json, string code, string title, string field, string expected)
    {
        if (json)
            VerbOutput.WriteJson(new { code, title, field, expected });
        else
            VerbOutput.Say($"{title} Expected {expected}.");
        return VerbOutput.Failed;
    }
}
