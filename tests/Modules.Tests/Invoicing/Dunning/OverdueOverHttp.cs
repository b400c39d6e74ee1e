using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Invoicing.Dunning;

public sealed class OverdueOverHttp(DunnedTenant tenant) : IClassFixture<DunnedTenant>
{
    [Fact]
    public async Task Overdue_invoices_are_listed_by_age_and_reminded_of_by_hand()
    {
        await tenant.SettingsAsync(new { dunning = new { stages = Array.Empty<object>() } });
        var (debtor, old) = await tenant.BilledAsync("2027-04-01");
        var (recent, bill) = await tenant.BilledAsync("2027-05-15");
        await tenant.AdvanceAsync(bill, 2);
        var (status, report) = await tenant.GetAsync($"/api/v1/invoices/overdue?account={debtor.Account}");
        Assert.Equal(200, status);
        var ageing = Assert.Single(report.GetProperty("ageing").EnumerateArray());
        // On 2 June its invoices are due since 17 April and, as the clock was set past the night of its cycle, 31 May; and on 16 June.
        Assert.Equal(("INR", "412.00", "412.00", "412.00", "0.00", "0.00", "824.00", "1236.00"), (
            ageing.GetProperty("currency").GetString(), ageing.GetProperty("current").GetString(), ageing.GetProperty("days1To30").GetString(), ageing.GetProperty("days31To60").GetString(),
            ageing.GetProperty("days61To90").GetString(), ageing.GetProperty("over90").GetString(), ageing.GetProperty("overdue").GetString(), ageing.GetProperty("total").GetString()));
        var items = report.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal((old.Number, 46, "31-60"), (items[0].GetProperty("number").GetString(), items[0].GetProperty("daysOverdue").GetInt32(), items[0].GetProperty("bucket").GetString()));
        Assert.Equal((2, 2, "1-30"), (items.Count, items[1].GetProperty("daysOverdue").GetInt32(), items[1].GetProperty("bucket").GetString()));

        var seen = new List<string>();
        for (var next = ""; next is not null;)
        {
            var (_, page) = await tenant.GetAsync($"/api/v1/invoices/overdue?limit=1{next}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("number").GetString()!));
            next = page.GetProperty("next").GetString() is { } cursor ? $"&cursor={cursor}" : null;
        }
        var (_, all) = await tenant.GetAsync("/api/v1/invoices/overdue");
        Assert.Equal(all.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("number").GetString()!), seen);
        Assert.Superset(new HashSet<string> { old.Number, bill.Number }, seen.ToHashSet());

        Assert.Empty(MailSpool.Of(tenant, recent.Email));
        var (sent, answer) = await tenant.PostAsync($"/api/v1/invoices/{bill.Number}/reminder", null);
        Assert.True(sent == 202, answer.ToString());
        Assert.Equal((recent.Email, "412.00"), (answer.GetProperty("to").GetString(), answer.GetProperty("amountDue").GetString()));
        Assert.Equal(["Payment overdue"], await tenant.SubjectsAsync(recent, 1));
        Assert.Equal(["issued", "reminder_sent"], await tenant.StepsAsync(bill));
        await tenant.PayAsync(bill, null, "UTR");
        var (refused, problem) = await tenant.PostAsync($"/api/v1/invoices/{bill.Id}/reminder", null);
        Assert.Equal((409, "nothing_due"), (refused, problem.GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData("/api/v1/invoices/overdue?limit=0", 422)]
    [InlineData("/api/v1/invoices/overdue?cursor=x", 422)]
    [InlineData("/api/v1/invoices/overdue?cursor=WyJhIiwiYiJd", 422)]
    [InlineData("/api/v1/invoices/overdue?account=nobody", 404)]
    public async Task Bad_questions_are_refused(string path, int status) => Assert.Equal(status, (await tenant.GetAsync(path)).Status);

    [Fact]
    public async Task A_document_that_is_not_there_is_not_reminded_of() => Assert.Equal(404, (await tenant.PostAsync("/api/v1/invoices/999999/reminder", null)).Status);
}
