using System.Globalization;
using System.Text.Json;

namespace Balatrix.Core.Rating;

/// <summary>The steps that explain a charge, in order, with all that is needed to compute it again by hand. Used again from charge to charge.</summary>
public sealed class TraceBuffer
{
    readonly List<Step> steps = [];

    enum Kind : byte
    {
        Match, Raised, Free, Band, Increments, Units, ConnectFee, Cap, Rounding, Allowance, Shortfall, Balance,
    }

    readonly record struct Step(
        Kind Kind, string Text = "", string Text2 = "", string Text3 = "", long A = 0, long B = 0, long C = 0, long D = 0, RateStep Rate = default, ExactAmount Amount = default, DateTimeOffset At = default);

    /// <summary>Steps so far.</summary>
    public int Count => steps.Count;

    /// <summary>Forgets all steps.</summary>
    public void Clear() => steps.Clear();

    /// <summary>An allowance paid for part of the use.</summary>
    public void AddAllowance(string name, long quantity) => steps.Add(new(Kind.Allowance, name, A: quantity));

    /// <summary>The balance could not pay part of the price.</summary>
    public void AddShortfall(long micros) => steps.Add(new(Kind.Shortfall, A: micros));

    /// <summary>The account's balance after the charge.</summary>
    public void AddBalance(long micros) => steps.Add(new(Kind.Balance, A: micros));

    internal void AddMatch(string deck, string prefix, string description) => steps.Add(new(Kind.Match, deck, prefix, description));

    internal void AddRaised(long milliseconds, long seconds) => steps.Add(new(Kind.Raised, A: milliseconds, B: seconds));

    internal void AddFree(long used, long freeSeconds) => steps.Add(new(Kind.Free, A: used, B: freeSeconds));

    internal void AddBand(long position, DateTimeOffset at) => steps.Add(new(Kind.Band, A: position, At: at));

    internal void AddIncrements(long from, long used, long billed, long covered, in RateStep rate, ExactAmount amount) =>
        steps.Add(new(Kind.Increments, A: from, B: used, C: billed, D: covered, Rate: rate, Amount: amount));

    internal void AddUnits(long used, long covered, long rateMicros, ExactAmount amount) =>
        steps.Add(new(Kind.Units, A: used, B: covered, C: rateMicros, Amount: amount));

    internal void AddConnectFee(long micros) => steps.Add(new(Kind.ConnectFee, A: micros));

    internal void AddCap(long micros, ExactAmount before) => steps.Add(new(Kind.Cap, A: micros, Amount: before));

    internal void AddRounding(Rounding rounding, int decimals, ExactAmount before, long after) =>
        steps.Add(new(Kind.Rounding, Names.Of(rounding), A: decimals, B: after, Amount: before));

    /// <summary>Writes the steps as a JSON array of objects, each with a <c>step</c> and its inputs; amounts are decimal strings.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var step in steps)
        {
            json.WriteStartObject();
            Write(json, step);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void Write(Utf8JsonWriter json, in Step step)
    {
        switch (step.Kind)
        {
            case Kind.Match:
                json.WriteString("step", "rate");
                json.WriteString("deck", step.Text);
                json.WriteString("prefix", step.Text2);
                json.WriteString("destination", step.Text3);
                break;
            case Kind.Raised:
                json.WriteString("step", "whole_seconds");
                json.WriteNumber("milliseconds", step.A);
                json.WriteNumber("seconds", step.B);
                break;
            case Kind.Free:
                json.WriteString("step", "free");
                json.WriteNumber("used", step.A);
                json.WriteNumber("freeSeconds", step.B);
                break;
            case Kind.Band:
                json.WriteString("step", "time_band");
                json.WriteNumber("fromSecond", step.A);
                json.WriteString("at", step.At.UtcDateTime);
                break;
            case Kind.Increments:
                json.WriteString("step", "increments");
                json.WriteNumber("fromSecond", step.A);
                json.WriteNumber("used", step.B);
                json.WriteNumber("minimum", step.Rate.MinimumSeconds);
                json.WriteNumber("increment", step.Rate.IncrementSeconds);
                json.WriteNumber("billed", step.C);
                json.WriteNumber("covered", step.D);
                json.WriteString("rate", Money.Format(step.Rate.RateMicros));
                json.WriteNumber("unit", step.Rate.UnitSeconds);
                json.WriteString("amount", Exact(step.Amount));
                break;
            case Kind.Units:
                json.WriteString("step", "units");
                json.WriteNumber("used", step.A);
                json.WriteNumber("covered", step.B);
                json.WriteString("rate", Money.Format(step.C));
                json.WriteString("amount", Exact(step.Amount));
                break;
            case Kind.ConnectFee:
                json.WriteString("step", "connect_fee");
                json.WriteString("amount", Money.Format(step.A));
                break;
            case Kind.Cap:
                json.WriteString("step", "cap");
                json.WriteString("before", Exact(step.Amount));
                json.WriteString("amount", Money.Format(step.A));
                break;
            case Kind.Rounding:
                json.WriteString("step", "rounding");
                json.WriteString("rule", step.Text);
                json.WriteNumber("decimals", step.A);
                json.WriteString("before", Exact(step.Amount));
                json.WriteString("amount", Money.Format(step.B));
                break;
            case Kind.Allowance:
                json.WriteString("step", "allowance");
                json.WriteString("name", step.Text);
                json.WriteNumber("quantity", step.A);
                break;
            case Kind.Shortfall:
                json.WriteString("step", "shortfall");
                json.WriteString("amount", Money.Format(step.A));
                break;
            default:
                json.WriteString("step", "balance");
                json.WriteString("amount", Money.Format(step.A));
                break;
        }
    }

    /// <summary>Exact where six decimals can say it, else the fraction of micro-units as it is.</summary>
    static string Exact(ExactAmount amount)
    {
        var (whole, rest) = Int128.DivRem(amount.Numerator, amount.Denominator);
        if (whole > long.MaxValue)
            return "beyond range";
        return rest == 0
            ? Money.Format((long)whole)
            : string.Create(CultureInfo.InvariantCulture, $"{amount.Numerator}/{(Int128)amount.Denominator * Money.MicrosPerUnit}");
    }
}
