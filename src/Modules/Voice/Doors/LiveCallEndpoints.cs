using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.Calls;
using Balatrix.Modules.Voice.EventSocket;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Balatrix.Modules.Voice.Doors;

/// <summary>Live calls by HTTP: a list, a stream of what becomes of them, and their end.</summary>
public static class LiveCallEndpoints
{
    const int UsualPage = 500, LongestPage = 5_000;

    static readonly TimeSpan StillThere = TimeSpan.FromSeconds(15);

    /// <summary>Which of them.</summary>
    /// <param name="Account">Number of the account that pays.</param>
    /// <param name="Node">The FreeSWITCH that has it.</param>
    /// <param name="Direction">inbound or outbound.</param>
    /// <param name="State">asking, ringing, talking or ending.</param>
    /// <param name="Number">Caller's or called number.</param>
    /// <param name="Limit">1 to 5,000 calls a page; 500 when left out. A stream has all.</param>
    /// <param name="Cursor">The <c>next</c> of the page before.</param>
    public sealed record LiveCallFilter(string? Account, string? Node, string? Direction, string? State, string? Number, int? Limit, string? Cursor)
    {
        internal bool Has(LiveCall call) =>
            (Account is null || string.Equals(call.Account, Account, StringComparison.OrdinalIgnoreCase)) && (Node is null || call.Node == Node) && (Direction is null || call.Direction == Direction)
            && (State is null || call.State == State) && (Number is null || call.From.TrimStart('+') == Number.TrimStart('+') || call.To.TrimStart('+') == Number.TrimStart('+'));

        /// <summary>Whether a change is told; of calls in a state also that they leave it.</summary>
        internal bool Tells(LiveCallChange change) =>
            Has(change.Call) || ((this with { State = null }).Has(change.Call) && (change.Kind == "ended" || (change.Kind == "answered" && State is "asking" or "ringing")));
    }

    /// <summary>Live calls of all nodes of Balatrix.</summary>
    /// <param name="Count">How many there are, on all pages.</param>
    /// <param name="Items">The calls, oldest first.</param>
    /// <param name="IsWhole">False while the database cannot be asked for what other nodes control: then these are the answering node's own.</param>
    /// <param name="Next">Give it as cursor to get the next page; null on the last one.</param>
    public sealed record LiveCallPage(int Count, List<LiveCall> Items, bool IsWhole, string? Next);

    /// <summary>How a call is ended.</summary>
    /// <param name="Cause">FreeSWITCH's name of the cause; MANAGER_REQUEST when left out.</param>
    /// <param name="Reason">Why, for the audit log.</param>
    public sealed record HangupRequest(string? Cause, string? Reason);

    /// <summary>A call that is being ended.</summary>
    /// <param name="Uuid">Its channel.</param>
    /// <param name="Cause">The cause.</param>
    public sealed record HungUpView(string Uuid, string Cause);

