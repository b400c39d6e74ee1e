using Balatrix.Modules.Customers;
using Balatrix.Modules.Platform;
using Npgsql;
using NpgsqlTypes;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>A SIP user.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">What it registers as.</param>
/// <param name="Account">Whose account pays for its calls.</param>
/// <param name="Label">What staff call it.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record SipUserView(long Id, string Name, string Account, string Label, DateTimeOffset CreatedAt);

/// <summary>SIP users in the database.</summary>
static class SipUserStore
{
    const string Columns = "sip_user_id, name, account_id, label, created_at";

    const string SelectOwner = "select account_id from voice.sip_users where tenant_id = $1 and name = $2";

    /// <summary>The account of a name, or null.</summary>
    public static async Task<long?> OwnerAsync(NpgsqlConnection connection, int tenantId, string name, CancellationToken cancellationToken)
    {
        var found = await Database.QueryAsync(connection, SelectOwner, [tenantId, name], r => r.GetInt64(0), cancellationToken);
        return found is [var account] ? account : null;
    }

    /// <summary>The same in one round trip, for calls.</summary>
    public static Task<long?> OwnerAsync(Database database, int tenantId, string name, CancellationToken cancellationToken) => database.ReadInTenantAsync(
        tenantId, [Database.Statement(SelectOwner, tenantId, name)],
        static async (r, ct) => await r.ReadAsync(ct) ? r.GetInt64(0) : (long?)null, cancellationToken);

    /// <summary>Makes one; null when the name is taken.</summary>
    public static async Task<SipUserView?> CreateAsync(
        NpgsqlConnection connection, int tenantId, string name, long accountId, string label, DateTimeOffset now, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection,
        $"insert into voice.sip_users (tenant_id, name, account_id, label, created_at) values ($1, $2, $3, $4, $5) on conflict (tenant_id, name) do nothing returning {Columns}",
        [tenantId, name, accountId, label, now], Read, cancellationToken)).SingleOrDefault();

    /// <summary>How many an account has.</summary>
    public static async Task<int> CountAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select count(*)::int from voice.sip_users where tenant_id = $1 and account_id = $2", [tenantId, accountId], r => r.GetInt32(0), cancellationToken))[0];

    /// <summary>A page, in the order they were made in.</summary>
    public static async Task<List<SipUserView>> ListAsync(NpgsqlConnection connection, int tenantId, long[]? accounts, string? search, long after, int limit, CancellationToken cancellationToken)
    {
        await using var command = Database.Command(
            connection,
            $"""
            select {Columns} from voice.sip_users
             where tenant_id = $1 and sip_user_id > $2 and ($3::bigint[] is null or account_id = any($3)) and ($4::text is null or position(lower($4) in lower(name || ' ' || label)) > 0)
             order by sip_user_id limit $5
            """,
            tenantId, after, accounts, search, limit);
        command.Parameters[2].NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint;
        command.Parameters[3].NpgsqlDbType = NpgsqlDbType.Text;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var users = new List<SipUserView>();
        while (await reader.ReadAsync(cancellationToken))
            users.Add(Read(reader));
        return users;
    }

    /// <summary>One, locked; null when there is none.</summary>
    public static async Task<SipUserView?> LockAsync(NpgsqlConnection connection, int tenantId, long id, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, $"select {Columns} from voice.sip_users where tenant_id = $1 and sip_user_id = $2 for update", [tenantId, id], Read, cancellationToken)).SingleOrDefault();

    /// <summary>A number whose calls go to a user, or null.</summary>
    public static async Task<string?> NumberOfAsync(NpgsqlConnection connection, int tenantId, string name, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select number from voice.numbers where tenant_id = $1 and target_kind = 'sip' and target = $2 and status = 3 limit 1", [tenantId, name], r => r.GetString(0), cancellationToken)).SingleOrDefault();

    /// <summary>Takes one away.</summary>
    public static Task<int> DeleteAsync(NpgsqlConnection connection, int tenantId, long id, CancellationToken cancellationToken) =>
        Database.ExecuteAsync(connection, "delete from voice.sip_users where tenant_id = $1 and sip_user_id = $2", [tenantId, id], cancellationToken);

    static SipUserView Read(NpgsqlDataReader r) => new(r.GetInt64(0), r.GetString(1), AccountDirectory.NumberOf(r.GetInt64(2)), r.GetString(3), r.GetFieldValue<DateTimeOffset>(4));
}
