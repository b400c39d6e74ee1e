using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Balatrix.Modules.Audit;

/// <summary>One change of state. <paramref name="Before"/> and <paramref name="After"/> are JSON with secrets masked.</summary>
/// <param name="SequenceNo">Gapless within the tenant, from 1.</param>
/// <param name="OccurredAt">The tenant's time of it.</param>
/// <param name="Actor">user:E-MAIL, key:NAME or system:JOB.</param>
/// <param name="Address">Where the request came from.</param>
/// <param name="RequestId">The request's id, as it was answered in <c>X-Request-Id</c>.</param>
/// <param name="Action">What was done, such as customer.suspended.</param>
/// <param name="Entity">What it was done to, such as customer.</param>
/// <param name="EntityId">Which one.</param>
/// <param name="Before">State before, or null.</param>
/// <param name="After">State after, or null.</param>
public sealed record AuditRecord(
    long SequenceNo, DateTimeOffset OccurredAt, string Actor, string? Address, string? RequestId, string Action, string Entity, string EntityId, string? Before, string? After)
{
    /// <summary>The hash that a chain begins with.</summary>
    public static readonly byte[] Genesis = new byte[SHA256.HashSizeInBytes];

    /// <summary>The chain's hash after this record: SHA-256 over the hash before and every field with its length.</summary>
    public byte[] HashAfter(int tenantId, ReadOnlySpan<byte> previous)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(previous);
        Span<byte> number = stackalloc byte[8];
        foreach (var value in new[] { tenantId, SequenceNo, (OccurredAt.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond })
        {
            BinaryPrimitives.WriteInt64BigEndian(number, value);
            hash.AppendData(number);
        }
        foreach (var text in new[] { Actor, Address, RequestId, Action, Entity, EntityId, Before, After })
        {
            var bytes = text is null ? null : Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt64BigEndian(number, bytes?.Length ?? -1);
            hash.AppendData(number);
            hash.AppendData(bytes ?? []);
        }
        return hash.GetHashAndReset();
    }
}
