using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>One thing that the books must prove.</summary>
/// <param name="Name">What is proven.</param>
/// <param name="Proven">Whether it holds.</param>
/// <param name="FirstWrong">The first row that breaks it.</param>
public sealed record LedgerProof(string Name, bool Proven, string? FirstWrong);

/// <summary>The outcome of proving the books.</summary>
public sealed record LedgerReport(bool Proven, long Accounts, long Entries, long UsageRecords, IReadOnlyList<LedgerProof> Proofs);

/// <summary>Adds all of the ledger up again, from its rows alone, and compares it with every total that is kept.</summary>
public sealed class LedgerVerification(Database database)
{
    // One pass over all entries in the order of each account's numbers.
    const string Chain = """
        with entries as (
            select account_id, entry_no, origin, amount_micros, balance_after_micros,
                   case when debit_book in (1, 2) then -amount_micros else 0 end + case when credit_book in (1, 2) then amount_micros else 0 end as change,
                   (debit_book in (1, 2)) <> (credit_book in (1, 2)) as one_sided,
                   lag(entry_no, 1, 0::bigint) over account as previous_no,
                   lag(balance_after_micros, 1, 0::bigint) over account as previous_balance
              from ledger.ledger_entries where $1::int is null or tenant_id = $1
            window account as (partition by account_id order by entry_no)
        )
        select account_id, entry_no,
               case when entry_no <> previous_no + 1 then 'gapless'
                    when not one_sided then 'double_entry'
                    else 'running_balance' end,
               case when entry_no <> previous_no + 1 then 'follows entry ' || previous_no
                    when not one_sided then 'must move between the account''s own book and another'
                    else 'balance after is ' || balance_after_micros || ', the entries make ' || previous_balance + change end
          from entries
         where entry_no <> previous_no + 1 or not one_sided or balance_after_micros <> previous_balance + change
         order by account_id, entry_no limit 1
        """;

    const string Balances = """
        select a.account_id, 'balance is ' || a.balance_micros || ' at entry ' || a.entry_no || ', the entries make ' || coalesce(e.balance, 0) || ' at entry ' || coalesce(e.last_no, 0)
          from ledger.accounts a
          left join (
            select account_id, max(entry_no) as last_no, count(*) as entries,
                   sum(case when debit_book in (1, 2) then -amount_micros else 0 end + case when credit_book in (1, 2) then amount_micros else 0 end) as balance
              from ledger.ledger_entries where $1::int is null or tenant_id = $1 group by account_id) e on e.account_id = a.account_id
         where ($1::int is null or a.tenant_id = $1)
           and (a.balance_micros <> coalesce(e.balance, 0) or a.entry_no <> coalesce(e.last_no, 0) or a.entry_no <> coalesce(e.entries, 0))
         order by a.account_id limit 1
        """;

    const string Orphans = """
        select e.account_id, 'entry ' || e.entry_no || ' belongs to no account of its tenant'
          from ledger.ledger_entries e left join ledger.accounts a on a.account_id = e.account_id and a.tenant_id = e.tenant_id
         where ($1::int is null or e.tenant_id = $1) and a.account_id is null order by e.account_id, e.entry_no limit 1
        """;

    const string BooksSum = """
        select 0::bigint, 'the books sum to ' || sum(amount)
          from (select debit_book as book, -amount_micros as amount from ledger.ledger_entries where $1::int is null or tenant_id = $1
                union all
                select credit_book, amount_micros from ledger.ledger_entries where $1::int is null or tenant_id = $1
                union all
                select debit_book, -amount_micros from ledger.general_entries where $1::int is null or tenant_id = $1
                union all
                select credit_book, amount_micros from ledger.general_entries where $1::int is null or tenant_id = $1) b
        having sum(amount) <> 0
        """;

    const string Transfers = """
        select min(account_id), 'transfer ' || event_key || ' has ' || count(*) || ' sides that sum to ' || sum(case when debit_book = 31 then -amount_micros else amount_micros end)
          from ledger.journal_entries where ($1::int is null or tenant_id = $1) and 31 in (debit_book, credit_book)
         group by tenant_id, event_key having count(*) <> 2 or sum(case when debit_book = 31 then -amount_micros else amount_micros end) <> 0
         order by 1 limit 1
        """;

