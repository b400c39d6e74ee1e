namespace Balatrix.Modules.Payments.Gateways.Razorpay;

/// <summary>Razorpay's reconciliation: what was settled on a day.</summary>
static class RazorpaySettlements
{
    const int Page = 1000;

    public static async Task<GatewayAnswer<SettledDay>> ReadAsync(GatewayConnection connection, DateOnly day, Func<GatewayReply, GatewayFailure> failure, CancellationToken cancellationToken)
    {
        var items = new List<SettledItem>();
        while (true)
        {
            var reply = await connection.GetAsync($"settlements/recon/combined?year={day.Year}&month={day.Month:00}&day={day.Day:00}&count={Page}&skip={items.Count}", cancellationToken);
            if (reply.Kind != ReplyKind.Done)
                return reply.Without<SettledDay>(failure);
            if (reply.Body.Items("items").All(RazorpayReading.Settled) is not { } page)
                return GatewayReply.Unknown("", "").Without<SettledDay>(failure);
            items.AddRange(page);
            if (page.Count < Page)
                return new(GatewayOutcome.Succeeded, new(items));
        }
    }
}
