using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice;

public sealed class DamagedPosts(TestApp app) : IClassFixture<TestApp>
{
    [Fact]
    public async Task Damaged_posts_are_answered_and_never_by_500()
    {
        var random = new Random(7);
        var bodies = CapturedPost.All.Where(p => p.AccountCode.Length == 0).Select(p => p.Body).ToArray();
        var before = await app.BalanceAsync("ACC-10003");
        for (var n = 0; n < 1000; n++)
        {
            var body = Mutations.Of(bodies, random);
            var (status, answer) = await app.SendAsync(HttpMethod.Post, "/api/v1/webhooks/cdr", body, "application/x-www-form-urlencoded");
            Assert.True(status is >= 200 and < 500, $"{status} {answer}");
        }
        Assert.Equal(before, await app.BalanceAsync("ACC-10003"));
        await app.AssertBooksProveAsync();
    }
}