    internal static async Task<IResult> Active(
        [AsParameters] LiveCallFilter filter, HttpContext context, LiveCalls live, AllLiveCalls all, TenantClock clock, TimeProvider time, IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        if (filter.Direction is not (null or "inbound" or "outbound"))
            return Problem.Invalid("direction", "inbound or outbound").ToResult();
        if (filter.State is not (null or "asking" or "ringing" or "talking" or "ending"))
            return Problem.Invalid("state", "asking, ringing, talking or ending").ToResult();
        if (filter.Limit is < 1 or > LongestPage)
            return Problem.Invalid("limit", $"1 to {LongestPage}").ToResult();
        var after = default(LiveCallKey);
        if (filter.Cursor is not null && !LiveCallKey.TryParse(filter.Cursor, out after))
            return Problem.Invalid("cursor", "the next of the page before").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        if (context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase))
        {
            // A stop waits for every answer that is under way, and this one has no end of its own.
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
            await StreamAsync(filter, tenantId, context, live, all, clock, time, end.Token);
            return Results.Empty;
        }
        var found = await FindAsync(filter, tenantId, all, clock, cancellationToken);
        var page = found.Items.Where(c => LiveCallKey.Of(c).Against(after) > 0).Take((filter.Limit ?? UsualPage) + 1).ToList();
        if (page.Count <= (filter.Limit ?? UsualPage))
            return Results.Ok(found with { Items = page });
        page.RemoveAt(page.Count - 1);
        return Results.Ok(found with { Items = page, Next = LiveCallKey.Of(page[^1]).ToString() });
    }

    /// <summary>The place of a live call in the list, as a cursor keeps it.</summary>
    readonly record struct LiveCallKey(long StartedAt, string? Uuid, string? Account)
    {
        public static LiveCallKey Of(LiveCall call) => new(call.StartedAt.UtcTicks, call.Uuid, call.Account);

        public static bool TryParse(string cursor, out LiveCallKey key)
        {
            key = PageCursor.Parse(cursor) is [var at, var uuid, var account] && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? new(ticks, uuid, account) : default;
            return key.Uuid is not null;
        }

        public override string ToString() => PageCursor.Make(StartedAt.ToString(CultureInfo.InvariantCulture), Uuid!, Account!);

        public int Against(LiveCallKey other) => (StartedAt.CompareTo(other.StartedAt), string.CompareOrdinal(Uuid, other.Uuid)) switch
        {
            (0, 0) => string.CompareOrdinal(Account, other.Account),
            (0, var byUuid) => byUuid,
            var (byStart, _) => byStart,
        };
    }

    internal static async Task<IResult> Hangup(string uuid, HangupRequest request, HttpContext context, AllLiveCalls all, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var cause = request.Cause ?? "MANAGER_REQUEST";
        if (cause.Length > 40 || cause.AsSpan().ContainsAnyExcept(CauseCharacters) || !char.IsAsciiLetterUpper(cause.FirstOrDefault()))
            return Problem.Invalid("cause", "a cause of FreeSWITCH such as MANAGER_REQUEST").ToResult();
        if (request.Reason is { } reason && (reason.Length is 0 or > 500 || reason.Contains('\0', StringComparison.Ordinal)))
            return Problem.Invalid("reason", "1 to 500 characters").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        if (!Guid.TryParse(uuid, out _) || await all.FindAsync(tenantId, uuid, now, cancellationToken) is not { } call)
            return Problem.NotFound("live call").ToResult();
        try
        {
            if (!await all.HangupAsync(tenantId, call, cause, cancellationToken))
                return Problem.NotFound("live call").ToResult();
        }
        catch (FreeSwitchUnavailableException)
        {
            return new Problem(503, "switch_unavailable", "The call's FreeSWITCH does not answer.").ToResult();
        }
        await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "call.hung-up", "call", uuid, call, new { cause, request.Reason }, now, ct);
            return 0;
        }, cancellationToken);
        return Results.Ok(new HungUpView(uuid, cause));
    }

    static readonly System.Buffers.SearchValues<char> CauseCharacters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    static async Task<LiveCallPage> FindAsync(LiveCallFilter filter, int tenantId, AllLiveCalls all, TenantClock clock, CancellationToken cancellationToken)
    {
        var (calls, isWhole) = await all.ListAsync(tenantId, await clock.NowAsync(tenantId, cancellationToken), cancellationToken);
        var items = calls.FindAll(filter.Has);
        items.Sort((one, other) => LiveCallKey.Of(one).Against(LiveCallKey.Of(other)));
        return new(items.Count, items, isWhole, Next: null);
    }

    /// <summary>
    /// First what there is, then what becomes of this node's calls; now and then all that there is again while other nodes have calls, else a comment, so that whoever is between keeps
    /// the connection.
    /// </summary>
    static async Task StreamAsync(
        LiveCallFilter filter, int tenantId, HttpContext context, LiveCalls live, AllLiveCalls all, TenantClock clock, TimeProvider time, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changes = live.Watch(tenantId, stop.Token);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await WriteAsync(context, "snapshot", await FindAsync(filter, tenantId, all, clock, cancellationToken), cancellationToken);
            for (var next = changes.WaitToReadAsync(cancellationToken).AsTask(); ;)
            {
                if (await Task.WhenAny(next, Task.Delay(StillThere, time, stop.Token)) != next)
                {
                    if (await FindAsync(filter, tenantId, all, clock, cancellationToken) is var page && page.Items.Exists(c => !c.IsHere))
                    {
                        await WriteAsync(context, "snapshot", page, cancellationToken);
                        continue;
                    }
                    await context.Response.WriteAsync(": still there\n\n", cancellationToken);
                    await context.Response.Body.FlushAsync(cancellationToken);
                    continue;
                }
                if (!await next)
                    return;
                while (changes.TryRead(out var change))
                    if (filter.Tells(change))
                        await WriteAsync(context, change.Kind, change.Call, cancellationToken);
                next = changes.WaitToReadAsync(cancellationToken).AsTask();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The reader went away, or Balatrix stops.
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    static async Task WriteAsync<T>(HttpContext context, string kind, T value, CancellationToken cancellationToken)
    {
        await context.Response.WriteAsync($"event: {kind}\ndata: {JsonSerializer.Serialize(value, JsonSerializerOptions.Web)}\n\n", cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
