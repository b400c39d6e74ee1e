namespace Balatrix.Modules.Tests.Tidy;

/// <summary>Arrows between modules stand in ModuleMap, and ARCHITECTURE.md shows it.</summary>
public sealed class ModuleArrowsTests
{
    /// <summary>Set to 1 to write the map into ARCHITECTURE.md instead of comparing.</summary>
    const string Write = "BALATRIX_WRITE_DOCS";

    static readonly Dictionary<string, string[]> Small = new(StringComparer.Ordinal) { ["Ledger"] = ["Platform"], ["Platform"] = [] };

    [Fact]
    public void Modules_use_only_what_the_map_allows() => TidyTests.AssertNone(ModuleArrows.Forbidden(SourceFile.All, ModuleMap.Uses));

    [Fact]
    public void The_map_has_no_arrow_that_nothing_needs() => TidyTests.AssertNone(ModuleArrows.Unused(SourceFile.All, ModuleMap.Uses));

    [Fact]
    public void The_map_has_every_module()
    {
        var folders = Directory.GetDirectories(Path.Combine(SourceFile.Root, "src/Modules")).Select(d => Path.GetFileName(d)!).Except(["bin", "obj"], StringComparer.Ordinal);
        TidyTests.AssertNone(folders.Except(ModuleMap.Uses.Keys, StringComparer.Ordinal).Select(m => $"Add the module {m} to src/Modules/ModuleMap.cs."));
    }

    [Theory]
    [InlineData("src/Modules/Platform/A.cs", "using Balatrix.Modules.Ledger;")]
    [InlineData("src/Modules/Platform/A.cs", "var x = Balatrix.Modules.Ledger.LedgerStore.Load();")]
    [InlineData("src/Modules/Voice/A.cs", "using Balatrix.Modules.Platform;")]
    public void A_forbidden_arrow_is_found(string path, string text) => Assert.Single(ModuleArrows.Forbidden([new(path, text)], Small));

    [Theory]
    [InlineData("src/Modules/Ledger/A.cs", "using Balatrix.Modules.Platform;")]
    [InlineData("src/Modules/Ledger/Deep/A.cs", "namespace Balatrix.Modules.Ledger.Deep;")]
    [InlineData("src/Web/A.cs", "using Balatrix.Modules.Ledger;")]
    public void An_allowed_arrow_is_not(string path, string text) => Assert.Empty(ModuleArrows.Forbidden([new(path, text)], Small));

    [Fact]
    public void An_arrow_that_nothing_needs_is_found() => Assert.Single(ModuleArrows.Unused([new("src/Modules/Ledger/A.cs", "")], Small));

    [Fact]
    public void Architecture_shows_the_map()
    {
        var path = Path.Combine(SourceFile.Root, "ARCHITECTURE.md");
        var text = File.Exists(path) ? File.ReadAllText(path) : "# Architecture\n";
        var drawn = ModuleArrows.Draw(text, ModuleMap.Uses);
        if (Environment.GetEnvironmentVariable(Write) == "1")
            File.WriteAllText(path, drawn);
        else
            Assert.True(text == drawn, $"ARCHITECTURE.md shows another module map. Write it anew: {Write}=1 ./test");
    }
}
