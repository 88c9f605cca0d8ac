using Kadstone.Crypto;

namespace Kadstone.Crypto.Tests;

public sealed class SipHashTests
{
    [Fact]
    public void The_reference_vector_of_fifteen_bytes_holds()
    {
        byte[] key = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        byte[] message = [.. Enumerable.Range(0, 15).Select(i => (byte)i)];

        // Aumasson and Bernstein, "SipHash", appendix A.
        SipHash.Hash(message, key).ShouldBe(0xa129ca6149be45e5);
    }
}
