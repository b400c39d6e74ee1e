namespace Balatrix.Modules.Tests.Harness;

/// <summary>Mails that an application without a mail server has written into its folder.</summary>
public static class MailSpool
{
    static readonly string[] Others = ["Invoice ", "Credit note ", "Debit note ", "Receipt voucher ", "Refund voucher ", "Your ", "Reminder: your "];

    /// <summary>All mails to an address by now, oldest first, but for those that bring a document or tell of a subscription.</summary>
    public static List<string> Of(TestApp app, string to)
    {
        var folder = Path.Combine(app.Data, "mail");
        return Directory.Exists(folder)
            ? [.. Directory.GetFiles(folder, "*.eml").Order(StringComparer.Ordinal).Select(File.ReadAllText).Where(m => m.Contains($"To: {to}\r\n", StringComparison.Ordinal) && !IsOther(Subject(m)))]
            : [];
    }

    /// <summary>Mails to an address as soon as there are so many; a further one that comes within a moment is among them.</summary>
    public static async Task<List<string>> WaitAsync(TestApp app, string to, int count)
    {
        await Soon.UntilAsync(() => Task.FromResult(Of(app, to).Count >= count), () => $"{Of(app, to).Count} mails of {count} to {to}");
        await Task.Delay(300);
        return Of(app, to);
    }

    static bool IsOther(string subject) =>
        Others.Any(o => subject.StartsWith(o, StringComparison.Ordinal));

    public static string Subject(string mail) => mail.Split("\r\n").First(l => l.StartsWith("Subject: ", StringComparison.Ordinal))[9..];
}