    const string UsagePostings = """
        select u.account_id, 'usage ' || u.event_key || ' at entry ' || u.entry_no || ': ' ||
               case when c.copies > 1 then 'recorded ' || c.copies || ' times' else 'posted to the wrong books' end
          from usage.usage_records u
          join ledger.accounts a on a.account_id = u.account_id
          join (select account_id, event_key, count(*) as copies from usage.usage_records where $1::int is null or tenant_id = $1 group by 1, 2) c
            on c.account_id = u.account_id and c.event_key = u.event_key
         where ($1::int is null or u.tenant_id = $1)
           and (c.copies > 1 or u.debit_book <> a.kind or u.credit_book <> case u.service when 1 then 10 when 2 then 10 when 3 then 11 else 12 end)
         order by u.account_id, u.entry_no limit 1
        """;

    const string Holds = """
        select a.account_id, 'holds ' || a.held_micros || ' in ' || a.open_calls || ' calls, its open reservations hold ' || coalesce(r.held, 0) || ' in ' || coalesce(r.calls, 0)
          from ledger.accounts a
          left join (
            select account_id, sum(held_micros) as held, count(*) filter (where service in (1, 2) and request_micros is null) as calls
              from ledger.reservations where status = 1 and ($1::int is null or tenant_id = $1) group by account_id) r on r.account_id = a.account_id
         where ($1::int is null or a.tenant_id = $1) and (a.held_micros <> coalesce(r.held, 0) or a.open_calls <> coalesce(r.calls, 0))
         order by a.account_id limit 1
        """;

    const string AllowanceUse = """
        select a.account_id, 'allowance ' || a.allowance_id || ' holds ' || a.held || ', its open reservations hold ' || coalesce(r.held, 0)
          from ledger.allowances a
          left join (
            select r.account_id, h.allowance_id, sum(h.quantity) as held
              from ledger.reservations r, unnest(r.allowance_ids, r.allowance_quantities) as h(allowance_id, quantity)
             where r.status = 1 and ($1::int is null or r.tenant_id = $1) group by 1, 2) r on r.account_id = a.account_id and r.allowance_id = a.allowance_id
         where ($1::int is null or a.tenant_id = $1) and a.held <> coalesce(r.held, 0)
         order by a.account_id limit 1
        """;

    const string CoveredUse = """
        select coalesce(a.account_id, u.account_id), 'allowances used ' || coalesce(a.used, 0) || ', the usage records were covered for ' || coalesce(u.covered, 0)
          from (select account_id, sum(used) as used from ledger.allowances where $1::int is null or tenant_id = $1 group by 1) a
          full join (select account_id, sum(covered_quantity) as covered from usage.usage_records where $1::int is null or tenant_id = $1 group by 1) u on u.account_id = a.account_id
         where coalesce(a.used, 0) <> coalesce(u.covered, 0)
         order by 1 limit 1
        """;

    // An account's entries at a gateway are what its payments took, less what was given back or lost; SettlementProofs has what of it is not settled.
    const string GatewayClearing = """
        select coalesce(l.account_id, p.account_id),
               'has ' || coalesce(l.amount, 0) || ' at gateway ' || coalesce(l.gateway, p.gateway) || ', its payments make ' || coalesce(p.amount, 0)
          from (select account_id, case when 21 in (debit_book, credit_book) then 1 else 2 end as gateway,
                       sum(case when debit_book in (21, 22) then amount_micros else -amount_micros end) as amount
                  from ledger.journal_entries where ($1::int is null or tenant_id = $1) and (debit_book in (21, 22) or credit_book in (21, 22)) group by 1, 2) l
          full join (
            select account_id, gateway, sum(amount) as amount from (
                select account_id, gateway, amount_micros as amount from payments.captures where $1::int is null or tenant_id = $1
                union all
                select account_id, gateway, -amount_micros from payments.refunds where ($1::int is null or tenant_id = $1) and returned_at is not null
                union all
                select account_id, gateway, amount_micros from payments.refunds where ($1::int is null or tenant_id = $1) and restored_at is not null
                union all
                select account_id, gateway, -amount_micros from payments.disputes where ($1::int is null or tenant_id = $1) and charged_back_at is not null) m
             group by 1, 2) p on p.account_id = l.account_id and p.gateway = l.gateway
         where coalesce(l.amount, 0) <> coalesce(p.amount, 0)
         order by 1 limit 1
        """;

