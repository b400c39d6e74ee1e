using System.Text;
using System.Text.Json;
using Balatrix.Core.Voice;
using Balatrix.Modules.Voice.EventSocket;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>Finds again what was missed: compares the calls that are known with the channels that there are.</summary>
sealed partial class CallControl
{
    const int DumpsAtOnce = 200;

    /// <summary>Calls that talk on, as was known, are told so in small numbers: what they then do, and write, is not to stand before new calls.</summary>
    const int SeenAtOnce = 100;

    static readonly TimeSpan BetweenSeen = TimeSpan.FromMilliseconds(100);

    bool isTakenOver;

    /// <summary>One comparison. Throws when FreeSWITCH did not answer as it should: then nothing is concluded.</summary>
    internal async Task SnapshotAsync(CancellationToken cancellationToken)
    {
        // In the background, since that tells its clock too: after a restart nothing else has, and calls are measured by it.
        var told = await link.BackgroundAsync("global_getvar core_uuid", cancellationToken);
        var core = told.Reply is { IsOk: true, Text: { Length: 36 } uuid } ? uuid : throw new InvalidDataException("It did not tell its core.");
        if (CallEvents.InstantOf(told.SentMicros) is { } sentAt)
            clock.Heard(sentAt, services.Time);
        var began = Now;
        await TakeOverAsync(began, cancellationToken);
        foreach (var session in Sessions)
            if (session.CoreId is { } known && known != core)
                session.Post(new CallInput.CoreChanged());
        // Asked in the background: FreeSWITCH's database takes long over thousands of channels, and decisions over calls would wait behind it.
        var live = ChannelsOf(await link.BackgroundAsync("show channels as json", cancellationToken));
        var (asked, seen) = (new List<string>(), new List<CallSession>(live.Count));
        foreach (var session in Sessions)
        {
            if (session.CoreId is { } other && other != core)
                continue;
            if (!live.ContainsKey(session.ChannelId))
            {
                if (session.State.StartedAt >= began - services.Timings.Settled)
                    continue;
                // It was transferred while nobody heard it, and who it talked to talks on: that is paid when its own end is settled.
                if (IsPaidTalk(session) && live.ContainsKey(session.PeerId!) && Find(session.PeerId!) is null)
                {
                    session.IsFollowed = true;
                    transferred.TryAdd(session.PeerId!, new TransferredLeg(session.Row!));
                }
                session.Post(new CallInput.NotSeen());
            }
            else if (session.State.AnsweredAt is null)
                asked.Add(session.ChannelId);
            else if (session.State is { Phase: CallPhase.Talking, NeedsGuard: false, Misses: 0 })
                seen.Add(session);
            else
                session.Post(new CallInput.Seen(began, null));
        }
        asked.AddRange(live.Where(c => c.Value && Find(c.Key) is null).Select(c => c.Key));
        foreach (var some in asked.Distinct(StringComparer.Ordinal).Chunk(DumpsAtOnce))
        {
            var dumps = await link.ApiAsync([.. some.Select(id => $"uuid_dump {ApiArgument.Uuid(id)} json")], cancellationToken);
            foreach (var dump in dumps)
            {
                if (!dump.IsOk || !dump.Text.StartsWith('{'))
                    continue;
                using var channel = FreeSwitchEvent.Parse(new(Encoding.UTF8.GetBytes(dump.Text)));
                await MeetAsync(channel, cancellationToken);
            }
        }
        foreach (var some in seen.Chunk(SeenAtOnce))
        {
            foreach (var session in some)
                session.Post(new CallInput.Seen(began, null));
            // What is asked for now tells more.
            if (resyncNow.Reader.Count > 0)
                return;
            await Task.Delay(BetweenSeen, services.Time, cancellationToken);
        }
    }

    /// <summary>Takes up what another process reserved, all of it at first; later what was reserved by a request that ended before its answer.</summary>
    async Task TakeOverAsync(DateTimeOffset began, CancellationToken cancellationToken)
    {
        var known = Sessions.Where(s => s.Row is not null).Select(s => (s.Row!.AccountId, s.Row.CallId, s.Row.Segment)).ToHashSet();
        foreach (var kept in await CallStore.TakeOverAsync(services.Database, link.Node.Name, owner, known, cancellationToken))
            if ((!isTakenOver || kept.Row.StartedAt < began - services.Timings.Settled) && !IsControlled(kept.Row))
                await RestoreAsync(kept, cancellationToken);
        isTakenOver = true;
    }

    /// <summary>Whether a session has it since those that are known were counted, or is asking for what may be it.</summary>
    bool IsControlled(CallRow row)
    {
        for (var session = Find(row.ChannelId); session is not null; session = session.Also)
            if (session.Row is not { } own || (own.AccountId, own.CallId, own.Segment) == (row.AccountId, row.CallId, row.Segment))
                return true;
        return false;
    }

    async ValueTask MeetAsync(FreeSwitchEvent e, CancellationToken cancellationToken)
    {
        if (e.Uuid is not { Length: > 0 } uuid)
            return;
        if (Find(uuid) is not null)
        {
            Post(uuid, new CallInput.Seen(e.SentAt() ?? Now, e.AnsweredAt(), e.IsParked()));
            return;
        }
        // Waits to be let through; or was let through, talks, and nobody charges it.
        if (e.IsOurs() && (e.IsParked() || (e.AnsweredAt() is not null && e["variable_bill_session"] is not null)) && await TenantOfAsync(e, cancellationToken) is { } tenantId)
            await AskAsync(e, tenantId, 1, isTransferred: false, cancellationToken);
    }

    /// <summary>The channels, and whether each came from outside.</summary>
    static Dictionary<string, bool> ChannelsOf(JobResult list)
    {
        if (!list.Utf8.Span.StartsWith("{"u8))
            throw new InvalidDataException(list.Reply.Text);
        // Thousands of channels are megabytes: read as they come, since a document of them would keep as much memory borrowed from one time to the next.
        var reader = new Utf8JsonReader(list.Utf8.Span);
        var channels = new Dictionary<string, bool>(StringComparer.Ordinal);
        int? count = null;
        var (uuid, isInbound) = ("", false);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == 2)
            {
                channels[uuid] = isInbound;
                (uuid, isInbound) = ("", false);
            }
            else if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            else if (reader.CurrentDepth == 1 && reader.ValueTextEquals("row_count"u8) && reader.Read())
                count = reader.GetInt32();
            else if (reader.CurrentDepth == 3 && reader.ValueTextEquals("uuid"u8) && reader.Read())
                uuid = reader.GetString() ?? "";
            else if (reader.CurrentDepth == 3 && reader.ValueTextEquals("direction"u8) && reader.Read())
                isInbound = reader.ValueTextEquals("inbound"u8);
        }
        return channels.Count == count ? channels : throw new InvalidDataException("Its list of channels is not whole.");
    }
}
