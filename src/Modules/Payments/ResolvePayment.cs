using System.Globalization;
using System.Text.Json;
using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Payments;

/// <summary>
/// The job resolve-payment: goes on with an attempt whose end is not known, by asking the gateway ever less often. It is enqueued with the attempt,
/// before the gateway is called, so that it is there when the program dies; when the notice of a mandate's debit is over it comes back for the debit.
/// </summary>
sealed class ResolvePayment(PaymentRunner runner) : IJobHandler
{
    public const string Queue = "payment-retry";
    public const string Kind = "resolve-payment";

    /// <summary>Late authorisations come for up to five days.</summary>
    static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1),
        TimeSpan.FromHours(4), TimeSpan.FromHours(12), TimeSpan.FromDays(1), TimeSpan.FromDays(1), TimeSpan.FromDays(1), TimeSpan.FromDays(1),
    ];

    sealed record Payload(long PaymentId, int AttemptNo, int Step, string Occasion = "");

    /// <summary>The job of one step; there is one for each occasion.</summary>
    public static JobRequest Request(long paymentId, int attemptNo, int step, DateTimeOffset runAt, string occasion = "") => new(
        Queue, Kind, JsonSerializer.Serialize(new Payload(paymentId, attemptNo, step, occasion)), runAt,
        string.Create(CultureInfo.InvariantCulture, $"{PaymentNumbers.Attempt(paymentId, attemptNo)}/{occasion}{step}"));

    /// <summary>The first step of an attempt that begins now: it finds whether the order, and with it the notice of a debit, is at the gateway.</summary>
    public static JobRequest First(long paymentId, AttemptRecord attempt, DateTimeOffset now) => Request(paymentId, attempt.No, 0, now + Pauses[0]);

    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var (paymentId, attemptNo, step, occasion) = run.Payload.Deserialize<Payload>()!;
        if (await runner.RunAsync(run.TenantId, paymentId, attemptNo, Actor.System(Kind), cancellationToken) is not var (file, _))
            return;
        var attempt = file.Attempts.Find(a => a.No == attemptNo)!;
        if (attempt.Stage is AttemptStage.Captured or AttemptStage.Cancelled or AttemptStage.Failed)
            return;
        if (attempt is { OrderId: not null, ChargedAt: null, DebitAfter: { } after } && after > run.Now)
            await JobQueue.EnqueueAsync(
                run.Connection, run.TenantId, Request(paymentId, attemptNo, 0, after, string.Create(CultureInfo.InvariantCulture, $"debit-{after.ToUnixTimeSeconds()}/")), cancellationToken);
        else if (step + 1 < Pauses.Length)
            await JobQueue.EnqueueAsync(run.Connection, run.TenantId, Request(paymentId, attemptNo, step + 1, run.Now + Pauses[step + 1], occasion), cancellationToken);
        else if (attempt.Stage is AttemptStage.RequiresAction)
            await runner.GiveUpAsync(run.TenantId, file, attemptNo, Actor.System(Kind), cancellationToken);
        else
            throw new JobImpossibleException($"{attempt.Reference} is {PaymentNames.Name(attempt.Stage)} after days of asking the gateway.");
    }
}
