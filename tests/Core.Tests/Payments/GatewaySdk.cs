using System.Diagnostics;
using System.Text.Json;

namespace Balatrix.Core.Tests.Payments;

/// <summary>The npm packages "razorpay" and "stripe" in a node process, restored once for each build.</summary>
public sealed class GatewaySdk : IAsyncLifetime
{
    static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Payments", "Data", "sdk");

    Process? node;

    public async ValueTask InitializeAsync()
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", "stripe")))
        {
            using var npm = Start("npm", "ci", "--no-audit", "--no-fund");
            var (output, errors) = (npm.StandardOutput.ReadToEndAsync(), npm.StandardError.ReadToEndAsync());
            await npm.WaitForExitAsync();
            Assert.True(npm.ExitCode == 0, $"npm ci in {Folder} failed: {await output} {await errors}");
        }
        node = Start("node", "signatures.mjs");
    }

    public ValueTask DisposeAsync()
    {
        node?.Kill();
        node?.Dispose();
        return ValueTask.CompletedTask;
    }

    public async Task<JsonElement> AskAsync(object question)
    {
        await node!.StandardInput.WriteLineAsync(JsonSerializer.Serialize(question));
        await node.StandardInput.FlushAsync();
        var answer = await node.StandardOutput.ReadLineAsync();
        Assert.True(answer is not null, $"node ended: {(answer is null ? await node.StandardError.ReadToEndAsync() : "")}");
        return JsonDocument.Parse(answer!).RootElement;
    }

    static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        return Process.Start(start)!;
    }
}
