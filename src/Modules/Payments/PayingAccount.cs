using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>What a request to pay says, checked: whose account, which invoice, how much.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Currency">Its currency.</param>
/// <param name="AmountMicros">How much.</param>
/// <param name="DocumentId">The invoice, or null for a top-up.</param>
/// <param name="Description">What the customer reads.</param>
sealed record PayingAccount(long AccountId, string Currency, long AmountMicros, long? DocumentId, string Description)
{
    /// <summary>An invoice that may be paid.</summary>
    public sealed record Due(long DocumentId, long AccountId, string Number, string Currency, long DueMicros);

    /// <summary>What a request is known again by.</summary>
    public static byte[] HashOf(object request) => SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(request, JsonSerializerOptions.Web)));

    /// <summary>Refuses a key that was used for another request.</summary>
    public static void CheckSame(byte[] before, byte[] now)
    {
        if (!before.AsSpan().SequenceEqual(now))
            throw new ProblemException(new(409, "idempotency_key_reused", "The key was used for another request.", "Idempotency-Key"));
    }

    /// <summary>Holds an amount against the limits of a gateway.</summary>
    public static void CheckLimits(TenantGateway gateway, long amountMicros)
    {
        if (amountMicros < gateway.MinMicros || amountMicros > gateway.MaxMicros)
            throw new ProblemException(Problem.Invalid("amount", $"{Money.Format(gateway.MinMicros)} to {Money.Format(gateway.MaxMicros)} in one payment"));
    }

    /// <summary>An issued invoice or debit note by its number or id, or null; what was given up of it can be paid still.</summary>
    public static async Task<Due?> FindDueAsync(NpgsqlConnection connection, int tenantId, string invoice, long[]? own, CancellationToken cancellationToken)
    {
        if (invoice.Length is 0 or > 40 || invoice.Contains('\0', StringComparison.Ordinal))
            return null;
        var id = long.TryParse(invoice, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0;
        return (await Database.QueryAsync(
            connection,
            """
            select document_id, account_id, number, currency,
                   total_micros - settled_micros + coalesce((select sum(a.amount_micros) from invoicing.allocations a where a.document_id = d.document_id and a.entry_no is not null), 0)::bigint
              from invoicing.documents d
             where tenant_id = $1 and (document_id = $2 or number = $3) and kind in (1, 3) and status = 1 and ($4::bigint[] is null or account_id = any($4))
             order by (number = $3) desc, document_id desc limit 1
            """,
            [tenantId, id, invoice, own], r => new Due(r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.GetString(3), r.GetInt64(4)), cancellationToken)).SingleOrDefault();
    }
}
