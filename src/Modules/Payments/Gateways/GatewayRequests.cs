using Balatrix.Core;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>What is sent, checked first: what is thrown here is a mistake of ours, before anything is sent.</summary>
static class GatewayRequests
{
    /// <summary>Minor units.</summary>
    public static long Minor(Money amount) =>
        MinorUnits.TryFrom(amount, out var minor) && minor >= 0 ? minor : throw new ArgumentException($"{amount} is not an amount that a gateway takes.", nameof(amount));

    /// <summary>A reference or key of ours.</summary>
    public static string Reference(string reference, int shortest = 1) =>
        reference.Length >= shortest && reference.Length <= 40 && reference.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')
            ? reference
            : throw new ArgumentException($"\"{reference}\" is not a reference of {shortest} to 40 letters, digits, _ and -.", nameof(reference));

    /// <summary>An id as a part of a path.</summary>
    public static string Part(string id) => id.Length > 0 ? Uri.EscapeDataString(id) : throw new ArgumentException("An id is empty.", nameof(id));

    /// <summary>The first so many characters.</summary>
    public static string Shortened(string text, int longest) => text.Length > longest ? text[..longest] : text;
}
