using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Tests.Subscriptions;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>
/// The demonstration's month, reckoned once more as one would on a sheet: from raw quantities, the seed's price lists and decimal numbers, without a line of the product's
/// arithmetic, to the lines of invoices, notes and recharges, the books of tax, and the return.
/// </summary>
public sealed class DemoMonthTests(TestTenant tenant) : IClassFixture<TestTenant>
{
    const string Account = "ACC-10003";

    sealed record Price(string Prefix, string Description, decimal Rate, int Minimum, int Increment);

    // Of facts on heading 9984 (explanatory notes to the classification of services): calls and rentals, messages to mobiles, other internet telecommunications.
    static readonly Dictionary<string, string> Codes = new() { ["voice"] = "998412", ["recurring"] = "998412", ["sms"] = "998413", ["event"] = "998429" };

    /// <summary>A document as the sheet has it: what it is for by code, and its taxes.</summary>
    sealed record Paper(string Number, string? Gstin, int Sign, decimal Value, IReadOnlyList<(string Code, decimal Taxable, decimal Igst, decimal Head)> Lines)
    {
        public decimal Taxable => Sign * Lines.Sum(l => l.Taxable);

        public decimal Igst => Sign * Lines.Sum(l => l.Igst);

        public decimal Head => Sign * Lines.Sum(l => l.Head);
    }

