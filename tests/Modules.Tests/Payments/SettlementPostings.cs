using System.Globalization;
using Balatrix.Core;
using Balatrix.Modules.Payments.Gateways;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>What gateways settle is posted once: out of the clearing book, to the bank, the fee and the tax on it; what does not agree is shown and not posted.</summary>
public sealed class SettlementPostings(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    [Fact]
    public async Task A_settled_payment_leaves_the_clearing_book_once_and_what_does_not_agree_stays_in_it()
    {
        // The bank, the fees and their tax are of both gateways.
        var before = await AmountsAsync();
        var account = await world.NewAccountAsync();
        var (settled, refunded, short_, unsettled) = (await PaidAsync(account, "118.00"), await PaidAsync(account, "50.00"), await PaidAsync(account, "40.00"), await PaidAsync(account, "7.00"));
        var (status, refund) = await world.PostAsync($"/api/v1/payments/{refunded.Payment}/refund", new { amount = "18.00", reason = "Paid twice" }, world.NewKey());
        Assert.True(status == 201, refund.ToString());
        await world.WorkAsync();
        var refundId = Assert.Single(world.Razorpay.Refunds, r => r.PaymentId == refunded.GatewayId).Id;
        world.Razorpay.Settled.AddRange(
        [
            Line(settled.GatewayId, SettledKind.Payment, settled.GatewayId, 118_000_000, 2_360_000, 360_000),
            Line(refunded.GatewayId, SettledKind.Payment, refunded.GatewayId, 50_000_000, 1_180_000, 180_000),
            Line(refundId, SettledKind.Refund, refunded.GatewayId, -18_000_000, 0, 0, refundId),
            Line(short_.GatewayId, SettledKind.Payment, short_.GatewayId, 39_000_000, 1_000_000, 0),
            Line("adj_1", SettledKind.Adjustment, null, -5_000_000, 0, 0),
            Line("pay_stranger", SettledKind.Payment, "pay_stranger", 9_000_000, 0, 0),
            Line(unsettled.GatewayId, SettledKind.Payment, unsettled.GatewayId, 7_000_000, 0, 0) with { SettlementId = null },
        ]);
        // Each day shows the same lines again.
        await world.PassAsync(TimeSpan.FromDays(3));
        Assert.Equal(["gateway.razorpay 47.00", "bank 146.46", "tax.input 0.54", "fees.gateway 3.00"], await BooksAsync("razorpay", before));
        Assert.Equal(["amount", "not_posted", "payment_unknown_here"], await DifferencesAsync("razorpay"));
        await world.AssertBooksProveAsync();

        // The gateway corrects its line; the one that had to wait is settled.
        world.Razorpay.Settled.RemoveAll(i => i.Id == short_.GatewayId || i.Id == unsettled.GatewayId);
        world.Razorpay.Settled.AddRange(
        [
            Line(short_.GatewayId, SettledKind.Payment, short_.GatewayId, 40_000_000, 1_000_000, 0),
            Line(unsettled.GatewayId, SettledKind.Payment, unsettled.GatewayId, 7_000_000, 0, 0),
            Line("again", SettledKind.Payment, settled.GatewayId, 118_000_000, 0, 0),
        ]);
        await world.PassAsync(TimeSpan.FromDays(2));
        world.Razorpay.Settled.Clear();
        Assert.Equal(["gateway.razorpay 0.00", "bank 192.46", "tax.input 0.54", "fees.gateway 4.00"], await BooksAsync("razorpay", before));
        Assert.Equal(["not_posted", "payment_unknown_here", "settled_twice"], await DifferencesAsync("razorpay"));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_payment_that_is_settled_at_Stripe_is_paid_out_to_the_bank_by_a_line_of_its_own()
    {
        var before = await AmountsAsync();
        var account = await world.NewAccountAsync();
        var paid = await PaidAsync(account, "200.00", "stripe");
        world.Stripe.Settled.AddRange(
        [
            Line("txn_1", SettledKind.Payment, paid.GatewayId, 200_000_000, 4_720_000, 720_000) with { SettlementId = null },
            Line("txn_2", SettledKind.Fee, null, 0, 1_180_000, 180_000) with { SettlementId = null },
            Line("txn_3", SettledKind.Payout, null, -150_000_000, 0, 0) with { SettlementId = null },
        ]);
        await world.PassAsync(TimeSpan.FromDays(3));
        world.Stripe.Settled.Clear();
        Assert.Equal(["gateway.stripe 0.00", "balance.stripe 44.10"], await BooksAsync("stripe", before));
        Assert.Empty(await DifferencesAsync("stripe"));
        await world.AssertBooksProveAsync();

        // What is posted and not as the line says is found.
        await world.RowsAsync("update payments.settlements set net_micros = net_micros + 1 where item_id = 'txn_1' returning 1", r => r.GetInt32(0));
        var report = await new Modules.Ledger.LedgerVerification(world.Database).VerifyAsync(null, PaymentWorld.Stop);
        Assert.Equal(["every settled line is posted exactly once"], report.Proofs.Where(p => !p.Proven).Select(p => p.Name));
        await world.RowsAsync("update payments.settlements set net_micros = net_micros - 1, posted_at = null where item_id = 'txn_1' returning 1", r => r.GetInt32(0));
        report = await new Modules.Ledger.LedgerVerification(world.Database).VerifyAsync(null, PaymentWorld.Stop);
        Assert.Equal(["gateway clearing equals unsettled payments", "every settled line is posted exactly once"], report.Proofs.Where(p => !p.Proven).Select(p => p.Name));
        await world.RowsAsync("update payments.settlements set posted_at = now() where item_id = 'txn_1' returning 1", r => r.GetInt32(0));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_line_that_no_rule_knows_is_posted_by_hand_once_with_a_note_and_the_books_prove()
    {
        var before = await AmountsAsync();
        var account = await world.NewAccountAsync();
        var paid = await PaidAsync(account, "60.00");
        world.Razorpay.Settled.AddRange(
        [
            Line("adj_fee", SettledKind.Adjustment, null, -5_000_000, 1_180_000, 180_000),
            Line("adj_loss", SettledKind.Adjustment, null, -20_000_000, 0, 0),
            Line("pay_elsewhere", SettledKind.Payment, "pay_elsewhere", 9_000_000, 0, 0),
            Line(paid.GatewayId, SettledKind.Payment, paid.GatewayId, 59_000_000, 0, 0),
        ]);
        await world.PassAsync(TimeSpan.FromDays(2));
        var lines = (await world.GetAsync("/api/v1/payments/settlements?status=different&gateway=razorpay")).Body.GetProperty("items").EnumerateArray()
            .ToDictionary(l => l.GetProperty("item").GetString()!, l => $"{l.GetProperty("difference").GetString()} {l.GetProperty("mayBePosted").GetBoolean()} {l.GetProperty("net").GetString()}");
        Assert.Equal(
            ["not_posted True -6.18", "not_posted True -20.00", "payment_unknown_here True 9.00", "amount False 59.00"],
            new[] { "adj_fee", "adj_loss", "pay_elsewhere", paid.GatewayId }.Select(i => lines[i]));

        Assert.Equal((422, "as"), await PostAsync("razorpay/adj_fee", new { @as = "gift", note = "x" }, "field"));
        Assert.Equal((422, "note"), await PostAsync("razorpay/adj_fee", new { @as = "fee" }, "field"));
        Assert.Equal((404, "not_found"), await PostAsync("razorpay/adj_nowhere", new { @as = "fee", note = "x" }, "code"));
        Assert.Equal((404, "not_found"), await PostAsync("paypal/adj_fee", new { @as = "fee", note = "x" }, "code"));
        Assert.Equal((409, "not_by_hand"), await PostAsync($"razorpay/{paid.GatewayId}", new { @as = "other", note = "x" }, "code"));

        var many = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostAsync("razorpay/adj_fee", new { @as = "fee", note = "Dispute fee, ticket 4711" }, "postedAs")));
        Assert.All(many, a => Assert.Equal((200, "fee"), a));
        Assert.Equal((409, "already_posted"), await PostAsync("razorpay/adj_fee", new { @as = "other", note = "Dispute fee, ticket 4711" }, "code"));
        Assert.Equal((200, "chargeback"), await PostAsync("razorpay/adj_loss", new { @as = "chargeback", note = "Dispute of 2025" }, "postedAs"));
        Assert.Equal((200, "other"), await PostAsync("razorpay/pay_elsewhere", new { @as = "other", note = "Sold at the counter" }, "postedAs"));
        Assert.Single(await world.RowsAsync("select 1 from audit.records where action = 'settlement.posted_by_hand' and entity_id = 'razorpay/adj_fee'", r => r.GetInt32(0)));
        // -5.00 and the fee of 1.18, -20.00, +9.00: the bank has 17.18 less; the clearing book has the payment that does not agree still.
        Assert.Equal(["adjustment -9.00", "bank -17.18", "fees.gateway 6.00", "gateway.razorpay 60.00", "tax.input 0.18", "writeoff 20.00"], await ChangedAsync(before));
        await world.AssertBooksProveAsync();

        // The gateway shows the same lines every day, and they stay posted as they are.
        await world.PassAsync(TimeSpan.FromDays(2));
        world.Razorpay.Settled.RemoveAll(l => l.Id == paid.GatewayId);
        world.Razorpay.Settled.Add(Line(paid.GatewayId, SettledKind.Payment, paid.GatewayId, 60_000_000, 0, 0));
        await world.PassAsync(TimeSpan.FromDays(2));
        world.Razorpay.Settled.Clear();
        Assert.Equal(["adjustment -9.00", "bank 42.82", "fees.gateway 6.00", "gateway.razorpay 0.00", "tax.input 0.18", "writeoff 20.00"], await ChangedAsync(before));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Lines_are_paged_and_filtered()
    {
        world.Stripe.Settled.AddRange(Enumerable.Range(1, 5).Select(n => Line($"txn_page_{n}", SettledKind.Fee, null, 0, 10_000 * n, 0) with { SettlementId = null, OccurredAt = Noon.AddMinutes(n / 2) }));
        await world.PassAsync(TimeSpan.FromDays(2));
        world.Stripe.Settled.Clear();
        var seen = new List<string>();
        for (var next = ""; next is not null;)
        {
            var (status, page) = await world.GetAsync($"/api/v1/payments/settlements?gateway=stripe&status=posted&limit=2{next}");
            Assert.True(status == 200, page.ToString());
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(l => l.GetProperty("item").GetString()!));
            next = page.GetProperty("next").GetString() is { } cursor ? $"&cursor={Uri.EscapeDataString(cursor)}" : null;
        }
        Assert.Equal(["txn_page_4", "txn_page_5", "txn_page_2", "txn_page_3", "txn_page_1"], seen.Where(s => s.StartsWith("txn_page", StringComparison.Ordinal)));
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Empty((await world.GetAsync("/api/v1/payments/settlements?gateway=stripe&status=different")).Body.GetProperty("items").EnumerateArray());
        foreach (var bad in new[] { "limit=0", "gateway=paypal", "status=odd", "cursor=x", "cursor=WyJhIiwiYiIsImMiXQ" })
            Assert.Equal(422, (await world.GetAsync($"/api/v1/payments/settlements?{bad}")).Status);
    }

    static readonly DateTimeOffset Noon = new(2027, 4, 2, 12, 0, 0, TimeSpan.Zero);

    async Task<(int Status, string? Said)> PostAsync(string line, object body, string property)
    {
        var (status, answer) = await world.PostAsync($"/api/v1/payments/settlements/{line}/post", body);
        return (status, answer.GetProperty(property).GetString());
    }

    /// <summary>Books that have changed since, of both gateways.</summary>
    async Task<string[]> ChangedAsync(List<(string Book, decimal Amount)> before) =>
    [
        .. from b in await AmountsAsync()
           where !b.Book.Contains("stripe", StringComparison.Ordinal)
           orderby b.Book
           select string.Create(CultureInfo.InvariantCulture, $"{b.Book} {b.Amount - before.Find(o => o.Book == b.Book).Amount:0.00}"),
    ];

    async Task<(string Payment, string GatewayId)> PaidAsync(string account, string amount, string gateway = "razorpay")
    {
        var (id, order) = await world.OrderAsync(account, amount, gateway);
        var paid = (gateway == "stripe" ? world.Stripe : world.Razorpay).Pay(order);
        Assert.Equal(200, (await world.VerifyAsync(id, paid)).Status);
        return (id, paid.Id);
    }

    /// <summary>What the gateway's lines have moved since in their books; the other gateway's are not its own.</summary>
    async Task<string[]> BooksAsync(string gateway, List<(string Book, decimal Amount)> before) =>
    [
        .. from b in await AmountsAsync()
           where b.Book.Contains("stripe", StringComparison.Ordinal) == (gateway == "stripe") && b.Book is not ("adjustment" or "writeoff")
           select string.Create(CultureInfo.InvariantCulture, $"{b.Book} {b.Amount - before.Find(o => o.Book == b.Book).Amount:0.00}"),
    ];

    async Task<List<(string Book, decimal Amount)>> AmountsAsync() =>
        [.. (await world.GetAsync("/api/v1/payments/statistics")).Body.GetProperty("books").EnumerateArray().Select(b => (b.GetProperty("book").GetString()!, decimal.Parse(b.GetProperty("amount").GetString()!, CultureInfo.InvariantCulture)))];

    /// <summary>Of the latest run.</summary>
    async Task<string[]> DifferencesAsync(string gateway)
    {
        var run = (await world.GetAsync("/api/v1/payments/statistics")).Body.GetProperty("reconciliations").EnumerateArray().First(r => r.GetProperty("gateway").GetString() == gateway);
        Assert.Equal(run.GetProperty("clearing").GetString(), run.GetProperty("unsettled").GetString());
        return [.. run.GetProperty("differences").EnumerateArray().Select(d => d.GetProperty("what").GetString()!).Order(StringComparer.Ordinal)];
    }

    static SettledItem Line(string id, SettledKind kind, string? paymentId, long gross, long fee, long tax, string? refundId = null) => new(
        id, kind, paymentId, refundId, null, null, Inr(gross), Inr(fee), Inr(tax), Inr(gross - fee), "setl_1", "UTR1", DateTimeOffset.UtcNow, null);

    static Money Inr(long micros) => new(micros, "INR");
}
