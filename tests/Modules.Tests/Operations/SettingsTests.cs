using System.Security.Cryptography;
using System.Text.Json;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Operations;

/// <summary>What tax, invoices and payments need to know of a tenant is set, checked, kept, and its secrets are not shown.</summary>
public sealed class SettingsTests(TestApp app) : IClassFixture<TestApp>
{
    static readonly object Supplier = new { legalName = "Balatrix", gstin = "27AAGCG4576J1Z6", addressLines = new[] { "Mumbai" }, state = "27" };

    public static TheoryData<string, string> Faults => new()
    {
        { """{"country":"India"}""", "country" },
        { """{"rechargesPerDay":101}""", "rechargesPerDay" },
        { """{"dunning":{"stages":[{"day":5,"action":"shout"}]}}""", "dunning.stages" },
        { """{"dunning":{"stages":[{"day":5,"action":"suspend"},{"day":4,"action":"remind"}]}}""", "dunning.stages" },
        { """{"dunning":{"stages":[null]}}""", "dunning.stages" },
        { """{"dunning":{"lateFee":{"day":5,"percent":"1.555"}}}""", "dunning.lateFee" },
        { """{"dunning":{"lateFee":{"day":5,"amount":"10.00","percent":"1"}}}""", "dunning.lateFee" },
        { """{"dunning":{"writeOffAfterDays":10}}""", "dunning.writeOffAfterDays" },
        { """{"prepaidTaxMode":"never"}""", "prepaidTaxMode" },
        { """{"paymentTermsDays":-1}""", "paymentTermsDays" },
        { """{"lut":[{"financialYear":"2026-28","number":"A"}]}""", "lut" },
        { """{"lut":[null]}""", "lut" },
        { """{"lut":[{"financialYear":"2026-27","number":"A"},{"financialYear":"2026-27","number":"B"}]}""", "lut" },
        { """{"sacCodes":{"fax":"998412"}}""", "sacCodes" },
        { """{"sacCodes":{"sms":null}}""", "sacCodes" },
        { """{"taxRates":[{"from":"2023-01-01","basisPoints":10001}]}""", "taxRates" },
        { """{"taxRates":[null]}""", "taxRates" },
        { """{"eInvoice":{"enabled":true}}""", "eInvoice.portalUrl" },
        { """{"eInvoice":{"portalUrl":"http://portal.example"}}""", "eInvoice.portalUrl" },
        { """{"eInvoice":{"publicKeys":{"k":"not a key"}}}""", "eInvoice.publicKeys" },
        { """{"bank":{"ifsc":"HDFC1"}}""", "bank.ifsc" },
        { """{"bank":{"upiId":"nobody"}}""", "bank.upiId" },
        { """{"gst":{"legalName":"B","addressLines":["x"],"state":"27","postalCode":"012345"}}""", "gst.postalCode" },
        { """{"gst":{"legalName":"B","addressLines":[null],"state":"27"}}""", "gst.addressLines" },
        { """{"country":"UZ","gst":{"legalName":"B","addressLines":["x"],"state":"27"}}""", "gst.state" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Names_the_field_that_is_wrong(string body, string field)
    {
        var (status, problem) = await app.SendAsync(HttpMethod.Put, "/api/v1/settings", JsonDocument.Parse(body).RootElement);
        Assert.Equal((422, field), (status, problem.GetProperty("field").GetString()));
    }

    [Fact]
    public async Task Keeps_a_password_sealed_and_never_shows_it()
    {
        using var rsa = RSA.Create(2048);
        var portal = new { enabled = true, portalUrl = "https://portal.example", userName = "us", password = "open sesame", publicKeys = new Dictionary<string, string> { ["k1"] = rsa.ExportSubjectPublicKeyInfoPem() } };
        var (status, after) = await app.SendAsync(HttpMethod.Put, "/api/v1/settings", new { gst = Supplier, eInvoice = portal });
        Assert.True(status == 200, after.ToString());
        Assert.Equal("***", after.GetProperty("settings").GetProperty("eInvoice").GetProperty("password").GetString());
        var sealedBefore = await PasswordAsync();
        Assert.DoesNotContain("sesame", sealedBefore, StringComparison.Ordinal);

        await app.SendAsync(HttpMethod.Put, "/api/v1/settings", new { eInvoice = new { enabled = false, portalUrl = "https://portal.example", password = "***" } });
        Assert.Equal(sealedBefore, await PasswordAsync());
        await app.SendAsync(HttpMethod.Put, "/api/v1/settings", new { eInvoice = new { enabled = false, password = "another" } });
        Assert.NotEqual(sealedBefore, await PasswordAsync());
        var (_, log) = await app.GetAsync("/api/v1/audit-logs?action=settings.updated");
        Assert.DoesNotContain(sealedBefore, log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nobody_decided_is_India_exclusive_prices_tax_at_recharge_and_fifteen_days()
    {
        var settings = await app.Database.InTenantAsync(1, (connection, ct) => TenantSettingsStore.LoadAsync(connection, 1, ct), CancellationToken.None);
        Assert.Equal(("IN", "exclusive", "recharge", true, 15), (settings.Country, settings.TaxMode, settings.PrepaidTaxMode, settings.RoundOff, settings.PaymentTermsDays));
    }

    async Task<string> PasswordAsync() =>
        (await app.Database.InTenantAsync(1, (connection, ct) => TenantSettingsStore.LoadAsync(connection, 1, ct), CancellationToken.None)).EInvoice!.Password!;
}
