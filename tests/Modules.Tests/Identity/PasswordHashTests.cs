using System.Buffers.Binary;
using Balatrix.Modules.Identity.Users;

namespace Balatrix.Modules.Tests.Identity;

public sealed class PasswordHashTests
{
    /// <summary>OWASP Password Storage Cheat Sheet: PBKDF2-HMAC-SHA512 with 210,000 iterations. ASP.NET Core Identity's version 3 writes marker 1, then the function (2 is SHA-512), then the iterations.</summary>
    [Fact]
    public async Task The_program_hashes_with_the_work_factor_of_OWASP()
    {
        using var passwords = new Passwords();
        var hash = Convert.FromBase64String(await passwords.HashAsync("tangerine-lampshade-42", TestContext.Current.CancellationToken));
        Assert.Equal((1, 2u, 210_000u), (hash[0], BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(1)), BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5))));
    }
}
