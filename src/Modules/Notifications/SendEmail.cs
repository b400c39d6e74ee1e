using System.Globalization;
using System.Text;
using System.Text.Json;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.Extensions.Configuration;

namespace Balatrix.Modules.Notifications;

/// <summary>Sends one mail, over SMTP or into the spool folder.</summary>
sealed class SendEmail(IConfiguration configuration, DataFolder folder, MasterKey master, TimeProvider time) : IJobHandler
{
    /// <summary>Sends the mail of a job.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var letter = run.Payload.Deserialize<Mail.Letter>(JsonSerializerOptions.Web) ?? throw new JobImpossibleException("The mail is empty.");
        var settings = MailSettings.Read(configuration);
        // The same for each attempt, so that a mail that was sent twice is shown once.
        var id = $"{run.TenantId.ToString(CultureInfo.InvariantCulture)}.{run.JobId.ToString(CultureInfo.InvariantCulture)}@balatrix";
        var message = Compose(letter, settings.From, id);
        if (settings.Host is null)
        {
            await SpoolAsync($"{run.TenantId}-{run.JobId:D8}", message, cancellationToken);
            return;
        }
        try
        {
            await SmtpDelivery.SendAsync(settings, letter.To, message, cancellationToken);
        }
        catch (MailRefusedException e) when (e.IsPermanent)
        {
            throw new JobImpossibleException(e.Message, e);
        }
    }

    string Compose(Mail.Letter letter, string from, string messageId)
    {
        var text = letter.Text;
        if (letter.Secret is { } box)
        {
            var secret = master.Open(Mail.SealedFor, box) ?? throw new InvalidOperationException("The mail's secret was sealed under another master key.");
            text = text.Replace(Mail.SecretPlace, Encoding.UTF8.GetString(secret), StringComparison.Ordinal);
        }
        try
        {
            return MailMessageText.Compose(from, letter.To, letter.Subject, text, messageId, time.GetUtcNow());
        }
        catch (FormatException e)
        {
            throw new JobImpossibleException(e.Message, e);
        }
    }

    /// <summary>Written beside and renamed, so that whoever watches the folder sees whole mails only.</summary>
    async Task SpoolAsync(string name, string message, CancellationToken cancellationToken)
    {
        var draft = await folder.WritePrivateAsync($"mail/{name}.draft", message, cancellationToken);
        File.Move(draft, folder.File($"mail/{name}.eml"), overwrite: true);
    }
}
