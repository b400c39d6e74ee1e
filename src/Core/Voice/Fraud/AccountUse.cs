namespace Balatrix.Core.Voice.Fraud;

/// <summary>An account's use of the last day, by everything that a limit may be set on. Not for several threads at once.</summary>
public sealed class AccountUse
{
    readonly Dictionary<LimitScope, UseWindow> windows = [];

    /// <summary>Whether it holds nothing.</summary>
    public bool IsEmpty => windows.Count == 0;

    /// <summary>Adds use of a destination.</summary>
    public void Add(CalledDestination destination, int bucket, CallUse use)
    {
        Window(LimitScope.All).Add(bucket, use);
        if (destination.Country.Length > 0)
            Window(LimitScope.OfCountry(destination.Country)).Add(bucket, use);
        if (destination.Class != DestinationClass.Ordinary)
            Window(LimitScope.Of(destination.Class)).Add(bucket, use);
        if (destination.Group.Length > 0)
            Window(LimitScope.OfGroup(destination.Group)).Add(bucket, use);
    }

    /// <summary>What was used of a scope in a bucket and so many before it; international is all that is not of the home country.</summary>
    public CallUse Sum(LimitScope scope, string homeCountry, int last, int before) => scope.Kind == LimitScopeKind.International
        ? Sum(LimitScope.All, last, before) - Sum(LimitScope.OfCountry(homeCountry), last, before)
        : Sum(scope, last, before);

    /// <summary>Forgets what was before a bucket.</summary>
    public void Forget(int before)
    {
        foreach (var (scope, window) in windows)
        {
            window.Forget(before);
            if (window.IsEmpty)
                windows.Remove(scope);
        }
    }

    CallUse Sum(LimitScope scope, int last, int before) => windows.TryGetValue(scope, out var window) ? window.Sum(last, before) : default;

    UseWindow Window(LimitScope scope) => windows.TryGetValue(scope, out var window) ? window : windows[scope] = new UseWindow();
}
