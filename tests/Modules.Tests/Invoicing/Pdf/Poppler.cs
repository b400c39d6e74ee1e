using System.Diagnostics;

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
