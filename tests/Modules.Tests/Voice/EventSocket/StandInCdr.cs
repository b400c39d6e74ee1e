using System.Text.Encodings.Web;
using System.Text.Json;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>What mod_json_cdr posts for a channel that ended, with encode=false and encode-values=false.</summary>
static class StandInCdr
{
    static readonly JsonSerializerOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(StandInFreeSwitch server, StandInChannel channel)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in channel.AllVariables(isFinal: true))
            variables[name] = value;
        var record = new Dictionary<string, object>
        {
            ["core-uuid"] = server.CoreUuid,
            ["switchname"] = "fs-test-1",
            ["channel_data"] = new { state = "CS_REPORTING", direction = channel.Direction, state_number = "11", flags = "0=1;1=1;40=1;42=1;55=1;123=1;160=1;165=1", caps = "1=1;2=1;3=1" },
            ["callStats"] = new { },
            ["variables"] = variables,
            ["app_log"] = new { applications = new[] { new { app_name = channel.Application, app_data = "", app_stamp = StandInChannel.Micros(channel.CreatedAt) } } },
            ["callflow"] = new[] { CallFlow(channel, variables) },
        };
        return JsonSerializer.Serialize(record, Writing);
    }

    static Dictionary<string, object> CallFlow(StandInChannel channel, Dictionary<string, string> variables) => new()
    {
        ["dialplan"] = "XML",
        ["profile_index"] = "1",
        ["caller_profile"] = new Dictionary<string, object>
        {
            ["username"] = channel.Call.SipUser ?? channel.Call.From,
            ["dialplan"] = "XML",
            ["caller_id_name"] = channel.Call.FromName,
            ["ani"] = channel.Call.From,
            ["aniii"] = "",
            ["caller_id_number"] = channel.Call.From,
            ["network_addr"] = channel.Call.NetworkIp,
            ["rdnis"] = "",
            ["destination_number"] = channel.Destination,
            ["uuid"] = channel.Uuid,
            ["source"] = "mod_sofia",
            ["context"] = channel.Context,
            ["chan_name"] = channel.Name,
        },
        ["times"] = new Dictionary<string, object>
        {
            ["created_time"] = variables["start_uepoch"],
            ["profile_created_time"] = variables["start_uepoch"],
            ["progress_time"] = variables["progress_uepoch"],
            ["progress_media_time"] = "0",
            ["answered_time"] = variables["answer_uepoch"],
            ["bridged_time"] = variables["bridge_uepoch"],
            ["last_hold_time"] = "0",
            ["hold_accum_time"] = variables["hold_accum_usec"],
            ["hangup_time"] = variables["end_uepoch"],
            ["resurrect_time"] = "0",
            ["transfer_time"] = "0",
        },
    };
}
