using System.Globalization;
using System.Text;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Usage;

/// <summary>
/// What past use would have cost under another plan: every record is priced again in order, against the tariff that its account had,
/// that plan's decks and monthly allowances. Reads only; records stream through, so that memory does not grow with them.
/// </summary>
public static class SimulatePlan
{
    const int ProgressEvery = 100_000;

    static readonly TimeSpan LongestPeriod = TimeSpan.FromDays(400);

    const string ReadUse = """
        select u.account_id, u.occurred_at, u.service, u.rating_key, u.quantity, u.amount_micros + u.shortfall_micros
          from usage.usage_records u
          join ledger.accounts a on a.account_id = u.account_id and a.tenant_id = u.tenant_id and a.currency = $5
         where u.tenant_id = $1 and u.occurred_at >= $2 and u.occurred_at < $3 and ($4::bigint[] is null or u.account_id = any($4))
         order by u.account_id, u.occurred_at
        """;

    /// <summary>What to simulate.</summary>
    /// <param name="Plan">Code of the plan, in any status.</param>
    /// <param name="From">First instant of the use.</param>
    /// <param name="To">First instant after it; at most 400 days later.</param>
    /// <param name="CustomerId">One customer, or everyone.</param>
    /// <param name="Account">One account, or all.</param>
    public sealed record Request(string? Plan, DateTimeOffset? From, DateTimeOffset? To, long? CustomerId, string? Account);

    /// <summary>Use of one service. Amounts are decimal strings of the plan's currency.</summary>
    public sealed record ServiceSums(string Service, long Records, string Charged, string Simulated, long CoveredQuantity);

    /// <summary>What came out.</summary>
    /// <param name="Plan">The plan.</param>
    /// <param name="Currency">Only accounts of it are simulated.</param>
    /// <param name="Records">Uses that were priced.</param>
    /// <param name="Unpriced">Uses that no deck of the plan has a rate for; not in the sums.</param>
    /// <param name="Accounts">Accounts with use.</param>
    /// <param name="Charged">What those uses cost when they were charged.</param>
    /// <param name="Simulated">What they cost under the plan.</param>
    /// <param name="Difference">Simulated less charged.</param>
    /// <param name="RecurringPerMonth">What the plan costs each account a month besides.</param>
    /// <param name="Services">By service.</param>
    /// <param name="Milliseconds">How long it took.</param>
    public sealed record Report(
        string Plan, string Currency, long Records, long Unpriced, long Accounts, string Charged, string Simulated, string Difference, string? RecurringPerMonth,
        List<ServiceSums> Services, long Milliseconds);

