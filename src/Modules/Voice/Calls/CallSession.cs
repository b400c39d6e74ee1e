using Balatrix.Core.Voice;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>A call in memory. What it learns is taken one after the other, whatever thread it comes from.</summary>
sealed class CallSession(CallControl control, string channelId, int tenantId, CallTerms terms)
{
    readonly Lock gate = new();
    Queue<CallInput>? inputs;
    bool isRunning;

    /// <summary>The channel that is metered.</summary>
    public string ChannelId => channelId;

    public int TenantId => tenantId;

    public CallTerms Terms => terms;

    public CallControl Control => control;

    public CallState State { get; set; } = new();

    /// <summary>Who pays for what, once that is known.</summary>
    public CallRow? Row { get; set; }

    public CallPrice? Price { get; set; }

    /// <summary>What asks for it, until that is answered.</summary>
    public (CallRequest Request, CallAsk Ask)? Asked { get; set; }

    public CallPermit? Permit { get; set; }

    /// <summary>Why it may not go on.</summary>
    public CallRefusal? Refusal { get; set; }

    /// <summary>The run of FreeSWITCH that it is in.</summary>
    public string? CoreId { get; set; }

    /// <summary>The number of what was heard of the channel when it was met.</summary>
    public long? MetBy { get; set; }

    /// <summary>The channel that it talks to.</summary>
    public string? PeerId { get; set; }

    /// <summary>Facts of its end, as JSON.</summary>
    public string? Detail { get; set; }

    /// <summary>Whether it goes on on the channel that it talked to, since it was transferred.</summary>
    public bool IsFollowed { get; set; }

    /// <summary>Another call on the same channel: a leg that was transferred is paid on, and so is where it was transferred to.</summary>
    public CallSession? Also { get; set; }

    /// <summary>Of what it was granted, so much is not reserved, since charging was away.</summary>
    public long OpenMs { get; set; }

    /// <summary>So many extensions were granted without being reserved: the reservation counts fewer.</summary>
    public int OpenSlices { get; set; }

    /// <summary>Whether anything is to be kept that is not yet.</summary>
    public bool IsUnkept { get; set; }

    /// <summary>When it is woken; the timers' own.</summary>
    public CallTimers.Wake? Wake { get; set; }

    public DateTimeOffset WakeAt => Wake?.At ?? DateTimeOffset.MaxValue;

    /// <summary>Whether something that it learnt is still being dealt with.</summary>
    public bool IsBusy
    {
        get
        {
            lock (gate)
                return isRunning;
        }
    }

    /// <summary>Takes something, now or when what came before is taken.</summary>
    public void Post(CallInput input)
    {
        lock (gate)
        {
            (inputs ??= new(2)).Enqueue(input);
            if (isRunning)
                return;
            isRunning = true;
        }
        _ = Task.Run(RunAsync);
    }

    async Task RunAsync()
    {
        while (true)
        {
            CallInput? next;
            lock (gate)
            {
                if (inputs is null || !inputs.TryDequeue(out next))
                {
                    isRunning = false;
                    inputs = null;
                    return;
                }
            }
            await control.TakeAsync(this, next);
        }
    }
}
