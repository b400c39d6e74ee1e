using System.Globalization;
using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>Adds the numbers of a CSV to the pool: checked line by line, all or nothing.</summary>
public static class ImportNumbers
{
    /// <summary>The largest body that is read.</summary>
    public const long LargestBody = 16L * 1024 * 1024;

    const int LargestImport = 100_000;
    const int ListedFaults = 100;

    /// <summary>What an import came to.</summary>
    /// <param name="Imported">Numbers that are in the pool now.</param>
    /// <param name="ByType">How many of each type.</param>
    public sealed record Response(int Imported, Dictionary<string, int> ByType);

    internal static async Task<IResult> Handle(HttpContext context, NumberTools tools, CancellationToken cancellationToken)
    {
        if (await Utf8Text.ReadAsync(context.Request, cancellationToken) is not { } text)
            return new Problem(422, "did_import_encoding", "The file is not UTF-8.", Expected: "UTF-8").ToResult();
        var (numbers, faults) = NumberCsv.Read(new StringReader(text));
        if (faults.Count > 0)
            return Faults(faults);
        if (numbers.Count is 0 or > LargestImport)
            return new Problem(422, "did_import_size", $"The file has {numbers.Count} numbers.", Expected: $"1 to {LargestImport} numbers").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await tools.Clock.NowAsync(tenantId, cancellationToken);
        var byType = numbers.CountBy(n => n.Kind).ToDictionary(k => NumberKinds.Name(k.Key), k => k.Value);
        try
        {
            await tools.Database.InTenantAsync(tenantId, async (connection, ct) =>
            {
                var added = await NumberStore.AddAsync(connection, tenantId, numbers, now, ct);
                if (added.Count < numbers.Count)
                    throw new AlreadyThereException([.. numbers.Where(n => !added.Contains(n.Digits)).Select(n => new NumberFault(n.Line, "number", n.Digits, "a number that is not in the inventory yet"))]);
                await AuditLog.WriteAsync(
                    connection, tenantId, Actor.Of(context), "did.imported", "did", numbers.Count.ToString(CultureInfo.InvariantCulture), null,
                    new { numbers.Count, byType, first = numbers.Min(n => n.Digits), last = numbers.Max(n => n.Digits) }, now, ct);
                return true;
            }, cancellationToken);
        }
        catch (AlreadyThereException known)
        {
            return Faults(known.Faults);
        }
        return Results.Ok(new Response(numbers.Count, byType));
    }

    /// <summary>Takes the whole import back.</summary>
    sealed class AlreadyThereException(List<NumberFault> faults) : Exception
    {
        public List<NumberFault> Faults { get; } = faults;
    }

    static IResult Faults(List<NumberFault> faults)
    {
        var details = new Problem(422, "did_import_errors", $"The file has {faults.Count} faults; nothing was imported.").Details();
        details.Extensions["errorCount"] = faults.Count;
        details.Extensions["errors"] = faults.Take(ListedFaults);
        return Results.Problem(details);
    }
}
