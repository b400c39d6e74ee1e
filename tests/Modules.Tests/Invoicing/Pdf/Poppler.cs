using System.Diagnostics;
using System.Globalization;

namespace Balatrix.Modules.Tests.Invoicing.Pdf;

/// <summary>Reads PDF files with poppler's programs, which know nothing of ours.</summary>
public static class Poppler
{
    /// <summary>The text of all pages, laid out as on paper; a form feed ends a page.</summary>
    public static string Text(byte[] pdf) => Run("pdftotext", pdf, "-layout", "FILE", "-");

    /// <summary>The text in the order in which it is read.</summary>
    public static string Reading(byte[] pdf) => Run("pdftotext", pdf, "-raw", "FILE", "-");

    /// <summary>Title, author, pages and more.</summary>
    public static IReadOnlyDictionary<string, string> Information(byte[] pdf) => Run("pdfinfo", pdf, "FILE").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim());

    /// <summary>A line for each font: name, type, encoding, embedded, subset, unicode.</summary>
    public static string[] Fonts(byte[] pdf) => Run("pdffonts", pdf, "FILE").Split('\n', StringSplitOptions.RemoveEmptyEntries)[2..];

    /// <summary>A line for each picture.</summary>
    public static string[] Pictures(byte[] pdf) => Run("pdfimages", pdf, "-list", "FILE").Split('\n', StringSplitOptions.RemoveEmptyEntries)[2..];

    /// <summary>The texts of the QR codes of a page, read by zbar from the page as it is printed at so many dots per inch; null without zbar.</summary>
    public static string[]? Codes(byte[] pdf, int page, int dotsPerInch)
    {
        if (!Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "zbarimg"))))
            return null;
        var picture = Path.GetTempFileName();
        try
        {
            var (number, dots) = (page.ToString(CultureInfo.InvariantCulture), dotsPerInch.ToString(CultureInfo.InvariantCulture));
            Run("pdftoppm", pdf, "-r", dots, "-gray", "-png", "-singlefile", "-f", number, "-l", number, "FILE", picture);
            return Run("zbarimg", [], "--quiet", "--nodbus", "--raw", "-Sdisable", "-Sqrcode.enable", picture + ".png").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            File.Delete(picture);
            File.Delete(picture + ".png");
        }
    }

    static string Run(string program, byte[] pdf, params string[] arguments)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, pdf);
            var start = new ProcessStartInfo(program, arguments.Select(a => a == "FILE" ? file : a)) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            var faults = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.Equal("", faults.Result);
            Assert.Equal(0, process.ExitCode);
            return output;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
