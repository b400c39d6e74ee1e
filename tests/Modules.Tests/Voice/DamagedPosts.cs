using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice;

public sealed class DamagedPosts(TestApp app) : IClassFixture<TestApp>
{
    [Fact]
    public async Task Damaged_posts_are_answered_and_never_by_500()
    {
        var mutator = new BodyMutator(7, [.. CapturedCdr.All.Where(c => c.Account.Length == 0).Select(c => c.Body)]);
        var before = await app.BalanceAsync("ACC-10003");
        for (var n = 0; n < 1000; n++)
        {
            var body = mutator.Next();
            var (status, answer) = await app.SendAsync(HttpMethod.Post, "/api/v1/webhooks/cdr", body, "application/x-www-form-urlencoded");
            Assert.True(status is >= 200 and < 500, $"{status} {answer}");
        }
        Assert.Equal(before, await app.BalanceAsync("ACC-10003"));
        await app.AssertBooksProveAsync();
    }
}
