using Balatrix.Core.Usage;

namespace Balatrix.Core.Charging;

/// <summary>A book of the double-entry ledger. Numbers are stored and never change; an account's own book is <see cref="Wallet"/> or <see cref="Receivable"/>.</summary>
public enum Book : short
{
    /// <summary>What prepaid customers have paid in and not used.</summary>
    Wallet = 1,

    /// <summary>What postpaid customers owe.</summary>
    Receivable = 2,

    /// <summary>Earned by calls.</summary>
    RevenueVoice = 10,

    /// <summary>Earned by messages.</summary>
    RevenueSms = 11,

    /// <summary>Earned by authentication and other counted events.</summary>
    RevenueEvent = 12,

    /// <summary>Earned by recurring prices of plans and add-ons.</summary>
    RevenueRecurring = 13,

    /// <summary>Earned by fees, such as for paying late.</summary>
    RevenueFee = 14,

    /// <summary>Money received outside any gateway (bank transfer, cash, cheque).</summary>
    GatewayManual = 20,

    /// <summary>Money at Razorpay.</summary>
    GatewayRazorpay = 21,

    /// <summary>Money at Stripe.</summary>
    GatewayStripe = 22,

    /// <summary>Income tax that customers withheld from what they paid; to be claimed by their certificates.</summary>
    TdsReceivable = 23,

    /// <summary>Money that gateways have paid out to the tenant's bank.</summary>
    Bank = 24,

    /// <summary>What Stripe has settled to the tenant's balance there and not paid out yet.</summary>
    BalanceStripe = 25,

    /// <summary>Corrections by hand.</summary>
    Adjustment = 30,

    /// <summary>In flight between two accounts; zero over any transfer.</summary>
    Transfer = 31,

    /// <summary>Given away as promotion.</summary>
    Bonus = 32,

    /// <summary>Given up as lost.</summary>
    Writeoff = 33,

    /// <summary>Central GST on what was invoiced.</summary>
    GstOutputCgst = 40,

    /// <summary>State GST on what was invoiced.</summary>
    GstOutputSgst = 41,

    /// <summary>Union territory GST on what was invoiced.</summary>
    GstOutputUtgst = 42,

    /// <summary>Integrated GST on what was invoiced.</summary>
    GstOutputIgst = 43,

    /// <summary>Value added tax of a country other than India on what was invoiced.</summary>
    VatOutput = 44,

    /// <summary>Tax set aside from advances that receipt vouchers were given for, until an invoice adjusts it.</summary>
    GstAdvance = 45,

    /// <summary>Tax that the tenant was charged, such as GST on gateways' fees; to be set off.</summary>
    TaxInput = 46,

    /// <summary>What rounding invoices to the paisa and the rupee gave and took.</summary>
    RoundOff = 50,

    /// <summary>What gateways keep for themselves, without its tax.</summary>
    GatewayFees = 60,

    /// <summary>Tax on money that was given back when it was too late to take the tax back: the tenant's own cost.</summary>
    TaxUnrecovered = 61,
}

/// <summary>What kind of journal entry a posting that is not use is. Numbers are stored.</summary>
public enum EntryKind : short
{
    /// <summary>Money paid in.</summary>
    TopUp = 1,

    /// <summary>A correction by hand, either way.</summary>
    Adjustment = 2,

    /// <summary>Moved to another account.</summary>
    TransferOut = 3,

    /// <summary>Moved from another account.</summary>
    TransferIn = 4,

    /// <summary>A charge given back.</summary>
    Refund = 5,

    /// <summary>Posted by an invoice.</summary>
    InvoicePosting = 6,

    /// <summary>A payment of an invoice.</summary>
    Payment = 7,

    /// <summary>Recurring prices charged, or given back for time that is not used.</summary>
    Subscription = 8,

    /// <summary>Given back on a credit note, or charged on a debit note.</summary>
    Note = 9,

    /// <summary>A fee, such as for paying late.</summary>
    Fee = 10,

    /// <summary>A debt given up.</summary>
    Writeoff = 11,

    /// <summary>A payment given back to where it came from.</summary>
    PaymentRefund = 12,

    /// <summary>Tax on a recharge, or set aside from one.</summary>
    RechargeTax = 13,
}

/// <summary>Names of books and kinds as the API and reports show them.</summary>
public static class Books
{
    /// <summary>The book's name ("revenue.voice").</summary>
    public static string Name(Book book) => book switch
    {
        Book.Wallet => "wallet",
        Book.Receivable => "receivable",
        Book.RevenueVoice => "revenue.voice",
        Book.RevenueSms => "revenue.sms",
        Book.RevenueEvent => "revenue.event",
        Book.RevenueRecurring => "revenue.recurring",
        Book.RevenueFee => "revenue.fee",
        Book.GatewayManual => "gateway.manual",
        Book.GatewayRazorpay => "gateway.razorpay",
        Book.GatewayStripe => "gateway.stripe",
        Book.TdsReceivable => "tds.receivable",
        Book.Bank => "bank",
        Book.BalanceStripe => "balance.stripe",
        Book.Adjustment => "adjustment",
        Book.Transfer => "transfer",
        Book.Bonus => "bonus",
        Book.Writeoff => "writeoff",
        Book.GstOutputCgst => "gst.output.cgst",
        Book.GstOutputSgst => "gst.output.sgst",
        Book.GstOutputUtgst => "gst.output.utgst",
        Book.GstOutputIgst => "gst.output.igst",
        Book.VatOutput => "vat.output",
        Book.GstAdvance => "gst.advance",
        Book.TaxInput => "tax.input",
        Book.RoundOff => "roundoff",
        Book.GatewayFees => "fees.gateway",
        Book.TaxUnrecovered => "tax.unrecovered",
        _ => throw new ArgumentOutOfRangeException(nameof(book), book, "Not a book."),
    };

    /// <summary>The kind's name ("top_up").</summary>
    public static string Name(EntryKind kind) => kind switch
    {
        EntryKind.TopUp => "top_up",
        EntryKind.Adjustment => "adjustment",
        EntryKind.TransferOut => "transfer_out",
        EntryKind.TransferIn => "transfer_in",
        EntryKind.Refund => "refund",
        EntryKind.InvoicePosting => "invoice",
        EntryKind.Payment => "payment",
        EntryKind.Subscription => "subscription",
        EntryKind.Note => "note",
        EntryKind.Fee => "fee",
        EntryKind.Writeoff => "writeoff",
        EntryKind.PaymentRefund => "payment_refund",
        EntryKind.RechargeTax => "recharge_tax",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not an entry kind."),
    };

    /// <summary>The book that use of a service earns on.</summary>
    public static Book RevenueOf(Service service) => service switch
    {
        Service.VoiceOutbound or Service.VoiceInbound => Book.RevenueVoice,
        Service.Sms => Book.RevenueSms,
        Service.Event => Book.RevenueEvent,
        _ => throw new ArgumentOutOfRangeException(nameof(service), service, "Not a service."),
    };

    /// <summary>Whether a book belongs to accounts, so that postings to it move a balance.</summary>
    public static bool IsAccountBook(Book book) => book is Book.Wallet or Book.Receivable;
}
