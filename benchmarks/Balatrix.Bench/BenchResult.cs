namespace Balatrix.Bench;

/// <summary>One line of the table of spec/bench.md.</summary>
sealed record BenchResult(string Name, string What, double Value, string Unit, double? Baseline, double Ratio, double Goal, bool Held);
