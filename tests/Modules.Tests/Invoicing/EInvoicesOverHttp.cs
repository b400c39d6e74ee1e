using System.Diagnostics;
using System.Text.Json;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Invoicing.EInvoices;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Subscriptions;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>Documents are registered with the portal once, whatever it does, and cancelled within a day.</summary>
public sealed class EInvoicesOverHttp(BilledTenant app) : IClassFixture<BilledTenant>, IAsyncLifetime
{
    FakePortal portal = null!;

    public async ValueTask InitializeAsync()
    {
        portal = await FakePortal.StartAsync();
        await app.SetAsync(new { eInvoice = portal.Settings() });
    }

    public async ValueTask DisposeAsync()
    {
        // What a test left undone would come to the next one's portal.
        await using (var command = app.Database.Owner.CreateCommand("delete from platform.jobs where status = 'queued' and kind in ('register-e-invoice', 'cancel-e-invoice')"))
            await command.ExecuteNonQueryAsync();
        await app.SetAsync(new { eInvoice = portal.Settings(enabled: false) });
        await portal.DisposeAsync();
    }

    async Task<JsonElement> InvoiceAsync(bool isRegistered = true)
    {
        var account = await app.AccountAsync("postpaid", "29", isRegistered);
        await app.UseAsync(account, 40);
        return await app.InvoiceAsync(account);
    }

    async Task<JsonElement> EInvoiceAsync(JsonElement invoice) => await app.DoneAsync(HttpMethod.Get, Path(invoice) + "/e-invoice");

    /// <summary>Waits for a state; the server does its jobs meanwhile, and those that wait for another attempt are not let wait.</summary>
    async Task<JsonElement> UntilAsync(JsonElement invoice, string status, string? error = null)
    {
        for (var patience = Stopwatch.StartNew(); patience.Elapsed < Soon.Limit; await Task.Delay(50))
        {
            await app.RunJobsAsync();
            var view = await EInvoiceAsync(invoice);
            if (Status(view) == status && (error is null || Error(view)?.Contains(error, StringComparison.Ordinal) == true))
                return view;
        }
        throw new TimeoutException($"Not {status}: {await EInvoiceAsync(invoice)}");
    }

    // Documents of other tests may be on their way, too.
    string[] Sent(JsonElement invoice) => [.. portal.Requests.Where(r => r.Path == "/einvoice/invoice" && r.Body.Contains(invoice.GetProperty("number").GetString()!, StringComparison.Ordinal)).Select(r => r.Body)];

    Task<JsonElement> VoidAsync(JsonElement invoice) => app.DoneAsync(HttpMethod.Post, Path(invoice) + "/void", new { reason = "Wrong customer" });

    static string Path(JsonElement invoice) => $"/api/v1/invoices/{invoice.GetProperty("id").GetInt64()}";

    static string? Status(JsonElement view) => view.GetProperty("registration").ValueKind == JsonValueKind.Null ? null : view.GetProperty("registration").GetProperty("status").GetString();

    static string? Error(JsonElement view) => view.GetProperty("registration").GetProperty("lastError").GetString();

