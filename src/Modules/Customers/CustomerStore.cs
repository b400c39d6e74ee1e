using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Customers;

/// <summary>What a list of customers is limited to and ordered by.</summary>
/// <param name="Status">active, suspended or closed, or all.</param>
/// <param name="Kind">individual, business or enterprise, or all.</param>
/// <param name="KycStatus">pending, verified or rejected, or all.</param>
/// <param name="ByName">Ordered by name; otherwise newest first.</param>
/// <param name="AfterName">Where the page before ended, by name.</param>
/// <param name="AfterId">Where the page before ended.</param>
/// <param name="Limit">Customers to read.</param>
public sealed record CustomerFilter(string? Status, string? Kind, string? KycStatus, bool ByName, string? AfterName, long? AfterId, int Limit);

/// <summary>Customers in the database; all in the caller's transaction of the tenant.</summary>
public static class CustomerStore
{
    const string Columns = """
        customer_id, name, kind, status, suspend_reason, email, phone, pan, gstin, kyc_status, kyc_note, documents, billing_address, service_address,
        contacts, created_at, updated_at, version, is_sez, payment_terms_days
        """;

    /// <summary>One, or null; locked when it is to be changed.</summary>
    public static async Task<CustomerView?> FindAsync(NpgsqlConnection connection, int tenantId, long customerId, bool toChange, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection, $"select {Columns} from customers.customers where tenant_id = $1 and customer_id = $2 {(toChange ? "for update" : "")}", [tenantId, customerId], Read, cancellationToken)).SingleOrDefault();

    /// <summary>A page.</summary>
    public static Task<List<CustomerView>> ListAsync(NpgsqlConnection connection, int tenantId, CustomerFilter filter, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        $"""
        select {Columns} from customers.customers
         where tenant_id = $1
           {(filter.Status is null ? "" : "and status = $2")} {(filter.Kind is null ? "" : "and kind = $3")} {(filter.KycStatus is null ? "" : "and kyc_status = $4")}
           {(filter.AfterId is null ? "" : filter.ByName ? "and (name, customer_id) > ($5, $6)" : "and customer_id < $6")}
         order by {(filter.ByName ? "name, customer_id" : "customer_id desc")} limit {filter.Limit.ToString(CultureInfo.InvariantCulture)}
        """,
        [tenantId, filter.Status ?? "", filter.Kind ?? "", filter.KycStatus ?? "", filter.AfterName ?? "", filter.AfterId ?? 0], Read, cancellationToken);

    /// <summary>Those whose name, e-mail address, phone, GSTIN or PAN contains a text, or whose account number or code it is.</summary>
    public static async Task<List<CustomerView>> SearchAsync(NpgsqlConnection connection, int tenantId, string text, int limit, CancellationToken cancellationToken)
    {
        var pattern = "%" + text.ToLowerInvariant().Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal) + "%";
        var accountId = AccountDirectory.TryParseNumber(text, out var number) ? number : 0;
        return await Database.QueryAsync(
            connection,
            $"""
            select {Columns} from customers.customers
             where tenant_id = $1 and customer_id = any(array(
                   select customers.search_customers($2, $5)
                   union select p.customer_id from customers.account_profiles p where p.tenant_id = $1 and p.account_id = $3 and p.customer_id is not null
                   union select p.customer_id from customers.account_codes c join customers.account_profiles p on p.account_id = c.account_id
                          where c.tenant_id = $1 and c.code = $4 and p.customer_id is not null))
             order by name, customer_id limit $5
            """,
            [tenantId, pattern, accountId, text, limit], Read, cancellationToken);
    }

    /// <summary>Makes one and gives its number.</summary>
    public static async Task<long> CreateAsync(NpgsqlConnection connection, int tenantId, CustomerView c, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection,
            """
            insert into customers.customers (tenant_id, name, kind, email, phone, pan, gstin, kyc_status, kyc_note, documents, billing_address, service_address, contacts, created_at, updated_at,
                   is_sez, payment_terms_days)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11::jsonb, $12::jsonb, $13::jsonb, $14, $14, $15, $16) returning customer_id
            """,
            [tenantId, c.Name, c.Kind, c.Email, c.Phone, c.Pan, c.Gstin, c.KycStatus, c.KycNote, Json(c.Documents), Json(c.BillingAddress), Json(c.ServiceAddress), Json(c.Contacts), now, c.IsSez, c.PaymentTermsDays],
            r => r.GetInt64(0), cancellationToken))[0];

    /// <summary>Writes everything of one that was locked.</summary>
    public static Task<int> UpdateAsync(NpgsqlConnection connection, int tenantId, CustomerView c, DateTimeOffset now, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        """
        update customers.customers
           set name = $3, kind = $4, email = $5, phone = $6, pan = $7, gstin = $8, kyc_status = $9, kyc_note = $10, documents = $11::jsonb, billing_address = $12::jsonb,
               service_address = $13::jsonb, contacts = $14::jsonb, status = $15, suspend_reason = $16, closed_at = case when $15 = 'closed' then $17::timestamptz end,
               updated_at = $17, is_sez = $18, payment_terms_days = $19, version = version + 1
         where tenant_id = $1 and customer_id = $2
        """,
        [
            tenantId, c.Id, c.Name, c.Kind, c.Email, c.Phone, c.Pan, c.Gstin, c.KycStatus, c.KycNote, Json(c.Documents), Json(c.BillingAddress), Json(c.ServiceAddress),
            Json(c.Contacts), c.Status, c.SuspendReason, now, c.IsSez, c.PaymentTermsDays,
        ],
        cancellationToken);

    static string? Json<T>(T? value)
        where T : class => value is null ? null : JsonSerializer.Serialize(value, JsonSerializerOptions.Web);

    static CustomerView Read(NpgsqlDataReader r)
    {
        var gstin = r.IsDBNull(8) ? null : r.GetString(8);
        var billing = r.IsDBNull(12) ? null : JsonSerializer.Deserialize<PostalAddress>(r.GetString(12), JsonSerializerOptions.Web);
        return new()
        {
            Id = r.GetInt64(0),
            Name = r.GetString(1),
            Kind = r.GetString(2),
            Status = r.GetString(3),
            SuspendReason = Text(r, 4),
            Email = Text(r, 5),
            Phone = Text(r, 6),
            Pan = Text(r, 7),
            Gstin = gstin,
            StateCode = gstin?[..2] ?? billing?.State,
            KycStatus = r.GetString(9),
            KycNote = Text(r, 10),
            Documents = JsonSerializer.Deserialize<KycDocument[]>(r.GetString(11), JsonSerializerOptions.Web)!,
            BillingAddress = billing,
            ServiceAddress = r.IsDBNull(13) ? null : JsonSerializer.Deserialize<PostalAddress>(r.GetString(13), JsonSerializerOptions.Web),
            Contacts = JsonSerializer.Deserialize<Contact[]>(r.GetString(14), JsonSerializerOptions.Web)!,
            CreatedAt = r.GetFieldValue<DateTimeOffset>(15),
            UpdatedAt = r.IsDBNull(16) ? null : r.GetFieldValue<DateTimeOffset>(16),
            Version = r.GetInt32(17),
            IsSez = r.GetBoolean(18),
            PaymentTermsDays = r.IsDBNull(19) ? null : r.GetInt32(19),
        };
    }

    static string? Text(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : r.GetString(at);
}
