using System.Text.Encodings.Web;
using System.Text.Json;
using Balatrix.Modules.Platform;

namespace Balatrix.Web.Verbs;

/// <summary>What all verbs share: their exit codes, and how they speak to people and to programs.</summary>
static class VerbOutput
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;
    public const int NoRate = 3;
    public const int NotProven = 4;

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One JSON line on standard output.</summary>
    public static void WriteJson(object value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Json));

    /// <summary>A line for people, on standard error so that output stays clean.</summary>
    public static void Say(string line) => Console.Error.WriteLine(line);

    /// <summary>Runs a verb; what the machine lacks is told in a sentence instead of a stack trace.</summary>
    public static async Task<int> RunAsync(Func<Task<int>> verb)
    {
        try
        {
            return await verb();
        }
        catch (Exception e) when (e is SetupException or IOException or UnauthorizedAccessException or Npgsql.NpgsqlException)
        {
            Say($"balatrix: {e.Message}");
            return Failed;
        }
        catch (OperationCanceledException)
        {
            Say("balatrix: stopped before it was done.");
            return Failed;
        }
    }
}
