using System.Globalization;
using Balatrix.Modules.Invoicing.Dunning;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Invoicing.Dunning;

/// <summary>Unpaid invoices over time, on a test clock.</summary>
public sealed class DunningLife(DunnedTenant tenant) : IClassFixture<DunnedTenant>
{
    [Fact]
    public async Task An_unpaid_invoice_goes_through_its_stages_and_a_payment_brings_service_back()
    {
        await tenant.UsualPolicyAsync();
        var (debtor, bill) = await tenant.BilledAsync("2027-04-01");
        Assert.Equal("412.00", bill.Total);
        await tenant.AdvanceAsync(bill, -4);
        Assert.Empty(MailSpool.Of(tenant, debtor.Email));
        await tenant.AdvanceAsync(bill, -3);
        var first = Assert.Single(await MailSpool.WaitAsync(tenant, debtor.Email, 1));
        Assert.Equal($"Payment due soon: invoice {bill.Number}", MailSpool.Subject(first));
        foreach (var line in new[]
        {
            "Amount due: 412.00 INR\r\n", $"Due date: {bill.DueOn.ToString("d MMMM yyyy", CultureInfo.InvariantCulture)}\r\n", $"Payment reference: {bill.Number}\r\n", "account 001122334455, IFSC HDFC0000001",
            $"upi://pay?pa=pay%40hdfcbank&pn=Balatrix%20Telecom&am=412.00&cu=INR&tn={bill.Number}\r\n",
        })
            Assert.Contains(line, first, StringComparison.Ordinal);

        await tenant.AdvanceAsync(bill, 3);
        Assert.Equal(["Payment due soon", "Payment due today", "Payment overdue"], await tenant.SubjectsAsync(debtor, 3));
        Assert.Equal(("active", "charged"), (await tenant.AccountStatusAsync(debtor), await tenant.MessageAsync(debtor)));

        await tenant.AdvanceAsync(bill, 7);
        Assert.Equal(("restricted", "account_restricted"), (await tenant.AccountStatusAsync(debtor), await tenant.MessageAsync(debtor)));
        Assert.Equal("active", await tenant.StatusAsync(debtor.Subscription));

        await tenant.AdvanceAsync(bill, 15);
        Assert.Equal(("suspended", "account_suspended"), (await tenant.AccountStatusAsync(debtor), await tenant.MessageAsync(debtor)));
        Assert.Equal("suspended", await tenant.StatusAsync(debtor.Subscription));
        Assert.Equal(["Payment due soon", "Payment due today", "Payment overdue", "Outgoing service barred", "Service suspended"], await tenant.SubjectsAsync(debtor, 5));

        await tenant.PayAsync(bill, null, "UTR 1");
        await tenant.UntilAsync(async () => await tenant.StatusAsync(debtor.Subscription) == "active");
        Assert.Equal(("active", "charged"), (await tenant.AccountStatusAsync(debtor), await tenant.MessageAsync(debtor)));
        Assert.Equal("Service restored", (await tenant.SubjectsAsync(debtor, 6))[^1]);
        Assert.Equal(
            [
                "issued", "reminder_sent", "reminder_sent", "reminder_sent", "service_restricted", "reminder_sent", "service_suspended", "reminder_sent", "paid", "service_restored",
            ], await tenant.StepsAsync(bill));
        await tenant.AdvanceAsync(bill, 16);
        Assert.Equal("active", await tenant.AccountStatusAsync(debtor));
        var actions = await tenant.RowsAsync(
            $"select action from audit.records where entity_id in ('{bill.Number}', '{debtor.Account}', '{debtor.Subscription}') and action in ('invoice.dunned', 'account.restored', 'subscription.suspended', 'subscription.activated') order by sequence_no",
            r => r.GetString(0));
        Assert.Equal(["invoice.dunned", "invoice.dunned", "invoice.dunned", "invoice.dunned", "subscription.suspended", "invoice.dunned", "subscription.activated", "account.restored"], actions);
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task What_is_paid_in_part_is_asked_for_less_and_the_rest_lifts_the_bar()
    {
        await tenant.UsualPolicyAsync();
        var (debtor, bill) = await tenant.BilledAsync("2028-01-31");
        await tenant.AdvanceAsync(bill, 1);
        await tenant.PayAsync(bill, "200.00", "part 1");
        await tenant.AdvanceAsync(bill, 7);
        var letters = await MailSpool.WaitAsync(tenant, debtor.Email, 4);
        Assert.Contains("Amount due: 212.00 INR (of 412.00 INR)\r\n", letters[2], StringComparison.Ordinal);
        Assert.Equal("restricted", await tenant.AccountStatusAsync(debtor));
        await tenant.PayAsync(bill, "100.00", "part 2");
        await tenant.AdvanceAsync(bill, 8);
        Assert.Equal("restricted", await tenant.AccountStatusAsync(debtor));
        await tenant.PayAsync(bill, "112.00", "part 3");
        await tenant.UntilAsync(async () => await tenant.AccountStatusAsync(debtor) == "active");
        await tenant.AdvanceAsync(bill, 12);
        Assert.Equal(5, (await MailSpool.WaitAsync(tenant, debtor.Email, 5)).Count);
    }

    [Fact]
    public async Task What_staff_stopped_stays_stopped_when_the_debt_is_paid()
    {
        await tenant.UsualPolicyAsync();
        var (debtor, bill) = await tenant.BilledAsync("2028-04-01");
        await tenant.AdvanceAsync(bill, 7);
        await tenant.MoveAsync(debtor.Subscription, "suspend");
        Assert.Equal(200, (await tenant.PostAsync($"/api/v1/customers/{debtor.CustomerId}/suspend", new { reason = "Fraud check" })).Status);
        await tenant.AdvanceAsync(bill, 15);
        await tenant.PayAsync(bill, null, "UTR 2");
        await tenant.UntilAsync(async () => (await tenant.StepsAsync(bill)).Contains("service_restored"));
        Assert.Equal(("suspended", "suspended"), (await tenant.AccountStatusAsync(debtor), await tenant.StatusAsync(debtor.Subscription)));
        Assert.Equal(200, (await tenant.PostAsync($"/api/v1/customers/{debtor.CustomerId}/activate", null)).Status);
        Assert.Equal("active", await tenant.AccountStatusAsync(debtor));
    }

    [Fact]
    public async Task A_subscription_that_dunning_suspended_waits_for_its_suspended_customer()
    {
        await tenant.UsualPolicyAsync();
        var (debtor, bill) = await tenant.BilledAsync("2028-06-01");
        await tenant.AdvanceAsync(bill, 7);
        await tenant.AdvanceAsync(bill, 15);
        Assert.Equal(200, (await tenant.PostAsync($"/api/v1/customers/{debtor.CustomerId}/suspend", new { reason = "Fraud check" })).Status);
        await tenant.PayAsync(bill, null, "UTR 3");
        await tenant.UntilAsync(async () => (await tenant.StepsAsync(bill)).Contains("service_restored"));
        Assert.Equal(("suspended", "suspended"), (await tenant.AccountStatusAsync(debtor), await tenant.StatusAsync(debtor.Subscription)));
        Assert.Equal(200, (await tenant.PostAsync($"/api/v1/customers/{debtor.CustomerId}/activate", null)).Status);
        Assert.Equal(("active", "active"), (await tenant.AccountStatusAsync(debtor), await tenant.StatusAsync(debtor.Subscription)));
    }

    [Fact]
    public async Task Two_nodes_and_many_runs_take_each_step_once()
    {
        await tenant.UsualPolicyAsync();
        await tenant.SetClockAsync("2028-08-01");
        var debtors = new List<Debtor>();
        for (var i = 0; i < 12; i++)
            debtors.Add(await tenant.DebtorAsync());
        await tenant.AdvanceAsync("2028-08-02 08:00");
        // Straight to the day of the bar, so that no run has been before.
        await tenant.SetClockAsync("2028-08-25 09:00");
        await using var database = new Database(tenant.ConnectionString);
        await using var other = BalatrixServer.Build(database, "http://127.0.0.1:0", TimeProvider.System, data: tenant.Data);
        await other.StartAsync();
        var now = DunnedTenant.At("2028-08-25 09:00");
        var nodes = new[] { tenant.Services.GetRequiredService<OverdueInvoices>(), other.Services.GetRequiredService<OverdueInvoices>() };
        var taken = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => nodes[i % 2].RunAsync(1, now, CancellationToken.None)));
        foreach (var debtor in debtors)
        {
            Assert.Equal("restricted", await tenant.AccountStatusAsync(debtor));
            Assert.Equal("Outgoing service barred", Assert.Single(await tenant.SubjectsAsync(debtor, 1)));
        }
        Assert.True(taken.Sum() >= debtors.Count, string.Join(", ", taken));
        Assert.Equal(0, (await nodes[0].RunAsync(1, now, CancellationToken.None)));
        await other.StopAsync();
    }

    [Fact]
    public async Task A_late_fee_comes_with_the_next_invoice_and_its_tax()
    {
        await tenant.SettingsAsync(new { dunning = new { lateFee = new { day = 5, percent = "2" } } });
        var (debtor, bill) = await tenant.BilledAsync("2029-04-01");
        await tenant.AdvanceAsync(bill, 6);
        Assert.Equal(
            ["issued", "reminder_sent", "reminder_sent", "reminder_sent", "late_fee_charged", "reminder_sent"], await tenant.StepsAsync(bill));
        var letter = (await MailSpool.WaitAsync(tenant, debtor.Email, 4))[3];
        Assert.Contains("Late fee charged today: 8.24 INR", letter, StringComparison.Ordinal);
        await tenant.AdvanceAsync("2029-05-02 08:00");
        var (_, next) = await tenant.GetAsync($"/api/v1/invoices/{(await tenant.InvoicesAsync(debtor))[1].GetProperty("id").GetInt64()}");
        var line = next.GetProperty("lines").EnumerateArray().Single(l => l.GetProperty("service").GetString() == "fee");
        Assert.Equal(($"Late fee 1 on {bill.Number}", "8.24", "0.74", "0.74"), (
            line.GetProperty("description").GetString(), line.GetProperty("taxable").GetString(), line.GetProperty("tax").GetProperty("cgst").GetString(), line.GetProperty("tax").GetProperty("sgst").GetString()));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_debt_is_given_up_when_the_tenant_says_so()
    {
        await tenant.SettingsAsync(new { dunning = new { writeOffAfterDays = 40 } });
        var (debtor, bill) = await tenant.BilledAsync("2030-04-01");
        await tenant.PayAsync(bill, "100.00", "part");
        await tenant.MoveAsync(debtor.Subscription, "cancel", new { when = "period_end" });
        await tenant.AdvanceAsync(bill, 41);
        var (_, invoice) = await tenant.GetAsync($"/api/v1/invoices/{bill.Id}");
        Assert.Equal(("written_off", "0.00"), (invoice.GetProperty("summary").GetProperty("status").GetString(), invoice.GetProperty("summary").GetProperty("amountDue").GetString()));
        Assert.Equal(["writeoff_proposed", "reminder_sent", "written_off", "reminder_sent"], (await tenant.StepsAsync(bill))[^4..]);
        Assert.Equal(312_000_000, (await tenant.RowsAsync($"select amount_micros from ledger.journal_entries where account_id = {debtor.Account[4..]} and kind = 11 and credit_book = 2 and debit_book = 33", r => r.GetInt64(0))).Single());
        Assert.Equal("0.00", await tenant.BalanceAsync(debtor.Account));
        Assert.Equal("suspended", await tenant.AccountStatusAsync(debtor));
        await tenant.AssertBooksProveAsync();

        // A part of it comes in after all: so much is no debt given up any more, and the bar stays until the rest is there.
        await tenant.PayAsync(bill, "112.00", "late-1");
        Assert.Equal(("written_off", "200.00"), (await tenant.StatusOfAsync(bill), await GivenUpAsync(debtor)));
        Assert.Equal("0.00", await tenant.BalanceAsync(debtor.Account));
        Assert.Equal("suspended", await tenant.AccountStatusAsync(debtor));
        await tenant.AssertBooksProveAsync();
        await tenant.PayAsync(bill, "200.00", "late-2");
        Assert.Equal(("paid", "0.00"), (await tenant.StatusOfAsync(bill), await GivenUpAsync(debtor)));
        await tenant.UntilAsync(async () => await tenant.AccountStatusAsync(debtor) == "active");
        Assert.Equal(["debt_recovered", "debt_recovered"], (await tenant.StepsAsync(bill)).Where(s => s == "debt_recovered"));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Staff_lift_the_bar_of_a_debt_that_was_given_up_and_say_why()
    {
        await tenant.SettingsAsync(new { dunning = new { writeOffAfterDays = 40 } });
        var (debtor, bill) = await tenant.BilledAsync("2033-04-01");
        await tenant.MoveAsync(debtor.Subscription, "cancel", new { when = "period_end" });
        await tenant.AdvanceAsync(bill, 41);
        Assert.Equal("suspended", await tenant.AccountStatusAsync(debtor));
        Assert.Equal(422, (await tenant.PostAsync($"/api/v1/accounts/{debtor.Account}/lift-bar", new { })).Status);
        var (status, lifted) = await tenant.PostAsync($"/api/v1/accounts/{debtor.Account}/lift-bar", new { reason = "Agreed with the customer" });
        Assert.True(status == 200, lifted.ToString());
        Assert.Equal(("all", bill.Number), (lifted.GetProperty("barred").GetString(), lifted.GetProperty("invoices")[0].GetString()));
        await tenant.UntilAsync(async () => await tenant.AccountStatusAsync(debtor) == "active");
        Assert.Equal((409, "written_off"), ((await tenant.PostAsync($"/api/v1/accounts/{debtor.Account}/lift-bar", new { reason = "again" })).Status, await tenant.StatusOfAsync(bill)));
        Assert.Contains("bar_lifted", await tenant.StepsAsync(bill));
        await tenant.AssertBooksProveAsync();
    }

    async Task<string> GivenUpAsync(Debtor debtor) => Core.Money.Format((await tenant.RowsAsync(
        $"select coalesce(sum(case when debit_book = 33 then amount_micros else -amount_micros end), 0)::bigint from ledger.journal_entries where account_id = {debtor.Account[4..]} and 33 in (debit_book, credit_book)",
        r => r.GetInt64(0)))[0]);

    [Fact]
    public async Task A_tenant_that_does_not_dun_is_left_alone()
    {
        await tenant.SettingsAsync(new { dunning = new { enabled = false } });
        var (debtor, bill) = await tenant.BilledAsync("2031-04-01");
        await tenant.AdvanceAsync(bill, 20);
        Assert.Equal("active", await tenant.AccountStatusAsync(debtor));
        Assert.Equal(["issued"], await tenant.StepsAsync(bill));
    }
}
