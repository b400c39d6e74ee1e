using System.Globalization;
using Balatrix.Core;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Printing;

namespace Balatrix.Modules.Customers;

/// <summary>Prints a statement. It is no tax document: it shows what moved an account's balance.</summary>
static class StatementPdf
{
    static readonly Ink Usual = new(0x1F, 0x4E, 0x8C);

    public static byte[] Render(StatementView statement, AccountView account, TenantSettings settings, TimeZoneInfo zone)
    {
        var accent = Ink.Parse(settings.Branding?.Color, Usual).Readable();
        var issuer = settings.Gst?.LegalName ?? settings.Branding?.Name ?? settings.Name ?? "";
        var brand = settings.Branding?.Name is { Length: > 0 } name ? name : issuer;
        var period = $"{Day(statement.From, zone)} – {Day(statement.To.AddTicks(-1), zone)}";
        var print = new PrintDocument(
            FontLibrary.Machine, new($"Statement of {account.Id}", issuer, $"Statement of account {account.Id}, {period}", zone.DayOf(statement.To)));
        var flow = new PageFlow(print, 36, 785, page => Begin(page, brand, accent, $"Statement {account.Id} · {period}"));
        Head(flow, statement, account, accent, period);
        Entries(flow, statement, accent, zone);
        return print.Finish((page, number) => Foot(page, print, issuer, string.Create(CultureInfo.InvariantCulture, $"Page {number} of {print.PageCount}")));
    }

    static void Begin(PageFlow flow, string brand, Ink accent, string words)
    {
        flow.Page.Box(0, 0, flow.Page.Width, 6, accent);
        var isFirst = flow.Document.PageCount == 1;
        flow.Page.Text(flow.Left, isFirst ? 50 : 32, flow.Document.Type.Fit(brand, new(isFirst ? 17 : 9, true), flow.Width / 2), accent);
        flow.TextTo(flow.Right, isFirst ? 48 : 32, isFirst ? "STATEMENT" : words, new(isFirst ? 17 : 8, isFirst), isFirst ? accent : Ink.Grey);
        flow.Y = isFirst ? 68 : 50;
    }

    static void Head(PageFlow flow, StatementView statement, AccountView account, Ink accent, string period)
    {
        flow.Page.Rule(flow.Left, flow.Y, flow.Width, 0.8, Ink.Line);
        var y = flow.Paragraph(flow.Left, flow.Y + 8, account.Name, new(10, true), Ink.Black, flow.Width / 2, 3);
        y = flow.Paragraph(flow.Left, y, $"Account {account.Id}, {account.Kind}", new(8), Ink.Grey, flow.Width / 2, 2);
        y = flow.Paragraph(flow.Left, y, period, new(8), Ink.Grey, flow.Width / 2, 2);
        (string Label, string Value)[] balances = [("Opening balance", statement.OpeningBalance), ("Closing balance", statement.ClosingBalance)];
        var right = flow.Y + 20;
        foreach (var (label, value) in balances)
        {
            flow.Text(flow.Left + (flow.Width * 0.58), right, label, new(8.4), Ink.Grey);
            flow.TextTo(flow.Right - 4, right, AmountText.WithCurrency(StatementEndpoint.Micros(value), statement.Currency), new(9.6, true), label[0] == 'C' ? accent : Ink.Black);
            right += 16;
        }
        flow.Y = Math.Max(y, right) + 10;
    }

    static void Entries(PageFlow flow, StatementView statement, Ink accent, TimeZoneInfo zone)
    {
        var balance = statement.OpeningBalance;
        Column[] columns =
        [
            new("Entry", 42, true), new("Date and time", 88), new("What", 82), new("Reference", flow.Width - 422), new("Out", 66, true), new("In", 66, true), new($"Balance ({statement.Currency})", 78, true),
        ];
        var table = new Table(flow, columns, accent, 7.1, isStriped: true) { Carried = () => ["", "", "", "", "", "", Amount(balance, statement)] };
        table.Sum("", "Opening balance", "", "", "", "", Amount(statement.OpeningBalance, statement));
        var (spent, received) = (0L, 0L);
        foreach (var entry in statement.Entries)
        {
            var signed = StatementEndpoint.Signed(entry);
            (spent, received, balance) = (spent + Math.Min(signed, 0), received + Math.Max(signed, 0), entry.BalanceAfter);
            table.Row(
                entry.EntryNo.ToString(CultureInfo.InvariantCulture), TimeZoneInfo.ConvertTime(entry.RecordedAt, zone).ToString("dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture),
                entry.Kind.Replace('_', ' '), entry.Reference, signed < 0 ? Amount(Money.Format(-signed), statement) : "", signed > 0 ? Amount(Money.Format(signed), statement) : "", Amount(balance, statement));
        }
        table.Sum(
            "", "Closing balance", "", "", Amount(Money.Format(-spent), statement), Amount(Money.Format(received), statement), Amount(statement.ClosingBalance, statement));
    }

    static void Foot(PageCanvas page, PrintDocument print, string issuer, string words)
    {
        page.Rule(36, 795, page.Width - 72, 0.7, Ink.Line);
        page.Text(36, 806, print.Type.Fit($"{issuer} · A statement is not a tax invoice.", new(6.8), 400), Ink.Grey);
        var line = print.Type.Set(words, new(6.8));
        page.Text(page.Width - 36 - line.Width, 806, line, Ink.Grey);
    }

    static string Amount(string amount, StatementView statement) => AmountText.Grouped(StatementEndpoint.Micros(amount), statement.Currency);

    static string Day(DateTimeOffset at, TimeZoneInfo zone) => zone.DayOf(at).ToString("dd MMM yyyy", CultureInfo.InvariantCulture);
}
