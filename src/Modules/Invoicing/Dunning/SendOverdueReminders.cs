using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>The job send-overdue-reminders: pursues a tenant's unpaid invoices, once a day for each.</summary>
sealed class SendOverdueReminders(OverdueInvoices invoices) : IJobHandler
{
    /// <summary>Its queue.</summary>
    public const string Queue = "invoice-generation";

    /// <summary>Its kind.</summary>
    public const string Kind = "send-overdue-reminders";

    /// <summary>Does what is due today.</summary>
    public Task RunAsync(JobRun run, CancellationToken cancellationToken) => invoices.RunAsync(run.TenantId, run.Now, cancellationToken);
}
