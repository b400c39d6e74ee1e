using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>Has invoices charged to their accounts' default methods, by a job that is enqueued in the transaction that issues them; accounts without a method get none.</summary>
static class CollectOnDue
{
    /// <summary>So early that a mandate's notice goes out in time for a debit on the last day to pay.</summary>
    const int DaysBefore = 2;

    static readonly TimeOnly At = new(8, 0);

    /// <summary>Enqueues the jobs of what is to be paid.</summary>
    public static Task EnqueueAsync(NpgsqlConnection connection, int tenantId, BillingTenant tenant, IReadOnlyList<IssuedDocument> issued, CancellationToken cancellationToken)
    {
        var due = issued.Where(d => d.Document.Kind is DocumentKind.Invoice or DocumentKind.DebitNote && d.Document.DueOn is not null && d.New.PaidBeforeMicros < d.Document.Totals.TotalMicros).ToList();
        return due.Count == 0 ? Task.CompletedTask : Database.ExecuteAsync(
            connection,
            """
            insert into platform.jobs (tenant_id, queue, kind, key, payload, run_at)
            select $1, 'invoice-generation', 'collect-invoice-payment', v.document_id::text, v.payload::jsonb, v.run_at
              from unnest($2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[]) as v(document_id, account_id, payload, run_at)
             where exists (select from payments.methods m where m.account_id = v.account_id and m.tenant_id = $1 and m.is_default)
            on conflict (tenant_id, kind, key) do nothing
            """,
            [
                tenantId, due.Select(d => d.Id).ToArray(), due.Select(d => d.New.Account.AccountId).ToArray(),
                due.Select(d => JsonSerializer.Serialize(new { documentId = d.Id }, JsonSerializerOptions.Web)).ToArray(),
                due.Select(d => tenant.Zone.InstantOf(d.Document.DueOn!.Value.AddDays(-DaysBefore).ToDateTime(At)).UtcDateTime).ToArray(),
            ], cancellationToken);
    }
}