    [Fact]
    public async Task The_documents_of_the_month_its_tax_books_and_its_return_are_what_a_sheet_makes_of_its_records()
    {
        var today = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(1);
        await tenant.SetClockAsync(today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        var (set, settings) = await tenant.SendAsync(
            HttpMethod.Put, "/api/v1/settings", new { gst = new { legalName = "Balatrix Demo Private Limited", gstin = InvoiceTenant.Gstin, addressLines = new[] { "1 MG Road" }, state = "29" } });
        Assert.True(set == 200, settings.ToString());
        var sheet = await SheetAsync();

        // Supplied from Karnataka to Maharashtra: integrated tax of 18 % of each line, each to the paisa; the total to the rupee.
        var (status, answer) = await tenant.PostAsync($"/api/v1/invoices/generate/postpaid/{Account}", new { });
        Assert.True(status == 201, answer.ToString());
        var invoice = Assert.Single(answer.GetProperty("documents").EnumerateArray());
        var lines = invoice.GetProperty("lines").EnumerateArray().ToList();
        Assert.Equal(sheet.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key} {Codes[s.Value.Service]} {Paisa(s.Value.Amount)}"), lines.OrderBy(Description, StringComparer.Ordinal).Select(l => $"{Description(l)} {Text(l, "sacCode")} {Text(l, "taxable")}"));
        var rows = sheet.Values.Select(s => (Codes[s.Service], Paisa(s.Amount), Paisa(Paisa(s.Amount) * 0.18m), 0m)).ToList();
        var total = Math.Round(rows.Sum(r => r.Item2 + r.Item3), MidpointRounding.AwayFromZero);
        var acme = new Paper(Text(invoice.GetProperty("summary"), "number"), "27AABCA5678M1Z6", 1, total, rows);
        AssertTotals(acme, invoice.GetProperty("summary"));
        Assert.Equal(-total, decimal.Parse(await tenant.BalanceAsync(Account), CultureInfo.InvariantCulture));

        // A hundredth of its largest line goes back.
        var largest = lines.MaxBy(l => Amount(l.GetProperty("taxable")));
        var part = Paisa(Amount(largest.GetProperty("taxable")) / 100) + 0.01m;
        var (credited, note) = await tenant.PostAsync($"/api/v1/invoices/{acme.Number}/credit-note", new { reason = "Outage", lines = new[] { new { line = largest.GetProperty("line").GetInt32(), amount = part.ToString(CultureInfo.InvariantCulture) } } });
        Assert.True(credited == 201, note.ToString());
        var back = new Paper(Text(note.GetProperty("summary"), "number"), acme.Gstin, -1, part + Paisa(part * 0.18m), [(Text(largest, "sacCode"), part, Paisa(part * 0.18m), 0)]);
        AssertTotals(back, note.GetProperty("summary"));

        // Wallets are taxed when they are filled: integrated tax within what a consumer in Maharashtra pays, central and state tax within what a business in Karnataka does.
        var consumer = await RechargeAsync("ACC-10001", null, "849.00", 0.18m, 0);
        var business = await RechargeAsync("ACC-10002", "29AAJFS1234K1ZY", "11590.01", 0, 0.09m);
        Paper[] papers = [acme, back, consumer, business];
        await AssertBooksAsync(papers);
        await AssertReturnAsync(papers, today.ToString("yyyy-MM", CultureInfo.InvariantCulture));
        await tenant.AssertBooksProveAsync();
    }

    /// <summary>Tops a wallet up: the tax is what the amount bears within it, and what is left is the value.</summary>
    async Task<Paper> RechargeAsync(string account, string? gstin, string amount, decimal igst, decimal head)
    {
        var before = decimal.Parse(await tenant.BalanceAsync(account), CultureInfo.InvariantCulture);
        var (status, answer) = await tenant.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/top-up", new { amount, reference = "NEFT 1" }, change: r => r.Headers.Add("Idempotency-Key", "sheet"));
        Assert.True(status == 201, answer.ToString());
        var paid = decimal.Parse(amount, CultureInfo.InvariantCulture);
        var (whole, half) = (Paisa(paid * igst / 1.18m), Paisa(paid * head / 1.18m));
        var summary = Assert.Single((await tenant.GetAsync($"/api/v1/invoices?account={account}")).Body.GetProperty("items").EnumerateArray());
        var paper = new Paper(Text(summary, "number"), gstin, 1, paid, [("998412", paid - whole - (2 * half), whole, half)]);
        AssertTotals(paper, summary);
        Assert.Equal(before + paper.Taxable, decimal.Parse(await tenant.BalanceAsync(account), CultureInfo.InvariantCulture));
        return paper;
    }

    static void AssertTotals(Paper paper, JsonElement summary)
    {
        var tax = summary.GetProperty("tax");
        Assert.Equal(
            (paper.Sign * paper.Taxable, paper.Sign * paper.Igst, paper.Sign * paper.Head, paper.Sign * paper.Head, paper.Value),
            (Amount(summary.GetProperty("taxable")), Amount(tax.GetProperty("igst")), Amount(tax.GetProperty("cgst")), Amount(tax.GetProperty("sgst")), Amount(summary.GetProperty("total"))));
    }

    /// <summary>What the ledger's books of output tax hold: nothing was taxed before.</summary>
    async Task AssertBooksAsync(Paper[] papers)
    {
        var books = (await tenant.RowsAsync(
            "select b, sum(m)::bigint from (select credit_book b, amount_micros m from ledger.journal_entries union all select debit_book, -amount_micros from ledger.journal_entries) e group by b",
            r => (Book: r.GetInt16(0), Amount: r.GetInt64(1) / 1_000_000m))).ToDictionary(r => r.Book, r => r.Amount);
        Assert.Equal(
            (papers.Sum(p => p.Head), papers.Sum(p => p.Head), papers.Sum(p => p.Igst)),
            (books[(short)Core.Charging.Book.GstOutputCgst], books[(short)Core.Charging.Book.GstOutputSgst], books[(short)Core.Charging.Book.GstOutputIgst]));
    }

    /// <summary>GSTR-1 of the month, table by table.</summary>
    async Task AssertReturnAsync(Paper[] papers, string month)
    {
        var (status, report) = await tenant.GetAsync($"/api/v1/reports/gstr-1?month={month}");
        Assert.True(status == 200, report.ToString());
        string Item(JsonElement item) => $"{Cell(item, "txval")} {Cell(item, "iamt")} {Cell(item, "camt")} {Cell(item, "samt")}";
        string Own(Paper paper) => $"{paper.Sign * paper.Taxable:0.00} {paper.Sign * paper.Igst:0.00} {paper.Head:0.00} {paper.Head:0.00}";
        Assert.Equal(
            papers.Where(p => p is { Gstin: not null, Sign: 1 }).Select(p => $"{p.Gstin} {p.Number} {p.Value:0.00} {Own(p)}").Order(),
            report.GetProperty("b2b").EnumerateArray().SelectMany(r => r.GetProperty("inv").EnumerateArray().Select(
                i => $"{Text(r, "ctin")} {Text(i, "inum")} {Cell(i, "val")} {Item(Assert.Single(i.GetProperty("itms").EnumerateArray()).GetProperty("itm_det"))}")).Order());
        Assert.Equal(
            papers.Where(p => p.Sign == -1).Select(p => $"{p.Gstin} C {p.Number} {p.Value:0.00} {Own(p)}"),
            report.GetProperty("cdnr").EnumerateArray().SelectMany(r => r.GetProperty("nt").EnumerateArray().Select(
                n => $"{Text(r, "ctin")} {Text(n, "ntty")} {Text(n, "nt_num")} {Cell(n, "val")} {Item(Assert.Single(n.GetProperty("itms").EnumerateArray()).GetProperty("itm_det"))}")));
        Assert.Equal(
            papers.Where(p => p.Gstin is null).Select(p => $"INTER 27 {Own(p)}"),
            report.GetProperty("b2cs").EnumerateArray().Select(c => $"{Text(c, "sply_ty")} {Text(c, "pos")} {Item(c)}"));
        foreach (var (table, isConsumer) in new[] { ("hsn_b2b", false), ("hsn_b2c", true) })
            Assert.Equal(
                papers.Where(p => p.Gstin is null == isConsumer).SelectMany(p => p.Lines.Select(l => (p.Sign, Line: l))).GroupBy(l => l.Line.Code).OrderBy(g => g.Key, StringComparer.Ordinal)
                    .Select(g => $"{g.Key} {g.Sum(l => l.Sign * l.Line.Taxable):0.00} {g.Sum(l => l.Sign * l.Line.Igst):0.00} {g.Sum(l => l.Sign * l.Line.Head):0.00} {g.Sum(l => l.Sign * l.Line.Head):0.00}"),
                report.GetProperty("hsn").GetProperty(table).EnumerateArray().Select(h => $"{Text(h, "hsn_sc")} {Item(h)}"));
        Assert.Equal(
            ["1 3 3", "5 1 1"],
            report.GetProperty("doc_issue").GetProperty("doc_det").EnumerateArray().Select(d => $"{d.GetProperty("doc_num")} {d.GetProperty("docs")[0].GetProperty("totnum")} {d.GetProperty("docs")[0].GetProperty("net_issue")}"));
    }

    static string Cell(JsonElement row, string name) => (row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDecimal() : 0).ToString("0.00", CultureInfo.InvariantCulture);

    static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;

    static string Description(JsonElement line) => Text(line, "description");

    static decimal Paisa(decimal amount) => Math.Round(amount, 2, MidpointRounding.AwayFromZero) + 0.00m;

    static decimal Amount(JsonElement text) => decimal.Parse(text.GetString()!, CultureInfo.InvariantCulture);

    /// <summary>Line by line: what the account used and subscribed to comes to.</summary>
    async Task<Dictionary<string, (string Service, decimal Amount)>> SheetAsync()
    {
        List<Price>[] voice = [Prices("call-center-voice"), Prices("worldwide-voice")];
        var (messages, events) = (Prices("sms"), Prices("events"));
        var left = await tenant.RowsAsync(
            "select a.service, a.destination_group, a.valid_from, a.valid_to, a.granted from ledger.allowances a where a.account_id = 10003",
            r => (Service: r.GetInt16(0), Group: r.GetString(1), From: r.GetDateTime(2), To: r.GetDateTime(3), Left: new long[] { r.GetInt64(4) }));
        var sheet = new Dictionary<string, (string Service, decimal Amount)>();
        var coveredLines = new HashSet<string>();
        void Add(string service, string line, decimal amount) => sheet[line] = (service, sheet.GetValueOrDefault(line).Amount + amount);
        foreach (var (service, key, quantity, at) in await tenant.RowsAsync(
            "select service, rating_key, quantity, occurred_at from usage.usage_records where account_id = 10003 order by entry_no", r => (r.GetInt16(0), r.GetString(1), r.GetInt64(2), r.GetDateTime(3))))
        {
            if (service is 3 or 4)
            {
                var price = service == 3
                    ? messages.Where(m => m.Prefix == key || m.Prefix == key.Split('-')[0] + "-*").OrderBy(m => m.Prefix.EndsWith('*')).First()
                    : events.Single(e => e.Prefix == key);
                Add(service == 3 ? "sms" : "event", service == 3 ? $"Messages to {price.Description}" : price.Description, price.Rate * quantity);
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
            Add("voice", line, Math.Round((billed - covered) * rate.Rate / 60, 4, MidpointRounding.AwayFromZero));
        }
        foreach (var (plan, price) in await tenant.RowsAsync(
            "select p.name, s.price_micros from subscriptions.subscriptions s join catalog.plans p on p.code = s.plan_code where s.account_id = 10003", r => (r.GetString(0), r.GetInt64(1))))
            Add("recurring", plan, price / 1_000_000m);
        // Lines that come to nothing and that no allowance paid for are not billed.
        return sheet.Where(s => s.Value.Amount > 0 || coveredLines.Contains(s.Key)).ToDictionary(s => s.Key, s => s.Value);
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