    internal static async Task Handle(
        Request request, HttpContext context, Database database, PlanStore plans, PriceBookStore priceBooks, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (request.From is not { } from || request.To is not { } to || from >= to || to - from > LongestPeriod)
            throw new ProblemException(Problem.Invalid("from", "an instant before to, at most 400 days"));
        if (request.Plan is null || await plans.FindAsync(tenantId, request.Plan, cancellationToken) is not { } plan
            || await priceBooks.GetAsync(tenantId, plan.PlanVersionId, cancellationToken) is not { } book)
            throw new ProblemException(Problem.Invalid("plan", "the code of a plan"));
        var accounts = await AccountsAsync(request, tenantId, database, directory, cancellationToken);
        var showsProgress = context.Request.Headers.Accept.ToString().Contains("ndjson", StringComparison.OrdinalIgnoreCase);
        context.Response.ContentType = showsProgress ? "application/x-ndjson" : "application/json; charset=utf-8";
        var tariffs = await database.InTenantAsync(tenantId, (connection, ct) => TariffStore.SpansAsync(connection, tenantId, accounts, ct), cancellationToken);
        var books = new Dictionary<int, PriceBook>();
        foreach (var version in tariffs.Values.SelectMany(own => own).Where(s => s.From < to && (s.To is null || s.To > from)).Select(s => s.TariffVersionId).Distinct())
            books[version] = (await priceBooks.GetAsync(tenantId, plan.PlanVersionId, version, cancellationToken))!;
        var simulation = new Simulation(plan, book, tariffs, books, await clock.ZoneAsync(tenantId, cancellationToken));
        await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            await Database.ExecuteAsync(connection, "set transaction read only", [], ct);
            await using var command = Database.Command(connection, ReadUse, tenantId, from, to, accounts, plan.Currency);
            command.Parameters[3].NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Bigint;
            command.CommandTimeout = 0;
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                simulation.Add(reader);
                if (showsProgress && simulation.Read % ProgressEvery == 0)
                    await context.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{{\"progress\":{simulation.Read}}}\n"), ct);
            }
            return true;
        }, cancellationToken);
        await context.Response.WriteAsync(JsonSerializer.Serialize(simulation.ToReport(), JsonSerializerOptions.Web) + (showsProgress ? "\n" : ""), Encoding.UTF8, cancellationToken);
    }

    static async Task<long[]?> AccountsAsync(Request request, int tenantId, Database database, AccountDirectory directory, CancellationToken cancellationToken)
    {
        if (request.Account is not null)
            return await directory.FindAsync(tenantId, request.Account, cancellationToken) is { } account ? [account] : throw new ProblemException(Problem.NotFound("account"));
        if (request.CustomerId is not { } customerId)
            return null;
        var customer = await database.InTenantAsync(tenantId, (connection, ct) => CustomerStore.FindAsync(connection, tenantId, customerId, toChange: false, ct), cancellationToken);
        return customer is null
            ? throw new ProblemException(Problem.NotFound("customer"))
            : await directory.OwnAsync(new Caller(tenantId, "", Roles.Customer) { CustomerId = customerId }, cancellationToken);
    }

    sealed class Simulation(PlanView plan, PriceBook book, Dictionary<long, List<TariffSpan>> tariffs, Dictionary<int, PriceBook> tariffBooks, TimeZoneInfo zone)
    {
        readonly System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        readonly (long Records, long Charged, long Simulated, long Covered)[] sums = new (long, long, long, long)[5];
        readonly AllowanceGrant[] grants = [.. plan.Terms.AllowancesFor(DateTimeOffset.MinValue, DateTimeOffset.MaxValue)];
        readonly long[] left = new long[plan.Terms.Allowances.Length];
        readonly char[] key = new char[64];
        long account, accounts, unpriced;
        DateTimeOffset monthEnd;
        List<TariffSpan>? ownTariffs;

        public long Read { get; private set; }

        /// <summary>Prices one record. Records of an account come in the order of their time.</summary>
        public void Add(NpgsqlDataReader r)
        {
            Read++;
            var (id, at, service, quantity, charged) = (r.GetInt64(0), new DateTimeOffset(r.GetDateTime(1)), (Service)r.GetInt16(2), r.GetInt64(4), r.GetInt64(5));
            var text = key.AsSpan(0, (int)r.GetChars(3, 0, key, 0, key.Length));
            if (id != account || at >= monthEnd)
                BeginMonth(id, at);
            var decks = (TariffSpan.At(ownTariffs, at) is { } tariff ? tariffBooks[tariff] : book).Decks(service);
            if (!Rater.TryFind(decks, text, at, out var deck, out var rate))
            {
                unpriced++;
                return;
            }
            var destination = decks[deck].DescriptionOf(rate, at);
            var rated = Rater.Price(decks[deck], deck, rate, service, at, quantity, Available(service, destination), null);
            Take(service, destination, rated.CoveredQuantity);
            ref var sum = ref sums[(int)service];
            sum = (sum.Records + 1, checked(sum.Charged + charged), checked(sum.Simulated + rated.AmountMicros), sum.Covered + rated.CoveredQuantity);
        }

        public Report ToReport()
        {
            var (charged, simulated) = (sums.Sum(s => s.Charged), sums.Sum(s => s.Simulated));
            return new(
                plan.Code, plan.Currency, sums.Sum(s => s.Records), unpriced, accounts, Money.Format(charged), Money.Format(simulated), Money.Format(simulated - charged), plan.Terms.Prices?.Monthly,
                [.. sums.Select((s, i) => (s, i)).Where(p => p.s.Records > 0).Select(p => new ServiceSums(
                    Services.Name((Service)p.i), p.s.Records, Money.Format(p.s.Charged), Money.Format(p.s.Simulated), p.s.Covered))],
                watch.ElapsedMilliseconds);
        }

        void BeginMonth(long id, DateTimeOffset at)
        {
            if (id != account)
                accounts++;
            account = id;
            ownTariffs = tariffs.GetValueOrDefault(id);
            monthEnd = PlanTerms.MonthOf(at, zone).To;
            for (var i = 0; i < grants.Length; i++)
                left[i] = grants[i].Quantity;
        }

        long Available(Service service, string destination)
        {
            var sum = 0L;
            for (var i = 0; i < grants.Length; i++)
                if (Covers(grants[i], service, destination))
                    sum += left[i];
            return sum;
        }

        void Take(Service service, string destination, long covered)
        {
            for (var i = 0; i < grants.Length && covered > 0; i++)
            {
                if (!Covers(grants[i], service, destination))
                    continue;
                var part = Math.Min(covered, left[i]);
                left[i] -= part;
                covered -= part;
            }
        }

        static bool Covers(AllowanceGrant grant, Service service, string destination) =>
            grant.Service == service && AllowanceState.IsInGroup(grant.DestinationGroup, destination);
    }
}
