using Balatrix.Core.Charging;
using Balatrix.Modules.Ledger;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>How refusals are told to callers: 402 for money, 403 for what is barred, 404 for what is not there, 503 for limits and faults.</summary>
static class CallRefusals
{
    const string Barred = "OUTGOING_CALL_BARRED";

    public static readonly CallRefusal UnknownAccount = new("unknown_account", "No account is known by its account code, SIP user or address.", 403, "CALL_REJECTED");

    public static readonly CallRefusal UnknownDestination = new("unknown_destination", "The account's plan has no price for this number.", 404, "UNALLOCATED_NUMBER");

    public static readonly CallRefusal NotOurs = new("unknown_destination", "The number is not assigned.", 404, "UNALLOCATED_NUMBER");

    public static readonly CallRefusal ForwardingLoop = new("forwarding_loop", "The number is forwarded to a number that is itself forwarded.", 483, "EXCHANGE_ROUTING_ERROR");

    public static readonly CallRefusal Unavailable = new("unavailable", "Charging is not there at the moment.", 503, "NORMAL_TEMPORARY_FAILURE");

    public static CallRefusal Of(Refusal refusal) => refusal switch
    {
        Refusal.UnknownAccount => UnknownAccount,
        Refusal.InsufficientBalance => new("insufficient_balance", "The available balance does not cover it.", 402, Barred),
        Refusal.DailyCapReached => new("daily_cap_reached", "The account's daily spend cap is reached.", 402, Barred),
        Refusal.AccountSuspended or Refusal.AccountClosed => new("account_suspended", "The account is not in use.", 403, Barred),
        Refusal.AccountRestricted => new("destination_barred", "Outgoing calls are barred until overdue invoices are paid.", 403, Barred),
        Refusal.TooManyCalls => new("concurrent_calls", "The account has as many calls as it may.", 503, "NORMAL_CIRCUIT_CONGESTION"),
        Refusal.NoRate or Refusal.NoPlan => UnknownDestination,
        _ => new(Refusals.ToProblem(refusal).Code, Refusals.ToProblem(refusal).Title, 503, "NORMAL_TEMPORARY_FAILURE"),
    };

    public static CallRefusal OfGate(string code, string reason) => new(code, reason, code == "too_many_requests" ? 503 : 403, code == "too_many_requests" ? "NORMAL_CIRCUIT_CONGESTION" : Barred);

    public static CallRefusal OfFraud(string? rule, string? reason) => new($"fraud_{rule ?? "rule"}", reason ?? "Stopped by a fraud rule.", 403, Barred);

    public static CallRefusal OfRoutes(string code) => code == "below_cost"
        ? new(code, "No carrier reaches the number below the price of the account.", 503, "NORMAL_CIRCUIT_CONGESTION")
        : new(code, "No carrier reaches the number.", 404, "NO_ROUTE_DESTINATION");
}
