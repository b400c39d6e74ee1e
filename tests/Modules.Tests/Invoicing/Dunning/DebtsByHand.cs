using System.Text.Json;
using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Tests.Invoicing.Dunning;

/// <summary>What dunning leaves to people, and what it does not let wait.</summary>
public sealed class DebtsByHand(DunnedTenant tenant) : IClassFixture<DunnedTenant>
{
    [Fact]
    public async Task A_debt_that_dunning_proposes_to_give_up_is_given_up_by_hand_once_and_what_comes_in_recovers_it()
    {
        await tenant.UsualPolicyAsync();
        var (debtor, bill) = await tenant.BilledAsync("2027-04-01");
        await tenant.MoveAsync(debtor.Subscription, "cancel", new { when = "period_end" });
        await tenant.AdvanceAsync(bill, 29);
        Assert.False(await IsProposedAsync(debtor));
        await tenant.AdvanceAsync(bill, 30);
        Assert.True(await IsProposedAsync(debtor));
        var path = $"/api/v1/invoices/{bill.Number}/write-off";
        Assert.Equal((422, "reason"), await RefusedAsync(path, new { }, "field"));
        Assert.Equal((422, "reason"), await RefusedAsync(path, new { reason = new string('x', 501) }, "field"));
        Assert.Equal((404, "not_found"), await RefusedAsync("/api/v1/invoices/999999/write-off", new { reason = "Insolvent" }, "code"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => tenant.PostAsync(path, new { reason = "Insolvent" })));
        Assert.Equal([200, 409, 409, 409], answers.Select(a => a.Status).Order());
        Assert.Equal("written_off", await tenant.StatusOfAsync(bill));
        var step = (await tenant.GetAsync($"/api/v1/invoices/{bill.Id}")).Body.GetProperty("steps").EnumerateArray().Last();
        Assert.Equal(("written_off", "Insolvent", "412.00"), (
            step.GetProperty("step").GetString(), step.GetProperty("detail").GetProperty("reason").GetString(), step.GetProperty("detail").GetProperty("due").GetString()));
        Assert.Equal(("suspended", "0.00"), (await tenant.AccountStatusAsync(debtor), await tenant.BalanceAsync(debtor.Account)));
        Assert.Single(await tenant.RowsAsync($"select 1 from audit.records where action = 'invoice.written_off' and entity_id = '{bill.Number}'", r => r.GetInt32(0)));
        await tenant.AssertBooksProveAsync();
        // Nothing more is done about it, and nobody is written to.
        var letters = (await tenant.StepsAsync(bill)).Count;
        await tenant.AdvanceAsync(bill, 50);
        Assert.Equal(letters, (await tenant.StepsAsync(bill)).Count);
        await tenant.PayAsync(bill, "412.00", "late");
        Assert.Equal("paid", await tenant.StatusOfAsync(bill));
        await tenant.UntilAsync(async () => await tenant.AccountStatusAsync(debtor) == "active");
        Assert.Equal((409, "nothing_due"), await RefusedAsync(path, new { reason = "again" }, "code"));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Who_has_paid_does_not_wait_for_service_until_all_others_invoices_are_collected()
    {
        await tenant.UsualPolicyAsync();
        var (debtor, bill) = await tenant.BilledAsync("2028-04-01");
        await tenant.AdvanceAsync(bill, 7);
        Assert.Equal("restricted", await tenant.AccountStatusAsync(debtor));
        var (_, other) = await tenant.BilledAsync("2028-06-01");
        // Gateways that do not answer: the jobs that collect stand still.
        await using var connection = await tenant.Database.Owner.OpenConnectionAsync();
        await using var held = await connection.BeginTransactionAsync();
        await using (var command = new Npgsql.NpgsqlCommand("lock table payments.payments in access exclusive mode", connection))
            await command.ExecuteNonQueryAsync();
        for (var n = 0; n < 8; n++)
            await tenant.Database.InTenantAsync(1, (c, ct) => JobQueue.EnqueueAsync(
                c, 1, new("invoice-generation", "collect-invoice-payment", JsonSerializer.Serialize(new { documentId = other.Id })), ct), CancellationToken.None);
        await tenant.PayAsync(bill, null, "UTR 1");
        await tenant.UntilAsync(async () => await tenant.AccountStatusAsync(debtor) == "active");
        Assert.NotEmpty(await tenant.RowsAsync("select 1 from platform.jobs where kind = 'collect-invoice-payment' and status = 'queued' and key is null", r => r.GetInt32(0)));
        await held.RollbackAsync();
    }

    async Task<bool> IsProposedAsync(Debtor debtor) =>
        (await tenant.GetAsync($"/api/v1/invoices/overdue?account={debtor.Account}")).Body.GetProperty("items").EnumerateArray().Single().GetProperty("writeoffProposed").GetBoolean();

    async Task<(int Status, string? Said)> RefusedAsync(string path, object body, string property)
    {
        var (status, problem) = await tenant.PostAsync(path, body);
        return (status, problem.GetProperty(property).GetString());
    }
}
