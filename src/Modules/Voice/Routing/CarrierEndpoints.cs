using System.Globalization;
using Balatrix.Core.Voice.Routing;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Voice.Routing;

/// <summary>Carriers by HTTP.</summary>
public static class CarrierEndpoints
{
    const int MostCarriers = 200;
    const int MostRules = 100;

    /// <summary>How numbers of a prefix are dialled.</summary>
    /// <param name="Prefix">Digits that the called number begins with; all when left out.</param>
    /// <param name="Strip">So many of its first digits are left out.</param>
    /// <param name="Prepend">What is put before the rest.</param>
    public sealed record DialRuleRequest(string? Prefix, int? Strip, string? Prepend);

    /// <summary>A carrier to be made, or a change; what is left out of a change stays.</summary>
    /// <param name="Name">Name for staff and reports.</param>
    /// <param name="Gateway">The gateway in FreeSWITCH.</param>
    /// <param name="Deck">Name of the rate deck of what it costs; importing costs makes one.</param>
    /// <param name="Currency">Of the costs; INR when left out.</param>
    /// <param name="DialRules">How it wants numbers to be dialled: the rule of the longest prefix; without one as E.164 digits.</param>
    /// <param name="Priority">0 to 1000, lower ones first; 100 when left out.</param>
    /// <param name="Weight">0 to 1000; 100 when left out.</param>
    /// <param name="MaxCalls">Calls at a time that it takes; 0 takes the limit away.</param>
    /// <param name="Enabled">Whether it gets calls; true when left out.</param>
    public sealed record CarrierRequest(
        string? Name, string? Gateway, string? Deck, string? Currency, DialRuleRequest[]? DialRules, int? Priority, int? Weight, int? MaxCalls, bool? Enabled);

    /// <summary>All carriers.</summary>
    public sealed record CarrierList(List<Carrier> Items);