    // A payment succeeded exactly when its money is in the ledger, under the entry that it names.
    const string PaymentEntries = """
        select c.account_id, 'payment ' || c.payment_id || ' names entry ' || c.entry_no || ', which is not its money'
          from payments.captures c
          left join ledger.journal_entries e on e.account_id = c.account_id and e.entry_no = c.entry_no
         where ($1::int is null or c.tenant_id = $1) and (e.amount_micros is distinct from c.amount_micros or e.debit_book is distinct from c.gateway + 20)
        union all
        select p.account_id, 'payment ' || p.payment_id || ' says that ' || p.captured_micros || ' was taken, its receipts make ' || coalesce(c.amount, 0)
          from payments.payments p left join (select payment_id, sum(amount_micros) as amount from payments.captures group by 1) c on c.payment_id = p.payment_id
         where ($1::int is null or p.tenant_id = $1) and p.captured_micros <> coalesce(c.amount, 0)
         order by 1 limit 1
        """;

    static readonly (string Name, string Sql)[] Simple =
    [
        ("balance equals the sum of entries", Balances),
        ("every entry belongs to an account of its tenant", Orphans),
        ("books sum to zero", BooksSum),
        ("every transfer has two equal sides", Transfers),
        ("every usage record is posted exactly once, to its books", UsagePostings),
        ("held money equals open reservations", Holds),
        ("held allowance equals open reservations", AllowanceUse),
        ("used allowance equals covered usage", CoveredUse),
        .. DocumentProofs.All,
        ("money at gateways equals payments less what was given back", GatewayClearing),
        ("every payment is posted exactly once", PaymentEntries),
        .. SettlementProofs.All,
    ];

    /// <summary>Proves the books of one tenant, or of all when null. All proofs see the same moment.</summary>
    public async Task<LedgerReport> VerifyAsync(int? tenantId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        await Database.ExecuteAsync(connection, "set local work_mem = '256MB'", [], cancellationToken);
        var tenant = new NpgsqlParameter { Value = (object?)tenantId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer };
        var proofs = new List<LedgerProof>();
        var chain = await ReadAsync(connection, Chain, tenant, r => (Account: r.GetInt64(0), Entry: r.GetInt64(1), Kind: r.GetString(2), Text: r.GetString(3)), cancellationToken);
        foreach (var (kind, name) in new[] { ("gapless", "entries are gapless"), ("double_entry", "every entry is double"), ("running_balance", "every balance after is the one before and the entry") })
        {
            var wrong = chain.Find(c => c.Kind == kind);
            proofs.Add(new(name, wrong.Kind is null, wrong.Kind is null ? null : $"account {wrong.Account}, entry {wrong.Entry}: {wrong.Text}"));
        }
        foreach (var (name, sql) in Simple)
        {
            var wrong = await ReadAsync(connection, sql, tenant, r => $"account {r.GetInt64(0)}: {r.GetString(1)}", cancellationToken);
            proofs.Add(new(name, wrong.Count == 0, wrong.FirstOrDefault()));
        }
        var counts = await ReadAsync(
            connection,
            """
            select (select count(*) from ledger.accounts where $1::int is null or tenant_id = $1),
                   (select count(*) from ledger.ledger_entries where $1::int is null or tenant_id = $1),
                   (select count(*) from usage.usage_records where $1::int is null or tenant_id = $1)
            """,
            tenant, r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2)), cancellationToken);
        return new(proofs.TrueForAll(p => p.Proven), counts[0].Item1, counts[0].Item2, counts[0].Item3, proofs);
    }

    static async Task<List<T>> ReadAsync<T>(NpgsqlConnection connection, string sql, NpgsqlParameter tenant, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.Parameters.Add(tenant.Clone());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }
}
