using Kadstone.Kademlia;

namespace Kadstone.Datagrams.Tests;

public sealed class TokenIssuerTests
{
    private static readonly UdpEndpoint s_alice = UdpEndpoint.FromIPv4(0x0A000001, 6881);
    private static readonly byte[] s_key = new byte[20];

    private readonly TokenIssuer _issuer = new(new Random(1), At(0));

    private static Instant At(double minutes) => new((long)(minutes * TimeSpan.TicksPerMinute));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 4.99)]
    [InlineData(0, 5)]
    [InlineData(0, 9.99)]
    [InlineData(4.99, 9.99)]
    [InlineData(7, 14.99)]
    public void A_token_lives_its_secrets_period_and_the_next(double issued, double used) =>
        _issuer.IsValid(s_alice, s_key, At(used), Issue(At(issued))).ShouldBeTrue();

    [Theory]
    [InlineData(0, 10)]
    [InlineData(0, 11)]
    [InlineData(4.99, 10)]
    [InlineData(7, 17)]
    [InlineData(0, 1e9)]
    public void An_old_token_is_void(double issued, double used) =>
        _issuer.IsValid(s_alice, s_key, At(used), Issue(At(issued))).ShouldBeFalse();

    [Fact]
    public void A_token_is_good_for_its_address_whatever_the_port()
    {
        byte[] token = Issue(At(0));
        _issuer.IsValid(s_alice.WithPort(1), s_key, At(1), token).ShouldBeTrue();
        _issuer.IsValid(UdpEndpoint.FromIPv4(0x0A000002, 6881), s_key, At(1), token).ShouldBeFalse();
        _issuer.IsValid(UdpEndpoint.FromIPv6(0, 0x0A000001, 6881), s_key, At(1), token).ShouldBeFalse();
    }

    [Fact]
    public void A_token_is_good_for_its_scope_only()
    {
        byte[] token = Issue(At(0));
        byte[] other = new byte[20];
        other[19] = 1;
        _issuer.IsValid(s_alice, other, At(1), token).ShouldBeFalse();
        _issuer.IsValid(s_alice, s_key.AsSpan(0, 19), At(1), token).ShouldBeFalse();
        _issuer.IsValid(s_alice, [], At(1), token).ShouldBeFalse();
    }

    [Fact]
    public void A_long_scope_counts_to_its_last_byte()
    {
        byte[] scope = new byte[300];
        byte[] token = new byte[TokenIssuer.Length];
        _issuer.Write(s_alice, scope, At(0), token);
        _issuer.IsValid(s_alice, scope, At(1), token).ShouldBeTrue();
        scope[299] = 1;
        _issuer.IsValid(s_alice, scope, At(1), token).ShouldBeFalse();
    }

    [Fact]
    public void A_tampered_token_is_void()
    {
        for (int bit = 0; bit < TokenIssuer.Length * 8; bit++)
        {
            byte[] token = Issue(At(0));
            token[bit / 8] ^= (byte)(1 << (bit % 8));
            _issuer.IsValid(s_alice, s_key, At(0), token).ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(65_000)]
    public void A_token_of_another_length_is_void(int length)
    {
        byte[] token = new byte[length];
        Issue(At(0)).AsSpan(0, Math.Min(length, TokenIssuer.Length)).CopyTo(token);
        _issuer.IsValid(s_alice, s_key, At(0), token).ShouldBeFalse();
    }

    [Fact]
    public void Another_issuers_token_is_void() =>
        new TokenIssuer(new Random(2), At(0)).IsValid(s_alice, s_key, At(0), Issue(At(0))).ShouldBeFalse();

    [Fact]
    public void A_clock_that_jumps_forgets_or_keeps_but_never_throws()
    {
        byte[] token = Issue(At(0));
        _issuer.IsValid(s_alice, s_key, At(-60), token).ShouldBeTrue();
        _issuer.IsValid(s_alice, s_key, new Instant(long.MinValue), token).ShouldBeTrue();
        _issuer.IsValid(s_alice, s_key, Instant.Never, token).ShouldBeFalse();
        byte[] late = Issue(Instant.Never);
        _issuer.IsValid(s_alice, s_key, Instant.Never, late).ShouldBeTrue();
    }

    [Fact]
    public void Issuing_and_checking_allocates_nothing()
    {
        byte[] token = Issue(At(0));
        Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                _issuer.Write(s_alice, s_key, At(0), token);
                _issuer.IsValid(s_alice, s_key, At(0), token);
            }
        }).ShouldBe(0);
    }

    private byte[] Issue(Instant now)
    {
        byte[] token = new byte[TokenIssuer.Length];
        _issuer.Write(s_alice, s_key, now, token);
        return token;
    }
}
