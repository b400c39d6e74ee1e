using System.Text.Json.Nodes;

namespace Balatrix.Modules.Operations;

/// <summary>Examples of request bodies, for the API's document.</summary>
static class ApiExamples
{
    static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["POST /api/v1/auth/register"] = """{"email":"asha@example.com","password":"correct horse battery","name":"Asha Rao","company":"Rao Textiles"}""",
        ["POST /api/v1/auth/verify-email"] = """{"token":"1.…"}""",
        ["POST /api/v1/auth/forgot-password"] = """{"email":"asha@example.com"}""",
        ["POST /api/v1/auth/reset-password"] = """{"token":"1.…","newPassword":"staple battery horse"}""",
        ["POST /api/v1/auth/login"] = """{"email":"admin@balatrix.com","password":"Admin@123"}""",
        ["POST /api/v1/auth/refresh"] = """{"refreshToken":"bxr_1_…"}""",
        ["POST /api/v1/auth/change-password"] = """{"currentPassword":"Admin@123","newPassword":"correct horse battery"}""",
        ["POST /api/v1/auth/mfa/verify"] = """{"code":"123456"}""",
        ["POST /api/v1/auth/mfa/disable"] = """{"password":"correct horse battery","code":"123456"}""",
        ["POST /api/v1/cdrs"] = """{"account":"ACC-10001","id":"6066ab8e-bff8-4f45-9e7f-2bad4aac639d","called":"+919812345678","calling":"+918045678901","answerTime":"2026-11-21T09:30:00Z","durationSeconds":61.2,"hangupCause":"NORMAL_CLEARING"}""",
        ["POST /api/v1/cdrs/batch"] = """[{"account":"ACC-10001","id":"call-1","called":"+919812345678","startTime":"2026-11-21T09:30:00Z","durationSeconds":42}]""",
        ["POST /api/v1/cdrs/rerate"] = """{"from":"2026-11-01T00:00:00+05:30","to":"2026-11-08T00:00:00+05:30","preview":false,"runId":"2026-11-uk-fix","reason":"UK mobile was imported ten times too dear"}""",
        ["POST /api/v1/charges"] = """{"account":"ACC-10001","id":"msg-1","to":"+919812345678","from":"BALTRX","text":"Your code is 123456","mcc":"404","mnc":"45"}""",
        ["POST /api/v1/events"] = """{"specversion":"1.0","id":"otp-1","source":"auth","type":"balatrix.auth.sms_otp","subject":"ACC-10001","time":"2026-11-21T09:30:00Z","data":{"quantity":1}}""",
        ["POST /api/v1/events/batch"] = """[{"specversion":"1.0","id":"otp-1","source":"auth","type":"balatrix.auth.sms_otp","subject":"ACC-10001","data":{}}]""",
        ["POST /api/v1/customers"] = """
            {"name":"Acme Telecom Private Limited","kind":"business","email":"accounts@acme.example","phone":"+918045678901","gstin":"27AAGCG4576J1Z6",
             "billingAddress":{"line1":"12 Marine Drive","city":"Mumbai","state":"27","postalCode":"400020","country":"IN"},
             "contacts":[{"name":"Asha Rao","role":"billing","email":"asha@acme.example"}],"documents":[{"type":"gst_certificate","reference":"GST-REG-06"}]}
            """,
        ["PUT /api/v1/customers/{id}"] = """{"phone":"+918045678902","kycStatus":"verified"}""",
        ["POST /api/v1/customers/{id}/suspend"] = """{"reason":"Chargeback under investigation"}""",
        ["POST /api/v1/customers/{id}/accounts"] = """{"kind":"prepaid","plan":"starter"}""",
        ["POST /api/v1/accounts"] = """{"name":"Acme","kind":"prepaid","plan":"starter","codes":["ACME-7"]}""",
        ["POST /api/v1/accounts/{id}/adjust"] = """{"amount":"-25.00","reason":"Charged twice by mistake"}""",
        ["POST /api/v1/accounts/{id}/transfer"] = """{"to":"ACC-10002","amount":"100.00","reference":"Shared budget"}""",
        ["PUT /api/v1/accounts/{id}/limits"] = """{"creditLimit":"50000.00","dailySpendCap":"5000.00","concurrentCalls":10}""",
        ["PUT /api/v1/accounts/{id}/auto-recharge"] = """{"enabled":true,"threshold":"100.00","amount":"500.00"}""",
        ["POST /api/v1/accounts/{id}/reservations"] = """{"service":"voice.outbound","to":"+919812345678","quantity":60,"eventId":"6066ab8e-bff8-4f45-9e7f-2bad4aac639d"}""",
        ["POST /api/v1/reservations/{id}/extend"] = """{"sequence":1,"quantity":60}""",
        ["POST /api/v1/reservations/{id}/settle"] = """{"quantity":73.4}""",
        ["PUT /api/v1/sms-cdrs/{id}/status"] = """{"status":"delivered"}""",
        ["POST /api/v1/webhooks/cdr"] = """
            {"variables":{"uuid":"6066ab8e-bff8-4f45-9e7f-2bad4aac639d","accountcode":"ACME-1","direction":"inbound","caller_id_number":"918045678901",
             "destination_number":"919812345678","start_stamp":"2026-11-21 09:29:55","start_epoch":"1795253395","answer_epoch":"1795253400","end_epoch":"1795253462",
             "billsec":"62","billusec":"61200000","hangup_cause":"NORMAL_CLEARING"}}
            """,
        ["PUT /api/v1/settings"] = """
            {"gst":{"legalName":"Balatrix Communications Private Limited","gstin":"27AAGCG4576J1Z6","addressLines":["12 Marine Drive","Mumbai 400020"],"state":"27",
             "town":"Mumbai","postalCode":"400020"},"country":"IN","lut":[{"financialYear":"2026-27","number":"AD270326000001X"}],"sacCodes":{"sms":"998413"},
             "prepaidTaxMode":"recharge","invoiceSeries":"BX","taxMode":"exclusive","roundOff":true,"paymentTermsDays":15,
             "eInvoice":{"enabled":false,"portalUrl":"https://portal.example/einvoice","userName":"balatrix","password":"…"},
             "bank":{"accountName":"Balatrix","accountNumber":"50200012345678","ifsc":"HDFC0000240","bankName":"HDFC Bank","upiId":"billing@hdfcbank"},
             "branding":{"name":"Balatrix","color":"#0a4d8c"}}
            """,
        ["POST /api/v1/rate-decks"] = """{"name":"my-voice","kind":"voice","currency":"INR"}""",
        ["POST /api/v1/rate-decks/{id}/import"] = "prefix,description,rate,increment_seconds\n91,India,1.20,60\n9198,India Mobile,0.60,1\n",
        ["POST /api/v1/plans"] = """
            {"code":"my-plan","name":"My plan","currency":"INR","terms":{"prices":{"monthly":"349.00","annual":"3348.00"},
             "allowances":[{"name":"500 outbound minutes","service":"voice.outbound","destinationGroup":"India","quantity":30000,"rollover":false}],
             "decks":{"voice.outbound":["my-voice"]},"overagePerMinute":"1.99","features":["voicemail"],"limits":{"concurrentCalls":2}}}
            """,
        ["POST /api/v1/plans/simulate"] = """{"plan":"professional","from":"2026-11-01T00:00:00+05:30","to":"2026-12-01T00:00:00+05:30","account":"ACC-10001"}""",
        ["PUT /api/v1/plans/{id}"] = """{"name":"My plan","terms":{"prices":{"monthly":"399.00"},"decks":{"voice.outbound":["my-voice"]}}}""",
        ["POST /api/v1/addons"] = """{"code":"my-extension","name":"Extension","currency":"INR","terms":{"prices":{"monthly":"99.00"},"limits":{"extensions":1}}}""",
        ["PUT /api/v1/addons/{id}"] = """{"name":"Extension","terms":{"prices":{"monthly":"119.00"},"limits":{"extensions":1}}}""",
        ["POST /api/v1/auth/api-keys"] = """{"name":"softswitch","scopes":["usage:write","wallet:write"],"allowedIps":["10.0.0.0/8"]}""",
    };

    /// <summary>The example of an operation in a media type, or null.</summary>
    /// <param name="operation">Method and path, as "POST /api/v1/plans".</param>
    /// <param name="contentType">JSON is shown as it is, NDJSON with an element a line, CSV as text; XML and forms have none.</param>
    public static JsonNode? Find(string operation, string contentType)
    {
        if (!Bodies.TryGetValue(operation, out var body))
            return null;
        if (contentType.EndsWith("xml", StringComparison.Ordinal) || contentType.EndsWith("form-urlencoded", StringComparison.Ordinal))
            return null;
        if (contentType.EndsWith("ndjson", StringComparison.Ordinal))
            return JsonValue.Create(string.Concat(JsonNode.Parse(body)!.AsArray().Select(element => element!.ToJsonString() + "\n")));
        return contentType.EndsWith("json", StringComparison.Ordinal) ? JsonNode.Parse(body) : JsonValue.Create(body);
    }
}
