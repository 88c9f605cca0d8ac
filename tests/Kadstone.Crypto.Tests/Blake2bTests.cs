namespace Kadstone.Crypto.Tests;

public sealed class Blake2bTests
{
    // RFC 7693, appendix A, for 64 bytes; the others by Python's hashlib, which binds the reference implementation.
    [Theory]
    [InlineData("", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8")]
    [InlineData("abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319")]
    [InlineData("abc", "cf4ab791c62b8d2b2109c90275287816")]
    [InlineData("abc", "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923")]
    public void The_digest_is_as_long_as_its_span(string message, string digestHex)
    {
        byte[] digest = new byte[digestHex.Length / 2];
        Blake2b.Hash(System.Text.Encoding.ASCII.GetBytes(message), digest);
        digest.ShouldBe(Convert.FromHexString(digestHex));
    }

    [Fact]
    public void A_key_goes_into_the_digest()
    {
        byte[] message = [.. Enumerable.Range(0, 255).Select(i => (byte)i)];
        byte[] digest = new byte[Blake2b.DigestLength];
        Blake2b.Hash(message, digest, message.AsSpan(0, 32));
        digest.ShouldBe(Convert.FromHexString("f60f5c4a575c43db6c93608515866ea998e04b35792f5a92b27aa5880cd6721e"));
    }

    [Fact]
    public void Lengths_out_of_range_are_misuse()
    {
        Should.Throw<ArgumentException>(() => Blake2b.Hash([], new byte[15]));
        Should.Throw<ArgumentException>(() => Blake2b.Hash([], new byte[65]));
        Should.Throw<ArgumentException>(() => Blake2b.Hash([], new byte[32], new byte[15]));
        Should.Throw<ArgumentException>(() => Blake2b.Hash([], new byte[32], new byte[65]));
    }
}
