using System.Runtime.CompilerServices;

namespace Balatrix.Modules.Tests.Tidy;

/// <summary>The house style as a test; each rule is shown to bite by an example that breaks it.</summary>
public sealed class TidyTests
{
    public static TheoryData<string> Rules => [.. TidyRule.All.Select(r => r.Name)];

    public static TheoryData<string, string, string> Offences => new()
    {
        { "Unfinished work", "src/Web/A.cs", "// TODO later" },
        { "Unfinished work", "tests/Core.Tests/A.cs", "throw new NotImplementedException();" },
        { "Clock", "src/Modules/Ledger/A.cs", "var now = DateTimeOffset.UtcNow;" },
        { "Clock", "src/Web/A.cs", "var day = DateTime.Today;" },
        { "Pure core", "src/Core/A.cs", "var id = Guid.NewGuid();" },
        { "Pure core", "src/Core/A.cs", "var dice = new Random();" },
        { "Floating point in Core", "src/Core/A.cs", "const double Share = 0.5;" },
        { "Floating-point money", "src/Modules/Usage/A.cs", "double chargedAmount = 1.5;" },
        { "Floating-point money", "src/Modules/Usage/A.cs", "var x = (float)balanceMicros / 3;" },
        { "Decimal money", "src/Modules/Usage/A.cs", "decimal price = 0.1m;" },
        { "Long file", "src/Modules/Usage/A.cs", new string('\n', 401) },
        { "Swallowed exception", "src/Modules/Usage/A.cs", "try { Do(); } catch (IOException) { }" },
        { "Folder of leftovers", "src/Modules/Helpers/A.cs", "" },
    };

    public static TheoryData<string, string, string> Innocents => new()
    {
        { "Clock", "src/Modules/Platform/A.cs", "var now = DateTimeOffset.UtcNow;" },
        { "Clock", "src/Modules/Usage/A.cs", "// Never DateTime.Now: it has the machine's zone." },
        { "Pure core", "src/Modules/A.cs", "var id = Guid.NewGuid();" },
        { "Floating point in Core", "src/Core/A.cs", "Say(\"double entry\"); // float" },
        { "Decimal money", "src/Core/Money.cs", "(decimal)micros" },
        { "Long file", "src/Modules/Usage/A.cs", new string('\n', 400) },
        { "Swallowed exception", "src/Modules/Usage/A.cs", "catch (IOException)\n{\n    // Still starting.\n}" },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void Sources_keep_the_rule(string rule) => AssertNone(Rule(rule).Findings(SourceFile.All));

    [Theory]
    [MemberData(nameof(Offences))]
    public void A_rule_finds_what_breaks_it(string rule, string path, string text) => Assert.NotEmpty(Rule(rule).Findings([new(path, text)]));

    [Theory]
    [MemberData(nameof(Innocents))]
    public void A_rule_lets_the_innocent_go(string rule, string path, string text) => Assert.Empty(Rule(rule).Findings([new(path, text)]));

    [Fact]
    public void Every_rule_has_an_example_that_breaks_it() =>
        Assert.Empty(TidyRule.All.Select(r => r.Name).Except(Offences.Select(o => o.Data.Item1), StringComparer.Ordinal));

    internal static void AssertNone(IEnumerable<string> findings, [CallerMemberName] string test = "")
    {
        var found = findings.ToList();
        Assert.True(found.Count == 0, $"{test}: {found.Count} found.\n{string.Join('\n', found.Take(20))}");
    }

    static TidyRule Rule(string name) => TidyRule.All.Single(r => r.Name == name);
}
