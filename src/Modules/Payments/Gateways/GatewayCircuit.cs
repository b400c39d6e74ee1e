using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>Two ways to send to one address, with one circuit breaker: once, or up to three times.</summary>
sealed class GatewayCircuit
{
    readonly ResiliencePipeline<GatewayReply> once;
    readonly ResiliencePipeline<GatewayReply> repeated;

    public GatewayCircuit(TimeProvider time, GatewayPatience patience)
    {
        Patience = patience;
        once = new ResiliencePipelineBuilder<GatewayReply> { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<GatewayReply>
            {
                FailureRatio = 0.5,
                MinimumThroughput = 10,
                SamplingDuration = TimeSpan.FromSeconds(30),
                BreakDuration = patience.Break,
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Result?.IsFault == true),
            })
            .Build();
        repeated = new ResiliencePipelineBuilder<GatewayReply>()
            .AddRetry(new RetryStrategyOptions<GatewayReply>
            {
                MaxRetryAttempts = 2,
                Delay = patience.FirstDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Result?.MayPassNow == true),
            })
            .AddPipeline(once)
            .Build();
    }

    public GatewayPatience Patience { get; }

    public async Task<GatewayReply> SendAsync(bool isRepeatable, Func<CancellationToken, Task<GatewayReply>> send, CancellationToken cancellationToken)
    {
        try
        {
            return await (isRepeatable ? repeated : once).ExecuteAsync(async token => await send(token), cancellationToken);
        }
        catch (BrokenCircuitException)
        {
            return GatewayReply.NotSent(GatewayFailure.Unreachable, "The gateway has not answered for a while, and is left alone for some seconds.");
        }
    }
}
