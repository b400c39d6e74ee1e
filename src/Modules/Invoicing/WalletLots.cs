using System.Collections.Immutable;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>Money in a wallet from one receipt. How it is taxed was fixed when it came in.</summary>
sealed record WalletLot(long LotId, long AccountId, bool IsTaxedAtUse, long LeftMicros, long TaxLeftMicros, string Number, DateOnly IssuedOn);

/// <summary>What a wallet's charges use up of its lots, the oldest first.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Parts">Lots, what is used of each, and the tax set aside that goes with it.</param>
sealed record LotUse(long AccountId, ImmutableArray<(WalletLot Lot, long UsedMicros, long TaxMicros)> Parts)
{
    const string Read = """
        select l.lot_id, l.account_id, l.is_taxed_at_use, l.net_micros - l.used_micros - l.returned_micros, l.tax_micros - l.adjusted_tax_micros, d.number, d.issued_on
          from invoicing.lots l join invoicing.documents d on d.document_id = l.document_id
         where l.account_id = any($1) and l.tenant_id = $2 and l.used_micros + l.returned_micros < l.net_micros
         order by l.account_id, l.lot_id
        """;

    /// <summary>Of the charges, what was paid from money that is taxed as it is used.</summary>
    public long TaxedAtUseMicros => Parts.Where(p => p.Lot.IsTaxedAtUse).Sum(p => p.UsedMicros);

    /// <summary>Tax that was set aside for it.</summary>
    public long AdvanceTaxMicros => Parts.Where(p => p.Lot.IsTaxedAtUse).Sum(p => p.TaxMicros);

    /// <summary>What was paid in for it, down to whole paisa: what is below stays in the wallet.</summary>
    public long PaidMicros => (TaxedAtUseMicros + AdvanceTaxMicros) / TaxEngine.UnitMicros * TaxEngine.UnitMicros;

    /// <summary>The receipt vouchers that are adjusted.</summary>
    public ImmutableArray<DocumentReference> References =>
        [.. Parts.Where(p => p.Lot.IsTaxedAtUse && p.UsedMicros > 0).Select(p => new DocumentReference(DocumentKind.ReceiptVoucher, p.Lot.Number, p.Lot.IssuedOn, p.TaxMicros))];

    /// <summary>Lots with something left, of some accounts.</summary>
    public static async Task<Dictionary<long, List<WalletLot>>> ReadAsync(NpgsqlConnection connection, int tenantId, long[] accountIds, CancellationToken cancellationToken) => accountIds.Length == 0
        ? []
        : (await Database.QueryAsync(
            connection, Read, [accountIds, tenantId],
            r => new WalletLot(r.GetInt64(0), r.GetInt64(1), r.GetBoolean(2), r.GetInt64(3), r.GetInt64(4), r.GetString(5), r.GetFieldValue<DateOnly>(6)), cancellationToken))
            .GroupBy(l => l.AccountId).ToDictionary(g => g.Key, g => g.ToList());

    /// <summary>Uses lots up for charges; what no lot pays for was given, not sold.</summary>
    public static LotUse Of(long accountId, IReadOnlyList<WalletLot> lots, long chargedMicros)
    {
        var parts = ImmutableArray.CreateBuilder<(WalletLot, long, long)>();
        foreach (var lot in lots)
        {
            var used = Math.Min(chargedMicros, lot.LeftMicros);
            if (used == 0)
                break;
            parts.Add((lot, used, TaxShare(lot, used)));
            chargedMicros -= used;
        }
        return new(accountId, parts.ToImmutable());
    }

    /// <summary>The tax of a part of a lot, in paisa; the last part takes what is left, so that all parts make the lot's tax.</summary>
    public static long TaxShare(WalletLot lot, long micros) => micros == lot.LeftMicros
        ? lot.TaxLeftMicros
        : InvoiceArithmetic.ToPaisa((long)((Int128)lot.TaxLeftMicros * micros / lot.LeftMicros));

    /// <summary>Writes what was used.</summary>
    public static Task SaveAsync(NpgsqlConnection connection, int tenantId, IReadOnlyList<LotUse> uses, CancellationToken cancellationToken)
    {
        var parts = uses.SelectMany(u => u.Parts).ToList();
        return parts.Count == 0 ? Task.CompletedTask : Database.ExecuteAsync(
            connection,
            """
            update invoicing.lots l set used_micros = used_micros + v.used, adjusted_tax_micros = adjusted_tax_micros + v.tax
              from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as v(id, used, tax) where l.lot_id = v.id and l.tenant_id = $4
            """,
            [parts.Select(p => p.Lot.LotId).ToArray(), parts.Select(p => p.UsedMicros).ToArray(), parts.Select(p => p.Lot.IsTaxedAtUse ? p.TaxMicros : 0).ToArray(), tenantId], cancellationToken);
    }
}
