using System.Xml.Linq;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.Calls;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Voice.Doors;

/// <summary>
/// FreeSWITCH asks by HTTP what to do with a call: mod_xml_curl for the dialplan, mod_httapi for its next steps. Whatever goes wrong here is answered with a hangup, since
/// FreeSWITCH takes an error for "ask the static dialplan". That is also what it does when Balatrix cannot be reached, so no context that SIP reaches may have a bridge of its own.
/// </summary>
public sealed partial class SwitchDoors(CallAuthorizer authorizer, TenantClock clock, ILogger<SwitchDoors> logger)
{
    const int LargestForm = 256 * 1024;

    static readonly Problem NoForm = new(415, "unsupported_media_type", "The body is no form.", Expected: "application/x-www-form-urlencoded");

    static readonly CallRefusal Failed = new("unavailable", "Charging is not there at the moment.", 503, "NORMAL_TEMPORARY_FAILURE");

    static readonly CallRefusal BadNumber = new("unknown_destination", "The call has no number.", 484, "INVALID_NUMBER_FORMAT");

    internal static async Task<IResult> XmlCurl(HttpContext context, SwitchDoors doors, CancellationToken cancellationToken)
    {
        if (!context.Request.HasFormContentType)
            return NoForm.ToResult();
        var request = await ReadAsync(context, cancellationToken);
        if (request is null)
            return Dialplan("public", SwitchRequest.Refuse(Failed));
        // What is no dialplan is not ours to answer, and a call that was let go on is led by the dialplan that it was sent to.
        if (request["section"] is { } section and not "dialplan" || request.IsAuthorized)
            return Xml(new("document", new XAttribute("type", "freeswitch/xml"), new XElement("section", new XAttribute("name", "result"), new XElement("result", new XAttribute("status", "not found")))));
        return Dialplan(request.Context, await doors.DecideAsync(context, request, cancellationToken));
    }

    internal static async Task<IResult> HttApi(HttpContext context, SwitchDoors doors, CancellationToken cancellationToken)
    {
        if (!context.Request.HasFormContentType)
            return NoForm.ToResult();
        var request = await ReadAsync(context, cancellationToken);
        var steps = request is null ? SwitchRequest.Refuse(Failed)
            : request["exiting"] is not null || request.IsAuthorized ? []
            : await doors.DecideAsync(context, request, cancellationToken);
        return Xml(new("document", new XAttribute("type", "text/freeswitch-httapi"), new XElement("work",
            steps.Select(s => new XElement("execute", new XAttribute("application", s.Application), new XAttribute("data", s.Data))))));
    }

    async Task<List<(string Application, string Data)>> DecideAsync(HttpContext context, SwitchRequest request, CancellationToken cancellationToken)
    {
        if (request is not { Uuid: { } uuid, Number: { } number })
            return SwitchRequest.Refuse(BadNumber);
        try
        {
            var tenantId = Caller.Of(context).TenantId;
            var call = request.ToCall(tenantId, uuid, number, await clock.NowAsync(tenantId, cancellationToken));
            var (permit, refusal) = await authorizer.AuthorizeAsync(call, cancellationToken);
            return permit is not null ? SwitchRequest.Allow(call, permit) : SwitchRequest.Refuse(refusal!);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogFailed(logger, uuid, e);
            return SwitchRequest.Refuse(Failed);
        }
    }

    static async Task<SwitchRequest?> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.Request.ContentLength > LargestForm)
            return null;
        try
        {
            return new(await context.Request.ReadFormAsync(cancellationToken));
        }
        catch (Exception e) when (e is InvalidDataException or BadHttpRequestException)
        {
            return null;
        }
    }

    static IResult Dialplan(string name, List<(string Application, string Data)> steps) => Xml(new(
        "document", new XAttribute("type", "freeswitch/xml"), new XElement("section", new XAttribute("name", "dialplan"), new XElement(
            "context", new XAttribute("name", name), new XElement("extension", new XAttribute("name", "balatrix"), new XElement(
                "condition", steps.Select(s => new XElement("action", new XAttribute("application", s.Application), new XAttribute("data", s.Data)))))))));

    static IResult Xml(XElement document) => Results.Text(document.ToString(), "text/xml");

    [LoggerMessage(Level = LogLevel.Error, Message = "Call {Uuid} was refused, since it could not be decided")]
    static partial void LogFailed(ILogger logger, string uuid, Exception exception);
}
