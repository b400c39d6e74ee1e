using System.Globalization;
using System.Runtime.CompilerServices;
using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>Reads the uses that a document charges, as they happened.</summary>
static class AnnexUsage
{
    // The same rectangle less the one before that the document's lines were summed from.
    const string Sql = """
        select occurred_at, service, calling, called, destination, billed_quantity, amount_micros
          from usage.usage_records
         where account_id = $1 and tenant_id = $2 and entry_no between $3 and $4 and occurred_at < $5 and not (entry_no < $6 and occurred_at < $7)
         order by occurred_at, entry_no
        """;

    /// <summary>One after the other, in the caller's transaction.</summary>
    public static async IAsyncEnumerable<AnnexRow> ReadAsync(NpgsqlConnection connection, int tenantId, BillingWindow window, TimeZoneInfo zone, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = Database.Command(
            connection, Sql, window.AccountId, tenantId, window.OpenFromEntry, window.ToEntryNo, window.Until, window.FromEntryNo, window.BeforeUntil);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var service = (Service)reader.GetInt16(1);
            yield return new(
                TimeZoneInfo.ConvertTime(reader.GetFieldValue<DateTimeOffset>(0), zone).DateTime, Name(service), reader.GetString(2), reader.GetString(3), reader.GetString(4),
                Quantity(service, reader.GetInt64(5)), reader.GetInt64(6));
        }
    }

    static string Name(Service service) => service switch
    {
        Service.VoiceOutbound => "Call",
        Service.VoiceInbound => "Call in",
        Service.Sms => "SMS",
        _ => "Event",
    };

    static string Quantity(Service service, long billed) => service is Service.VoiceOutbound or Service.VoiceInbound
        ? string.Create(CultureInfo.InvariantCulture, $"{billed / 60}:{billed % 60:00} min")
        : string.Create(CultureInfo.InvariantCulture, $"{billed}");
}
