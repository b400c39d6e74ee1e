namespace Balatrix.Modules.Tests.Harness;

/// <summary>Tests beside which no other runs.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class Alone;
