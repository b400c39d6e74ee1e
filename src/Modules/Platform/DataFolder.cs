using System.Text;

namespace Balatrix.Modules.Platform;

/// <summary>The folder of what is not in the database: keys, and mail where no mail server is given. Nodes that share a database share it, or are given their keys.</summary>
/// <param name="Path">Where it is; made when it is first written to.</param>
public sealed record DataFolder(string Path)
{
    /// <summary>The whole path of a file in it.</summary>
    public string File(string name) => System.IO.Path.GetFullPath(System.IO.Path.Combine(Path, name));

    /// <summary>Writes a file that only this account may read, in place of the one that was there.</summary>
    public async Task<string> WritePrivateAsync(string name, string text, CancellationToken cancellationToken)
    {
        var file = File(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        System.IO.File.Delete(file);
        await using var stream = new FileStream(file, Private(FileMode.CreateNew));
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
        return file;
    }

    /// <summary>Reads a file, or makes it for this account alone; of those who make it at the same time one wins, and all read the same.</summary>
    public string ReadOrMake(string name, Func<string> make)
    {
        var file = File(name);
        if (!System.IO.File.Exists(file))
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
            var draft = $"{file}.{Guid.NewGuid():N}";
            using (var stream = new FileStream(draft, Private(FileMode.CreateNew)))
                stream.Write(Encoding.UTF8.GetBytes(make()));
            try
            {
                System.IO.File.Move(draft, file, overwrite: false);
            }
            catch (IOException) when (System.IO.File.Exists(file))
            {
                System.IO.File.Delete(draft);
            }
        }
        return System.IO.File.ReadAllText(file);
    }

    static FileStreamOptions Private(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }
}
