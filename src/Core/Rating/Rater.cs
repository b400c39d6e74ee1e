namespace Balatrix.Core.Rating;

/// <summary>Prices use. Pure: the same inputs give the same charge, at any time, on any node.</summary>
public static partial class Rater
{
}
