namespace Balatrix.Modules.Platform;

/// <summary>Something about the machine keeps Balatrix from starting; the message says what to do.</summary>
public sealed class SetupException(string message) : Exception(message);

/// <summary>The PostgreSQL server programs of this machine.</summary>
/// <param name="Folder">Holds initdb, postgres and pg_ctl.</param>
public sealed record PostgresBinaries(string Folder)
{
    const int Oldest = 15;

    /// <summary>The newest installed version.</summary>
    /// <exception cref="SetupException">None is installed.</exception>
    public static PostgresBinaries Find()
    {
        var versions = Folders("/usr/lib/postgresql", "bin").Concat(Folders("/usr/pgsql-*", "bin"));
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => (Version: Oldest, Folder: folder));
        var found = versions.OrderByDescending(v => v.Version).Concat(path)
            .FirstOrDefault(v => v.Version >= Oldest && File.Exists(Path.Combine(v.Folder, "initdb")) && File.Exists(Path.Combine(v.Folder, "postgres")));
        return found.Folder is null
            ? throw new SetupException(
                "No PostgreSQL server programs of version 15 or later were found. Install them (Debian, Ubuntu: apt-get install postgresql; "
                + "Fedora: dnf install postgresql-server), or set ConnectionStrings__Balatrix to a server you have.")
            : new PostgresBinaries(found.Folder);
    }

    /// <summary>The path of one program.</summary>
    public string this[string program] => Path.Combine(Folder, program);

    static IEnumerable<(int Version, string Folder)> Folders(string root, string below)
    {
        var parent = root.EndsWith('*') ? Path.GetDirectoryName(root)! : root;
        var pattern = root.EndsWith('*') ? Path.GetFileName(root) : "*";
        return Directory.Exists(parent)
            ? Directory.GetDirectories(parent, pattern).Select(d => (VersionOf(Path.GetFileName(d)), Path.Combine(d, below)))
            : [];
    }

    static int VersionOf(string name) => int.TryParse(name[(name.LastIndexOf('-') + 1)..], out var version) ? version : 0;
}