    [Fact]
    public async Task An_invoice_to_a_registered_customer_is_registered_and_its_QR_kept()
    {
        var invoice = await InvoiceAsync();
        var view = await UntilAsync(invoice, "registered");
        Assert.Equal(view.GetProperty("irn").GetString(), view.GetProperty("registration").GetProperty("irn").GetString());
        Assert.Empty(view.GetProperty("faults").EnumerateArray());
        Assert.Equal("2026-11-21T10:56:00+00:00", view.GetProperty("registration").GetProperty("ackAt").GetString());
        var request = Assert.Single(portal.Requests, r => r.Body == Assert.Single(Sent(invoice)));
        Assert.Equal(("27AAGCG4576J1Z6", "balatrix", "open sesame"), (request.Gstin, request.User, request.Password));
        // What was sent is what is shown.
        Assert.Equal(view.GetProperty("form").GetRawText(), JsonDocument.Parse(request.Body).RootElement.GetRawText());
        Assert.Equal("10.00", view.GetProperty("form").GetProperty("ValDtls").GetProperty("AssVal").GetRawText());
        Assert.Contains("e_invoice_registered", (await app.DoneAsync(HttpMethod.Get, Path(invoice))).GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("step").GetString()));
        var registration = await app.Database.InTenantAsync(1, (connection, ct) => EInvoiceStore.RegistrationAsync(connection, 1, invoice.GetProperty("id").GetInt64(), ct), CancellationToken.None);
        Assert.Equal(view.GetProperty("registration").GetProperty("signedQrCode").GetString(), registration!.SignedQrCode);
    }

    [Theory]
    [InlineData(FakePortal.Fault.Unavailable)]
    [InlineData(FakePortal.Fault.LosesItsAnswer)]
    [InlineData(FakePortal.Fault.TalksNonsense)]
    public async Task What_the_portal_did_not_answer_is_asked_again_and_registered_once(FakePortal.Fault fault)
    {
        portal.FaultOfNext = fault;
        var invoice = await InvoiceAsync();
        var view = await UntilAsync(invoice, "registered");
        Assert.Equal(2, view.GetProperty("registration").GetProperty("attempts").GetInt32());
        Assert.Equal(2, Sent(invoice).Length);
        Assert.Equal(1, portal.TimesRegistered(invoice.GetProperty("number").GetString()!));
    }

    [Fact]
    public async Task What_the_portal_refuses_has_failed_with_its_words()
    {
        portal.FaultOfNext = FakePortal.Fault.Refuses;
        var invoice = await InvoiceAsync();
        await UntilAsync(invoice, "failed", "2172");
        await app.RunJobsAsync();
        Assert.Single(Sent(invoice));
        Assert.Contains("e_invoice_failed", (await app.DoneAsync(HttpMethod.Get, Path(invoice))).GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("step").GetString()));
        // It may be voided: the portal does not have it.
        await VoidAsync(invoice);
        await UntilAsync(invoice, "cancelled");
    }

    [Fact]
    public async Task A_QR_that_an_unknown_key_signed_is_not_kept_until_the_key_is_known()
    {
        portal.KeyId = "K2";
        var invoice = await InvoiceAsync();
        var view = await UntilAsync(invoice, "pending", "K2");
        Assert.Equal(JsonValueKind.Null, view.GetProperty("registration").GetProperty("signedQrCode").ValueKind);
        await app.SetAsync(new { eInvoice = new { enabled = true, portalUrl = portal.Address, userName = "balatrix", password = "***", publicKeys = new Dictionary<string, string>(StringComparer.Ordinal) { ["K2"] = portal.PublicKey } } });
        await UntilAsync(invoice, "registered");
        Assert.Equal(1, portal.TimesRegistered(invoice.GetProperty("number").GetString()!));
    }

    [Fact]
    public async Task Another_portals_signature_under_a_known_name_does_not_pass()
    {
        await using var other = await FakePortal.StartAsync();
        await app.SetAsync(new { eInvoice = new { enabled = true, portalUrl = other.Address, publicKeys = new Dictionary<string, string>(StringComparer.Ordinal) { ["K1"] = portal.PublicKey } } });
        await UntilAsync(await InvoiceAsync(), "pending", "not signed by its key");
    }

    [Fact]
    public async Task A_portal_that_lets_wait_is_left_alone_for_a_minute()
    {
        var clock = new StillClock();
        using var calls = new RegistrationPortal(app.Services.GetRequiredService<MasterKey>(), clock, TimeSpan.FromSeconds(2));
        var settings = new EInvoiceSettings(true, portal.Address, null, null, null);
        Task<PortalAnswer> FindAsync() => calls.FindAsync(settings, "27AAGCG4576J1Z6", "x", "lets-wait", CancellationToken.None);
        int Asked() => portal.Requests.Count(r => r.Path == "/einvoice/invoice/irn");
        portal.FaultOfNext = FakePortal.Fault.Sleeps;
        await Assert.ThrowsAsync<PortalUnavailableException>(FindAsync);
        await Assert.ThrowsAsync<PortalUnavailableException>(FindAsync);
        Assert.Equal(1, Asked());
        // On a busy machine it may let wait again.
        var answer = await Soon.AnswerAsync(
            async () =>
            {
                clock.Advance(TimeSpan.FromSeconds(61));
                try
                {
                    return await FindAsync();
                }
                catch (PortalUnavailableException)
                {
                    return null;
                }
            },
            "an answer after a minute");
        Assert.NotNull(answer.Error);
        Assert.True(Asked() >= 2);
    }

    [Fact]
    public async Task Consumers_are_not_registered_and_have_no_form()
    {
        var invoice = await InvoiceAsync(isRegistered: false);
        var (status, problem) = await app.GetAsync(Path(invoice) + "/e-invoice");
        Assert.Equal((409, "no_e_invoice"), (status, problem.GetProperty("code").GetString()));
        Assert.Equal(404, (await app.GetAsync("/api/v1/invoices/1/e-invoice")).Status);
        await app.RunJobsAsync();
        Assert.Empty(Sent(invoice));
    }

    [Fact]
    public async Task A_voided_invoice_is_cancelled_at_the_portal()
    {
        var invoice = await InvoiceAsync();
        await UntilAsync(invoice, "registered");
        await VoidAsync(invoice);
        var view = await UntilAsync(invoice, "cancelled");
        Assert.True(portal.IsCancelled(view.GetProperty("irn").GetString()!));
        Assert.Contains(portal.Requests, r => r.Path == "/einvoice/invoice/cancel" && r.Body.Contains("Wrong customer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cancellation_whose_answer_was_lost_is_not_refused_the_second_time()
    {
        var invoice = await InvoiceAsync();
        await UntilAsync(invoice, "registered");
        portal.FaultOfNext = FakePortal.Fault.LosesItsAnswer;
        await VoidAsync(invoice);
        await UntilAsync(invoice, "cancelled");
        Assert.Equal(2, portal.Requests.Count(r => r.Path == "/einvoice/invoice/cancel"));
    }

    [Fact]
    public async Task An_invoice_that_is_voided_before_it_was_sent_never_is()
    {
        await app.SetAsync(new { eInvoice = portal.Settings(enabled: false) });
        var invoice = await InvoiceAsync();
        await VoidAsync(invoice);
        await app.SetAsync(new { eInvoice = portal.Settings() });
        await app.Database.InTenantAsync(
            1,
            async (connection, ct) =>
            {
                var id = invoice.GetProperty("id").GetInt64();
                var document = (await EInvoiceStore.FindAsync(connection, 1, id, ct))!.Document;
                await EInvoiceJobs.EnqueueAsync(connection, 1, await TenantSettingsStore.LoadAsync(connection, 1, ct), [(id, document)], TestTenant.At("2027-06-01"), ct);
                return 0;
            },
            CancellationToken.None);
        await UntilAsync(invoice, "cancelled");
        Assert.Empty(Sent(invoice));
    }

    [Fact]
    public async Task After_a_day_a_registered_invoice_takes_a_credit_note()
    {
        var invoice = await InvoiceAsync();
        await UntilAsync(invoice, "registered");
        await app.WaitAsync(TimeSpan.FromHours(24));
        var (status, problem) = await app.PostAsync(Path(invoice) + "/void", new { reason = "Wrong customer" });
        Assert.Equal((409, "e_invoice_final"), (status, problem.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Without_e_invoicing_nothing_is_sent_and_the_form_is_there()
    {
        await app.SetAsync(new { eInvoice = portal.Settings(enabled: false) });
        var invoice = await InvoiceAsync();
        var view = await EInvoiceAsync(invoice);
        Assert.Null(Status(view));
        Assert.Equal("INV", view.GetProperty("form").GetProperty("DocDtls").GetProperty("Typ").GetString());
        await app.RunJobsAsync();
        Assert.Empty(Sent(invoice));
    }
}
