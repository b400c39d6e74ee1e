using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Tests.Subscriptions;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>The demonstration's month, reckoned once more as one would on a sheet: from raw quantities, the seed's price lists and decimal numbers, without a line of the product's arithmetic.</summary>
public sealed class DemoMonthTests(TestTenant tenant) : IClassFixture<TestTenant>
{
    const string Account = "ACC-10003";

    sealed record Price(string Prefix, string Description, decimal Rate, int Minimum, int Increment);

    [Fact]
    public async Task The_invoice_of_the_month_is_what_a_sheet_makes_of_its_records()
    {
        var until = DateOnly.FromDateTime(DateTime.UtcNow);
        await tenant.SetClockAsync(until.AddDays(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        var (set, settings) = await tenant.SendAsync(
            HttpMethod.Put, "/api/v1/settings", new { gst = new { legalName = "Balatrix Demo Private Limited", gstin = InvoiceTenant.Gstin, addressLines = new[] { "1 MG Road" }, state = "29" } });
        Assert.True(set == 200, settings.ToString());
        await using (var command = tenant.Database.Owner.CreateCommand(
            """
            update customers.customers c set gstin = null, is_sez = false, billing_address = '{"line1":"1","city":"Bengaluru","state":"29","postalCode":"560001"}'
              from customers.account_profiles p where p.customer_id = c.customer_id and p.account_id = 10003
            """))
            await command.ExecuteNonQueryAsync();

        var sheet = await SheetAsync();
        var (status, answer) = await tenant.PostAsync($"/api/v1/invoices/generate/postpaid/{Account}", new { });
        Assert.True(status == 201, answer.ToString());
        var invoice = Assert.Single(answer.GetProperty("documents").EnumerateArray());
        var lines = invoice.GetProperty("lines").EnumerateArray().ToDictionary(l => l.GetProperty("description").GetString()!, l => l);
        foreach (var (description, amount) in sheet)
        {
            Assert.True(lines.TryGetValue(description, out var line), $"{description} is not on the invoice");
            Assert.Equal(Paisa(amount), Amount(line.GetProperty("taxable")));
        }
        Assert.Equal(lines.Keys.Order(), sheet.Keys.Order());
        // 9 % and 9 % of each line, each to the paisa; the total to the rupee.
        var taxable = sheet.Values.Sum(Paisa);
        var head = sheet.Values.Sum(v => Paisa(Paisa(v) * 0.09m));
        var total = Math.Round(taxable + (2 * head), MidpointRounding.AwayFromZero);
        var summary = invoice.GetProperty("summary");
        Assert.Equal((taxable, head, head, total), (
            Amount(summary.GetProperty("taxable")), Amount(summary.GetProperty("tax").GetProperty("cgst")), Amount(summary.GetProperty("tax").GetProperty("sgst")), Amount(summary.GetProperty("total"))));
        Assert.Equal(-total, decimal.Parse(await tenant.BalanceAsync(Account), CultureInfo.InvariantCulture));
        await tenant.AssertBooksProveAsync();
    }

    static decimal Paisa(decimal amount) => Math.Round(amount, 2, MidpointRounding.AwayFromZero);

    static decimal Amount(JsonElement text) => decimal.Parse(text.GetString()!, CultureInfo.InvariantCulture);

    /// <summary>Line by line: what the account used and subscribed to comes to.</summary>
    async Task<Dictionary<string, decimal>> SheetAsync()
    {
        List<Price>[] voice = [Prices("call-center-voice"), Prices("worldwide-voice")];
        var (messages, events) = (Prices("sms"), Prices("events"));
        var left = await tenant.RowsAsync(
            "select a.service, a.destination_group, a.valid_from, a.valid_to, a.granted from ledger.allowances a where a.account_id = 10003",
            r => (Service: r.GetInt16(0), Group: r.GetString(1), From: r.GetDateTime(2), To: r.GetDateTime(3), Left: new long[] { r.GetInt64(4) }));
        var sheet = new Dictionary<string, decimal>();
        var coveredLines = new HashSet<string>();
        void Add(string line, decimal amount) => sheet[line] = sheet.GetValueOrDefault(line) + amount;
        foreach (var (service, key, quantity, at) in await tenant.RowsAsync(
            "select service, rating_key, quantity, occurred_at from usage.usage_records where account_id = 10003 order by entry_no", r => (r.GetInt16(0), r.GetString(1), r.GetInt64(2), r.GetDateTime(3))))
        {
            if (service is 3 or 4)
            {
                var price = service == 3
                    ? messages.Where(m => m.Prefix == key || m.Prefix == key.Split('-')[0] + "-*").OrderBy(m => m.Prefix.EndsWith('*')).First()
                    : events.Single(e => e.Prefix == key);
                Add(service == 3 ? $"Messages to {price.Description}" : price.Description, price.Rate * quantity);
                continue;
            }
            var deck = service == 2 ? Prices("call-center-tollfree") : voice.First(d => d.Exists(p => key.StartsWith(p.Prefix, StringComparison.Ordinal)));
            var rate = deck.Where(p => key.StartsWith(p.Prefix, StringComparison.Ordinal)).MaxBy(p => p.Prefix.Length)!;
            var seconds = (quantity + 999) / 1000;
            var billed = seconds == 0 ? 0 : rate.Minimum + ((Math.Max(0, seconds - rate.Minimum) + rate.Increment - 1) / rate.Increment * rate.Increment);
            var pot = left.FirstOrDefault(a => a.Service == service && a.From <= at && at < a.To && (rate.Description == a.Group || rate.Description.StartsWith(a.Group + " ", StringComparison.Ordinal)));
            var covered = pot.Left is null ? 0 : Math.Min(billed, pot.Left[0]);
            if (pot.Left is not null)
                pot.Left[0] -= covered;
            var line = service == 2 ? $"Calls received, {rate.Description}" : $"Calls to {rate.Description}";
            if (covered > 0)
                coveredLines.Add(line);
            Add(line, Math.Round((billed - covered) * rate.Rate / 60, 4, MidpointRounding.AwayFromZero));
        }
        foreach (var (plan, price) in await tenant.RowsAsync(
            "select p.name, s.price_micros from subscriptions.subscriptions s join catalog.plans p on p.code = s.plan_code where s.account_id = 10003", r => (r.GetString(0), r.GetInt64(1))))
            Add(plan, price / 1_000_000m);
        // Lines that come to nothing and that no allowance paid for are not billed.
        return sheet.Where(s => s.Value > 0 || coveredLines.Contains(s.Key)).ToDictionary(s => s.Key, s => s.Value);
    }

    static List<Price> Prices(string deck)
    {
        var rows = File.ReadLines(Path.Combine(Tidy.SourceFile.Root, "seed", "decks", deck + ".csv")).Where(l => !l.Contains('"', StringComparison.Ordinal)).Select(l => l.Split(',')).ToList();
        int At(string name) => Array.IndexOf(rows[0], name);
        string Cell(string[] row, string name, string otherwise) => At(name) < 0 || row[At(name)].Length == 0 ? otherwise : row[At(name)];
        return [.. rows.Skip(1).Select(r => new Price(
            At("prefix") >= 0 ? Cell(r, "prefix", "") : At("mcc") >= 0 ? $"{r[At("mcc")]}-{r[At("mnc")]}" : Cell(r, "channel", ""), Cell(r, "description", ""),
            decimal.Parse(Cell(r, "rate", "0"), CultureInfo.InvariantCulture), int.Parse(Cell(r, "minimum_seconds", "0"), CultureInfo.InvariantCulture), int.Parse(Cell(r, "increment_seconds", "1"), CultureInfo.InvariantCulture)))];
    }
}
