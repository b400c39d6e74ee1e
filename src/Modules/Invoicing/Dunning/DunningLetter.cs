using System.Globalization;
using System.Text;
using Balatrix.Core;
using Balatrix.Core.Dunning;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>What a customer is written about an unpaid invoice: friendly first, plain later, always with what to pay, until when, and how.</summary>
static class DunningLetter
{
    /// <summary>The letter of a day.</summary>
    /// <param name="invoice">The invoice.</param>
    /// <param name="settings">The tenant's.</param>
    /// <param name="action">The strongest thing that is done today.</param>
    /// <param name="feeMicros">Fees charged today, without tax.</param>
    /// <param name="today">The tenant's day.</param>
    public static (string Subject, string Text) Compose(PursuedInvoice invoice, TenantSettings settings, DunningAction action, long feeMicros, DateOnly today)
    {
        var overdue = Ageing.DaysOverdue(invoice.Facts.DueOn, today);
        var amount = $"{Money.Format(invoice.Facts.UnpaidMicros)} {invoice.Currency}";
        var (subject, opening) = action switch
        {
            DunningAction.Restrict => ("Outgoing service barred", $"it is {Days(overdue)} overdue, so outgoing calls and messages of {Account(invoice)} are barred from today. You can still be called."),
            DunningAction.Suspend => ("Service suspended", $"it is {Days(overdue)} overdue, so {Account(invoice)} is suspended from today."),
            DunningAction.ProposeWriteoff => ("Last notice", $"it is {Days(overdue)} overdue. Unless it is paid, it is handed over for collection."),
            DunningAction.WriteOff => ("Account given up", $"it is {Days(overdue)} overdue, and the amount is given up as lost. The account stays closed for use."),
            DunningAction.ChargeFee => ("Late fee", $"it is {Days(overdue)} overdue, so a late fee is charged."),
            _ when overdue > 0 => ("Payment overdue", $"it was due on {Date(invoice.Facts.DueOn)}, and we have not seen your payment yet. If you have just paid, please disregard this letter."),
            _ when today == invoice.Facts.DueOn => ("Payment due today", "it is due today."),
            _ => ("Payment due soon", $"it is due on {Date(invoice.Facts.DueOn)}."),
        };
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Dear {invoice.CustomerName},\n\nabout invoice {invoice.Number} of {Date(invoice.IssuedOn)}: {opening}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"Amount due: {amount}");
        if (invoice.Facts.UnpaidMicros < invoice.TotalMicros)
            text.Append(CultureInfo.InvariantCulture, $" (of {Money.Format(invoice.TotalMicros)} {invoice.Currency})");
        text.Append(CultureInfo.InvariantCulture, $"\nDue date: {Date(invoice.Facts.DueOn)}\nAccount: {Account(invoice)}\nPayment reference: {invoice.Number}\n");
        if (feeMicros > 0)
            text.Append(CultureInfo.InvariantCulture, $"Late fee charged today: {Money.Format(feeMicros)} {invoice.Currency}, without tax; it comes with your next invoice.\n");
        if (action != DunningAction.WriteOff)
            AppendWays(text, invoice, settings);
        if (action is DunningAction.Restrict or DunningAction.Suspend)
            text.Append("\nService comes back by itself as soon as the payment is here.\n");
        text.Append(CultureInfo.InvariantCulture, $"\n{settings.Gst?.LegalName ?? settings.Name}\n");
        return ($"{subject}: invoice {invoice.Number}", text.ToString());
    }

    /// <summary>The letter when a payment has brought service back.</summary>
    public static (string Subject, string Text) Restored(string customerName, string account, bool isWhole, TenantSettings settings) => (
        $"Service restored: {account}",
        $"""
        Dear {customerName},

        thank you for your payment. {(isWhole ? $"All service of {account} is restored." : $"{account} can be called again; outgoing service follows when the other overdue invoices are paid.")}

        {settings.Gst?.LegalName ?? settings.Name}
        """);

    static void AppendWays(StringBuilder text, PursuedInvoice invoice, TenantSettings settings)
    {
        if (settings.Bank is not { } bank)
            return;
        if (bank.AccountNumber is not null)
            text.Append(CultureInfo.InvariantCulture, $"\nBank transfer: {bank.AccountName}, account {bank.AccountNumber}, IFSC {bank.Ifsc}, {bank.BankName}\n");
        if (bank.UpiId is not null && invoice.Currency == "INR")
            text.Append(CultureInfo.InvariantCulture,
                $"UPI: upi://pay?pa={Uri.EscapeDataString(bank.UpiId)}&pn={Uri.EscapeDataString(settings.Gst?.LegalName ?? settings.Name ?? "")}&am={Money.Format(invoice.Facts.UnpaidMicros)}&cu=INR&tn={Uri.EscapeDataString(invoice.Number)}\n");
    }

    static string Account(PursuedInvoice invoice) => AccountDirectory.NumberOf(invoice.AccountId);

    static string Days(int days) => days == 1 ? "one day" : $"{days.ToString(CultureInfo.InvariantCulture)} days";

    static string Date(DateOnly day) => day.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
}
