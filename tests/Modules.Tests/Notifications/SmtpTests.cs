using System.Security.Authentication;
using System.Text;
using Balatrix.Modules.Notifications;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Configuration;

namespace Balatrix.Modules.Tests.Notifications;

/// <summary>The SMTP client against a server that misbehaves on demand.</summary>
public sealed class SmtpTests
{
    const string To = "asha@example.test";

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_mail_is_sent_encrypted_with_its_login_and_its_dots()
    {
        await using var server = new FakeMailServer().Start();
        await SmtpDelivery.SendAsync(Settings(server), To, "Subject: x\r\n\r\n.first\r\nline\r\n..two\r\n.\r\nend é\r\n", Stop);
        Assert.Equal(["EHLO balatrix", "STARTTLS", "EHLO balatrix", "AUTH PLAIN " + Convert.ToBase64String("\0me\0pässword"u8), "MAIL FROM:<from@example.test>", $"RCPT TO:<{To}>", "DATA"], server.Heard.Take(7));
        Assert.Equal("Subject: x\r\n\r\n..first\r\nline\r\n...two\r\n..\r\nend é\r\n", server.Message);
        Assert.All(server.Encrypted.Skip(2), Assert.True);
    }

    [Fact]
    public async Task A_server_that_is_encrypted_from_the_first_byte_is_spoken_to_so()
    {
        await using var server = new FakeMailServer().Start(implicitTls: true);
        await SmtpDelivery.SendAsync(Settings(server) with { Tls = MailTls.Implicit }, To, "Subject: x\r\n\r\nhello\r\n", Stop);
        Assert.Equal("Subject: x\r\n\r\nhello\r\n", server.Message);
        Assert.All(server.Encrypted, Assert.True);
    }

    [Fact]
    public async Task A_server_without_encryption_gets_neither_password_nor_mail()
    {
        await using var server = new FakeMailServer { OffersTls = false }.Start();
        var refusal = await Assert.ThrowsAsync<MailRefusedException>(() => SmtpDelivery.SendAsync(Settings(server), To, "x", Stop));
        Assert.False(refusal.IsPermanent);
        Assert.Equal(["EHLO balatrix"], server.Heard);
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_ends_the_connection()
    {
        await using var server = new FakeMailServer().Start();
        await Assert.ThrowsAsync<AuthenticationException>(() => SmtpDelivery.SendAsync(Settings(server) with { Trusted = null }, To, "x", Stop));
        Assert.DoesNotContain(server.Heard, line => line.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_of_another_name_ends_the_connection()
    {
        await using var server = new FakeMailServer().Start();
        await Assert.ThrowsAsync<AuthenticationException>(() => SmtpDelivery.SendAsync(Settings(server) with { Host = "127.0.0.1" }, To, "x", Stop));
    }

    [Theory]
    [InlineData("RCPT", "550 no such user", true)]
    [InlineData("RCPT", "450 try later", false)]
    [InlineData("AUTH", "535 wrong", true)]
    [InlineData("<message>", "554 spam", true)]
    [InlineData("<message>", "452 full", false)]
    [InlineData("MAIL", "421-busy\r\n421 bye", false)]
    public async Task A_refusal_says_whether_trying_again_can_help(string at, string answer, bool permanent)
    {
        await using var server = new FakeMailServer { Answers = { [at] = answer } }.Start();
        var refusal = await Assert.ThrowsAsync<MailRefusedException>(() => SmtpDelivery.SendAsync(Settings(server), To, "x\r\n", Stop));
        Assert.Equal(permanent, refusal.IsPermanent);
    }

    [Fact]
    public async Task What_does_not_speak_SMTP_is_told_so()
    {
        await using var server = new FakeMailServer { Answers = { ["EHLO"] = "HTTP/1.1 400 Bad Request" } }.Start();
        await Assert.ThrowsAsync<IOException>(() => SmtpDelivery.SendAsync(Settings(server), To, "x", Stop));
    }

    [Fact]
    public void A_message_is_plain_text_in_UTF8_with_a_subject_that_every_reader_shows()
    {
        var text = MailMessageText.Compose("a@example.test", To, "Überweisung bestätigt für नमस्ते", "one\ntwo\r\n", "1.2@balatrix", new DateTimeOffset(2026, 11, 21, 9, 5, 0, TimeSpan.FromHours(5.5)));
        var lines = text.Split("\r\n");
        Assert.Contains("Date: Sat, 21 Nov 2026 03:35:00 +0000", lines);
        Assert.Equal(["", "one", "two", ""], lines.SkipWhile(l => l.Length > 0));
        var subject = lines.Single(l => l.StartsWith("Subject: ", StringComparison.Ordinal))["Subject: ".Length..];
        Assert.True(Ascii.IsValid(subject));
        var words = subject.Split(' ').Select(w => Encoding.UTF8.GetString(Convert.FromBase64String(w["=?utf-8?B?".Length..^2])));
        Assert.Equal("Überweisung bestätigt für नमस्ते", string.Concat(words));
        Assert.All(subject.Split(' '), w => Assert.True(w.Length <= 75));
    }

    [Theory]
    [InlineData("a@example.test\r\nBcc: all@example.test", "Hello")]
    [InlineData("a@example.test", "Hello\nBcc: all@example.test")]
    public void A_header_cannot_bring_in_another(string to, string subject) =>
        Assert.Throws<FormatException>(() => MailMessageText.Compose("from@example.test", to, subject, "x", "1@balatrix", DateTimeOffset.UnixEpoch));

    [Fact]
    public void A_password_without_encryption_is_refused_in_the_settings() =>
        Assert.Throws<SetupException>(() => MailSettings.Read(new ConfigurationBuilder().AddInMemoryCollection([new("Balatrix:Mail:Tls", "none"), new("Balatrix:Mail:User", "me")]).Build()));

    static MailSettings Settings(FakeMailServer server) => new("localhost", server.Port, MailTls.StartTls, "me", "pässword", "from@example.test", server.Certificate);
}
