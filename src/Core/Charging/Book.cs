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

    /// <summary>Money received outside any gateway (bank transfer, cash, cheque).</summary>
    GatewayManual = 20,

    /// <summary>Money at Razorpay.</summary>
    GatewayRazorpay = 21,

    /// <summary>Money at Stripe.</summary>
    GatewayStripe = 22,

    /// <summary>Corrections by hand.</summary>
    Adjustment = 30,

    /// <summary>In flight between two accounts; zero over any transfer.</summary>
    Transfer = 31,

    /// <summary>Given away as promotion.</summary>
    Bonus = 32,

    /// <summary>Given up as lost.</summary>
    Writeoff = 33,
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
        Book.GatewayManual => "gateway.manual",
        Book.GatewayRazorpay => "gateway.razorpay",
        Book.GatewayStripe => "gateway.stripe",
        Book.Adjustment => "adjustment",
        Book.Transfer => "transfer",
        Book.Bonus => "bonus",
        Book.Writeoff => "writeoff",
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
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not an entry kind."),
    };

    /// <summary>Whether a book belongs to accounts, so that postings to it move a balance.</summary>
    public static bool IsAccountBook(Book book) => book is Book.Wallet or Book.Receivable;
}
