namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>Hang-up causes, the SIP status that a caller gets for them before answer, and their numbers.</summary>
static class StandInCauses
{
    static readonly Dictionary<string, (int Number, int Q850, int Sip)> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["UNALLOCATED_NUMBER"] = (1, 1, 404),
        ["NO_ROUTE_DESTINATION"] = (3, 3, 404),
        ["NORMAL_CLEARING"] = (16, 16, 480),
        ["USER_BUSY"] = (17, 17, 486),
        ["NO_USER_RESPONSE"] = (18, 18, 408),
        ["NO_ANSWER"] = (19, 19, 480),
        ["SUBSCRIBER_ABSENT"] = (20, 20, 480),
        ["CALL_REJECTED"] = (21, 21, 603),
        ["NUMBER_CHANGED"] = (22, 22, 410),
        ["EXCHANGE_ROUTING_ERROR"] = (25, 25, 483),
        ["DESTINATION_OUT_OF_ORDER"] = (27, 27, 502),
        ["INVALID_NUMBER_FORMAT"] = (28, 28, 484),
        ["NORMAL_UNSPECIFIED"] = (31, 31, 480),
        ["NORMAL_CIRCUIT_CONGESTION"] = (34, 34, 503),
        ["NORMAL_TEMPORARY_FAILURE"] = (41, 41, 503),
        ["SWITCH_CONGESTION"] = (42, 42, 503),
        ["OUTGOING_CALL_BARRED"] = (52, 52, 403),
        ["INCOMING_CALL_BARRED"] = (54, 54, 403),
        ["RECOVERY_ON_TIMER_EXPIRE"] = (102, 102, 504),
        ["ORIGINATOR_CANCEL"] = (487, 16, 487),
        ["CRASH"] = (700, 16, 480),
        ["SYSTEM_SHUTDOWN"] = (701, 16, 480),
        ["MANAGER_REQUEST"] = (703, 16, 480),
        ["BLIND_TRANSFER"] = (800, 16, 480),
        ["ATTENDED_TRANSFER"] = (801, 16, 480),
        ["ALLOTTED_TIMEOUT"] = (802, 16, 480),
        ["MEDIA_TIMEOUT"] = (804, 16, 480),
        ["GATEWAY_DOWN"] = (809, 16, 503),
    };

    /// <summary>By name in any case, or by number; what is unknown becomes NORMAL_CLEARING.</summary>
    public static string Name(string text)
    {
        var found = Known.FirstOrDefault(k => k.Key.Equals(text, StringComparison.OrdinalIgnoreCase) || k.Value.Number.ToString() == text).Key;
        return found ?? "NORMAL_CLEARING";
    }

    public static int Sip(string cause) => Known.GetValueOrDefault(cause).Sip;

    public static int Q850(string cause) => Known.GetValueOrDefault(cause).Q850;
}