    internal static async Task<IResult> Create(CarrierRequest request, HttpContext context, CarrierTools tools, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await tools.Clock.NowAsync(tenantId, cancellationToken);
        var carrier = await ApplyAsync(new(0, "", "", null, "INR", [], 100, 100, null, true, 1, now, now), request, tenantId, tools, cancellationToken);
        var made = await tools.Database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if ((await CarrierStore.ListAsync(connection, tenantId, ct)).Count >= MostCarriers)
                throw new ProblemException(new(409, "too_many_carriers", $"There are {MostCarriers} carriers.", Expected: $"at most {MostCarriers}"));
            var added = await CarrierStore.CreateAsync(connection, tenantId, carrier, ct) ?? throw NameTaken();
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "carrier.created", "carrier", added.Name, null, added, now, ct);
            return added;
        }, cancellationToken);
        await tools.Tables.ReadAsync(tenantId, cancellationToken);
        Preconditions.SetETag(context, made.Version);
        return Results.Created($"/api/v1/carriers/{made.Id.ToString(CultureInfo.InvariantCulture)}", made);
    }

    internal static async Task<IResult> List(HttpContext context, CarrierTools tools, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        return Results.Ok(new CarrierList(await tools.Database.InTenantAsync(tenantId, (connection, ct) => CarrierStore.ListAsync(connection, tenantId, ct), cancellationToken)));
    }

    internal static async Task<IResult> Get(int id, HttpContext context, CarrierTools tools, CancellationToken cancellationToken)
    {
        if (await tools.FindAsync(Caller.Of(context).TenantId, id, cancellationToken) is not { } carrier)
            return Problem.NotFound("carrier").ToResult();
        Preconditions.SetETag(context, carrier.Version);
        return Results.Ok(carrier);
    }

    internal static async Task<IResult> Update(int id, CarrierRequest request, HttpContext context, CarrierTools tools, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await tools.Clock.NowAsync(tenantId, cancellationToken);
        if (await tools.FindAsync(tenantId, id, cancellationToken) is null)
            return Problem.NotFound("carrier").ToResult();
        var after = await tools.Database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await CarrierStore.FindAsync(connection, tenantId, id, toChange: true, ct) is not { } before)
                return null;
            Preconditions.Check(context.Request, before.Version);
            var changed = await ApplyAsync(before, request, tenantId, tools, ct);
            var saved = await CarrierStore.SaveAsync(connection, tenantId, changed, now, ct) ?? throw NameTaken();
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "carrier.updated", "carrier", saved.Name, before, saved, now, ct);
            return saved;
        }, cancellationToken);
        return await AnswerAsync(after, tenantId, context, tools, cancellationToken);
    }

    internal static async Task<IResult> Delete(int id, HttpContext context, CarrierTools tools, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await tools.Clock.NowAsync(tenantId, cancellationToken);
        var gone = await tools.Database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await CarrierStore.FindAsync(connection, tenantId, id, toChange: true, ct) is not { } before)
                return null;
            Preconditions.Check(context.Request, before.Version);
            await CarrierStore.DeleteAsync(connection, tenantId, id, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "carrier.deleted", "carrier", before.Name, before, null, now, ct);
            return before;
        }, cancellationToken);
        return await AnswerAsync(gone, tenantId, context, tools, cancellationToken);
    }

    static async Task<IResult> AnswerAsync(Carrier? carrier, int tenantId, HttpContext context, CarrierTools tools, CancellationToken cancellationToken)
    {
        if (carrier is null)
            return Problem.NotFound("carrier").ToResult();
        await tools.Tables.ReadAsync(tenantId, cancellationToken);
        Preconditions.SetETag(context, carrier.Version);
        return Results.Ok(carrier);
    }

    /// <summary>The carrier with what is asked for, when all of it may be so.</summary>
    static async Task<Carrier> ApplyAsync(Carrier carrier, CarrierRequest r, int tenantId, CarrierTools tools, CancellationToken cancellationToken)
    {
        var rules = r.DialRules is null ? carrier.DialRules : RulesOf(r.DialRules);
        var changed = carrier with
        {
            Name = r.Name?.Trim() ?? carrier.Name,
            Gateway = r.Gateway ?? carrier.Gateway,
            Deck = r.Deck is null ? carrier.Deck : r.Deck.Length == 0 ? null : r.Deck,
            Currency = r.Currency ?? carrier.Currency,
            DialRules = rules,
            Priority = r.Priority ?? carrier.Priority,
            Weight = r.Weight ?? carrier.Weight,
            MaxCalls = r.MaxCalls is null ? carrier.MaxCalls : r.MaxCalls == 0 ? null : r.MaxCalls,
            Enabled = r.Enabled ?? carrier.Enabled,
        };
        if (changed.Name is not { Length: > 0 and <= 100 } || changed.Name.Contains('\0', StringComparison.Ordinal))
            throw new ProblemException(Problem.Invalid("name", "1 to 100 characters"));
        if (changed.Gateway is not { Length: > 0 and <= 64 } || !changed.Gateway.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'))
            throw new ProblemException(Problem.Invalid("gateway", "the name of a gateway in FreeSWITCH: 1 to 64 of A-Z, a-z, 0-9, _ . -"));
        if (changed.Currency is not { Length: 3 } || !changed.Currency.All(char.IsAsciiLetterUpper))
            throw new ProblemException(Problem.Invalid("currency", "an ISO 4217 code such as INR"));
        foreach (var (name, value) in new[] { ("priority", changed.Priority), ("weight", changed.Weight) })
            if (value is < 0 or > 1000)
                throw new ProblemException(Problem.Invalid(name, "0 to 1000"));
        if (changed.MaxCalls is < 1 or > 100_000)
            throw new ProblemException(Problem.Invalid("maxCalls", "0 to 100000"));
        if (r.Deck is { Length: > 0 } deck && (deck.Contains('\0', StringComparison.Ordinal) || await tools.DeckAsync(tenantId, deck, cancellationToken) is not { Kind: "voice" } found || found.Currency != changed.Currency))
            throw new ProblemException(Problem.Invalid("deck", $"the name of a voice rate deck in {changed.Currency}"));
        if (r.Currency is not null && r.Deck is null && changed.Deck is not null && changed.Currency != carrier.Currency)
            throw new ProblemException(Problem.Invalid("currency", $"that of its deck, {carrier.Currency}"));
        return changed;
    }

    static DialRule[] RulesOf(DialRuleRequest[] wanted)
    {
        var rules = wanted.Select(w => w is null ? null : new DialRule(w.Prefix ?? "", w.Strip ?? 0, w.Prepend ?? "")).ToArray();
        if (rules.Length > MostRules || Array.Exists(rules, w => w is not { IsValid: true }) || rules.DistinctBy(w => w!.Prefix).Count() != rules.Length)
            throw new ProblemException(Problem.Invalid("dialRules", $"at most {MostRules} rules, one for a prefix, each with {DialRule.Expected}"));
        return rules!;
    }

    static ProblemException NameTaken() => new(new(409, "name_taken", "There is a carrier of this name.", "name"));
}
