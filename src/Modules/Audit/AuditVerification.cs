using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Audit;

/// <summary>Whether the audit log of a tenant is what was written.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Records">Records read.</param>
/// <param name="Fault">The first that is wrong and how, or null.</param>
public sealed record AuditProof(int TenantId, long Records, string? Fault);

/// <summary>Re-computes each tenant's chain of hashes from its first record.</summary>
public sealed class AuditVerification(Database database)
{
    /// <summary>Proves one tenant's log, or those of all when null.</summary>
    public async Task<List<AuditProof>> VerifyAsync(int? tenantId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        var heads = await Database.QueryAsync(
            connection, "select tenant_id, sequence_no, hash from audit.heads where tenant_id = coalesce($1::int, tenant_id) order by tenant_id", [tenantId],
            r => (Id: r.GetInt32(0), No: r.GetInt64(1), Hash: r.GetFieldValue<byte[]>(2)), cancellationToken);
        var proofs = new List<AuditProof>();
        foreach (var head in heads)
            proofs.Add(await VerifyAsync(connection, head.Id, head.No, head.Hash, cancellationToken));
        return proofs;
    }

    static async Task<AuditProof> VerifyAsync(NpgsqlConnection connection, int tenantId, long headNo, byte[] headHash, CancellationToken cancellationToken)
    {
        await using var command = Database.Command(connection, $"select {AuditStore.Columns}, hash from audit.records where tenant_id = $1 order by sequence_no", tenantId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var (hash, records) = (AuditRecord.Genesis, 0L);
        while (await reader.ReadAsync(cancellationToken))
        {
            var record = AuditStore.Read(reader);
            records++;
            if (record.SequenceNo != records)
                return new(tenantId, records, $"record {records} is missing: record {record.SequenceNo} follows");
            hash = record.HashAfter(tenantId, hash);
            if (!hash.AsSpan().SequenceEqual(reader.GetFieldValue<byte[]>(10)))
                return new(tenantId, records, $"record {record.SequenceNo} is not what was written");
        }
        return records == headNo && hash.AsSpan().SequenceEqual(headHash)
            ? new(tenantId, records, null)
            : new(tenantId, records, $"the log ends at record {records}, its head is at {headNo}");
    }
}
