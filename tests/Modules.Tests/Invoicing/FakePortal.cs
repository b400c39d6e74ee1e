using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Balatrix.Core.Tax;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>A registration portal on this machine. Its answers have the shape of vectors/einvoice_sample.json of the facts, recorded from the real one's sandbox.</summary>
public sealed class FakePortal : IAsyncDisposable
{
    readonly RSA key = RSA.Create(2048);
    readonly ConcurrentDictionary<string, Dictionary<string, object?>> registered = new(StringComparer.Ordinal);
    readonly ConcurrentQueue<string> numbers = [];
    WebApplication app = null!;
    int requests;

    /// <summary>How it fails at the next request, and then no more.</summary>
    public Fault FaultOfNext { get; set; }

    public ConcurrentQueue<(string Path, string Gstin, string User, string Password, string Body)> Requests { get; } = [];

    /// <summary>The id of the key that it signs with.</summary>
    public string KeyId { get; set; } = "K1";

    public string Address => app.Urls.First() + "/einvoice";

    public string PublicKey => key.ExportSubjectPublicKeyInfoPem();

    public int TimesRegistered(string number) => numbers.Count(n => n == number);

    public bool IsCancelled(string irn) => (string?)registered[irn]["Status"] == "CNL";

    public static async Task<FakePortal> StartAsync()
    {
        var portal = new FakePortal();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        portal.app = builder.Build();
        portal.app.MapPost("/einvoice/invoice", context => portal.AnswerAsync(context, portal.Register));
        portal.app.MapGet("/einvoice/invoice/irn", context => portal.AnswerAsync(context, _ => portal.Find(context.Request.Query["irn"]!)));
        portal.app.MapPost("/einvoice/invoice/cancel", context => portal.AnswerAsync(context, portal.Cancel));
        await portal.app.StartAsync();
        return portal;
    }

    public object Settings(bool enabled = true) =>
        new { enabled, portalUrl = Address, userName = "balatrix", password = "open sesame", publicKeys = new Dictionary<string, string>(StringComparer.Ordinal) { ["K1"] = PublicKey } };

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        key.Dispose();
    }

    async Task AnswerAsync(HttpContext context, Func<JsonElement, object> work)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        Requests.Enqueue((context.Request.Path, context.Request.Headers["gstin"]!, context.Request.Headers["user_name"]!, context.Request.Headers["password"]!, body));
        var fault = FaultOfNext;
        FaultOfNext = Fault.None;
        if (fault == Fault.Sleeps)
            await Task.Delay(TimeSpan.FromMinutes(1), context.RequestAborted);
        if (fault == Fault.Unavailable)
        {
            context.Response.StatusCode = 503;
            return;
        }
        var answer = fault == Fault.Refuses ? Refusal("2172 : For Intra-state transaction, IGST amounts are not applicable") : work(body.Length == 0 ? default : JsonDocument.Parse(body).RootElement);
        if (fault == Fault.LosesItsAnswer)
            context.Abort();
        else if (fault == Fault.TalksNonsense)
            await context.Response.WriteAsync("<html>Welcome</html>");
        else
            await context.Response.WriteAsJsonAsync(answer, (JsonSerializerOptions?)null);
    }

    object Register(JsonElement form)
    {
        var (seller, document) = (form.GetProperty("SellerDtls").GetProperty("Gstin").GetString()!, form.GetProperty("DocDtls"));
        var on = DateOnly.ParseExact(document.GetProperty("Dt").GetString()!, "dd/MM/yyyy", CultureInfo.InvariantCulture);
        var (type, number) = (document.GetProperty("Typ").GetString()!, document.GetProperty("No").GetString()!);
        var irn = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{seller}{FinancialYear.Of(on)}{type}{number}")));
        var acknowledged = 232210036754863 + Interlocked.Increment(ref requests);
        var qr = Sign(new
        {
            SellerGstin = seller,
            BuyerGstin = form.GetProperty("BuyerDtls").GetProperty("Gstin").GetString(),
            DocNo = number,
            DocTyp = type,
            DocDt = document.GetProperty("Dt").GetString(),
            TotInvVal = form.GetProperty("ValDtls").GetProperty("TotInvVal").GetDecimal(),
            ItemCnt = form.GetProperty("ItemList").GetArrayLength(),
            MainHsnCode = form.GetProperty("ItemList")[0].GetProperty("HsnCd").GetString(),
            Irn = irn,
            IrnDt = "2026-11-21 16:26:00",
        });
        var result = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["AckNo"] = acknowledged,
            ["AckDt"] = "2026-11-21 16:26:00",
            ["Irn"] = irn,
            ["SignedInvoice"] = Sign(form),
            ["SignedQRCode"] = qr,
            ["Status"] = "ACT",
            ["EwbNo"] = null,
        };
        if (registered.TryAdd(irn, result))
            numbers.Enqueue(number);
        return ReferenceEquals(registered[irn], result)
            ? new { success = true, message = "IRN generated successfully", result }
            : Refusal("2150 : Duplicate IRN", new { InfCd = "DUPIRN", Desc = new { AckNo = acknowledged, AckDt = "2026-11-21 16:26:00", Irn = irn } });
    }

    object Find(string irn) => registered.TryGetValue(irn, out var result) ? new { success = true, message = "OK", result } : Refusal("2283 : IRN details cannot be provided");

    object Cancel(JsonElement request)
    {
        if (!registered.TryGetValue(request.GetProperty("Irn").GetString()!, out var result) || (string?)result["Status"] == "CNL")
            return Refusal("9999 : Invoice is not active");
        result["Status"] = "CNL";
        return new { success = true, message = "Cancelled", result = new { Irn = request.GetProperty("Irn").GetString(), CancelDate = "2026-11-21 17:00:00" } };
    }

    static object Refusal(string message, params object[] result) => new { success = false, message, result };

    string Sign(object data)
    {
        var text = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { alg = "RS256", kid = KeyId, typ = "JWT" })) + "."
            + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { data = JsonSerializer.Serialize(data), iss = "NIC" }));
        return text + "." + Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    /// <summary>Ways in which a portal fails.</summary>
    public enum Fault
    {
        None,
        Unavailable,
        LosesItsAnswer,
        TalksNonsense,
        Refuses,
        Sleeps,
    }
}
