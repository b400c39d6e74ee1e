namespace Balatrix.Modules.Customers;

/// <summary>What an account has.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Balance">Sum of its entries.</param>
/// <param name="Held">Held by open reservations.</param>
/// <param name="Available">Balance and credit limit less what is held.</param>
/// <param name="CreditLimit">How far below zero it may go.</param>
/// <param name="Allowances">Those of now.</param>
public sealed record BalanceView(string Id, string Currency, string Balance, string Held, string Available, string CreditLimit, List<AllowanceView> Allowances);

/// <summary>An entry that was posted.</summary>
/// <param name="Account">The account's number.</param>
/// <param name="EntryNo">Number of the entry within it.</param>
/// <param name="Debit">Book that it is taken from.</param>
/// <param name="Credit">Book that it is given to.</param>
/// <param name="Amount">Always positive.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Balance">Balance after it, and after the tax that a recharge bears.</param>
/// <param name="Duplicate">True when it had been posted before under the same key.</param>
public sealed record PostedEntry(string Account, long EntryNo, string Debit, string Credit, string Amount, string Currency, string Balance, bool Duplicate);

/// <summary>A transfer: an entry on each side.</summary>
public sealed record TransferView(PostedEntry From, PostedEntry To, bool Duplicate);

/// <summary>A page of ledger entries, latest first.</summary>
/// <param name="Items">The entries.</param>
/// <param name="Next">Give it as <c>cursor</c> to get the next page; null at the end.</param>
public sealed record EntryPage(List<EntryEndpoints.EntryView> Items, long? Next);

/// <summary>The entries of a period against one book.</summary>
/// <param name="Book">The other book.</param>
/// <param name="Entries">How many.</param>
/// <param name="Amount">Their sum as the account sees it: negative when it paid.</param>
public sealed record BookTotal(string Book, int Entries, string Amount);

/// <summary>A statement.</summary>
/// <param name="Account">The account's number.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="From">First instant.</param>
/// <param name="To">First instant after.</param>
/// <param name="OpeningBalance">Before the first entry.</param>
/// <param name="ClosingBalance">After the last.</param>
/// <param name="Totals">By the other book.</param>
/// <param name="Entries">In order.</param>
public sealed record StatementView(
    string Account, string Currency, DateTimeOffset From, DateTimeOffset To, string OpeningBalance, string ClosingBalance,
    List<BookTotal> Totals, List<EntryEndpoints.EntryView> Entries);
