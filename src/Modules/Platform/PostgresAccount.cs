using System.Diagnostics;

namespace Balatrix.Modules.Platform;

/// <summary>The account that the private PostgreSQL runs as: our own, unless that is root, which PostgreSQL refuses.</summary>
/// <param name="Name">Another account's name, or null for our own.</param>
/// <param name="Group">Its primary group's number.</param>
sealed record PostgresAccount(string? Name, string? Group)
{
    /// <summary>The account to use on this machine; root uses that of a cluster which is there already.</summary>
    /// <exception cref="SetupException">We are root and no fit account exists.</exception>
    public static async Task<PostgresAccount> FindAsync(string? cluster, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
            return new(null, null);
        var owner = new List<string>();
        if (Directory.Exists(cluster) && await ExecuteAsync(["stat", "-c", "%U", cluster], owner, cancellationToken) == 0 && owner is [not "root"])
            return await OfAsync(owner[0], cancellationToken);
        var accounts = File.ReadLines("/etc/passwd").Select(line => line.Split(':')[0]).ToHashSet(StringComparer.Ordinal);
        var name = Array.Find(["postgres", "nobody"], accounts.Contains)
            ?? throw new SetupException("PostgreSQL does not run as root, and there is no account postgres or nobody to run it as. Add one: useradd --system postgres");
        return await OfAsync(name, cancellationToken);
    }

    /// <summary>Gives a file or folder to the account.</summary>
    public async Task OwnAsync(string path, CancellationToken cancellationToken)
    {
        if (Name is not null && await ExecuteAsync(["chown", Name, path], [], cancellationToken) != 0)
            throw new SetupException($"Cannot give {path} to the account {Name}.");
    }

    /// <summary>Whether the account can make files in a folder.</summary>
    public async Task<bool> CanWriteAsync(string folder, CancellationToken cancellationToken) =>
        await ExecuteAsync([.. Become(), "test", "-w", folder, "-a", "-x", folder], [], cancellationToken) == 0;

    /// <summary>Runs a program as the account and returns its exit code; its output goes to the list.</summary>
    public Task<int> RunAsync(string program, IEnumerable<string> arguments, List<string> output, CancellationToken cancellationToken) =>
        ExecuteAsync([.. Become(), program, .. arguments], output, cancellationToken);

    string[] Become() => Name is null ? []
        : Exists("setpriv") ? ["setpriv", $"--reuid={Name}", $"--regid={Group}", "--init-groups", "--"]
        : Exists("runuser") ? ["runuser", "-u", Name, "--"]
        : throw new SetupException("Neither setpriv nor runuser is here to leave root with. Install util-linux, or start Balatrix as a normal user.");

    static async Task<PostgresAccount> OfAsync(string name, CancellationToken cancellationToken)
    {
        var group = new List<string>();
        return await ExecuteAsync(["id", "-g", name], group, cancellationToken) == 0
            ? new(name, group[0])
            : throw new SetupException($"The account {name} cannot be looked up: {string.Join(' ', group)}");
    }

    static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    static async Task<int> ExecuteAsync(string[] command, List<string> output, CancellationToken cancellationToken)
    {
        // The account may not be able to enter our working folder.
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, e) => Add(e.Data);
        process.ErrorDataReceived += (_, e) => Add(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;

        void Add(string? line)
        {
            if (line is null)
                return;
            lock (output)
                output.Add(line);
        }
    }
}
