using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Balatrix.Modules.Platform;

/// <summary>Something about the machine keeps Balatrix from starting; the message says what to do.</summary>
public sealed class SetupException(string message) : Exception(message);

/// <summary>The PostgreSQL server programs of this machine.</summary>
/// <param name="Folder">Holds initdb, postgres and pg_ctl.</param>
/// <param name="Version">Their major version.</param>
public sealed partial record PostgresBinaries(string Folder, int Version)
{
    const int Oldest = 15;
    const int Newest = 18;
    const string Cure = "Install them (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server), or set ConnectionStrings__Balatrix to a server you have.";

    /// <summary>The newest installed version, or just the version that a cluster was made with.</summary>
    /// <exception cref="SetupException">None is installed.</exception>
    public static PostgresBinaries Find(int? version = null)
    {
        var folders = Folders("/usr/lib/postgresql", "*").Select(d => Path.Combine(d, "bin"))
            .Concat(Folders("/usr", "pgsql-*").Select(d => Path.Combine(d, "bin")))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries));
        var found = folders.Distinct(StringComparer.Ordinal)
            .Where(folder => Programs.All(program => File.Exists(Path.Combine(folder, program))))
            .Select(folder => new PostgresBinaries(folder, VersionOf(folder)))
            .Where(b => version is null ? b.Version is >= Oldest and <= Newest : b.Version == version)
            .MaxBy(b => b.Version);
        return found ?? throw new SetupException(version is null
            ? $"No PostgreSQL server programs of version {Oldest} to {Newest} were found. {Cure}"
            : $"The data folder was made by PostgreSQL {version}, whose server programs are not installed. Install that version (Debian, Ubuntu: apt-get install postgresql-{version}), or choose another folder with --data.");
    }

    /// <summary>The path of one program.</summary>
    public string this[string program] => Path.Combine(Folder, program);

    /// <summary>The better compression of the write-ahead log where this build has it.</summary>
    public string WalCompression()
    {
        var config = this["pg_config"];
        return File.Exists(config) && Output(config, "--configure").Contains("--with-lz4", StringComparison.Ordinal) ? "lz4" : "on";
    }

    static readonly string[] Programs = ["initdb", "postgres", "pg_ctl"];

    static string[] Folders(string parent, string pattern) => Directory.Exists(parent) ? Directory.GetDirectories(parent, pattern) : [];

    static int VersionOf(string folder) =>
        MajorVersion().Match(Output(Path.Combine(folder, "postgres"), "--version")) is { Success: true } match
            ? int.Parse(match.ValueSpan, CultureInfo.InvariantCulture)
            : 0;

    static string Output(string program, string argument)
    {
        using var process = Process.Start(new ProcessStartInfo(program, [argument]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    [GeneratedRegex(@"(?<=PostgreSQL\) )\d+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex MajorVersion();
}
