using System.Text;
using System.Text.Json;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>Tokens: 32 bytes, bound to a host, alive for 7.5 to 15 seconds.</summary>
public sealed class RpcTokensTests
{
    private static readonly UdpEndpoint Requester = HyperVectors.Endpoint("127.0.0.1:5000");
    private static readonly Instant Start = new(1_000_000);

    // How dht-rpc makes its own, which nobody else can tell from ours: a check of the hash, not of a rule.
    [Fact]
    public void The_tokens_of_dht_rpc_are_keyed_hashes_of_the_host()
    {
        JsonElement item = HyperVectors.At("token");
        byte[][] secrets = [.. item.GetProperty("secrets").EnumerateArray().Select(secret => Convert.FromHexString(secret.GetString()!))];
        byte[] host = Encoding.ASCII.GetBytes(item.Text("host"));
        byte[] digest = new byte[RpcReader.TokenLength];

        Blake2b.Hash(host, digest, secrets[0]);
        digest.ShouldBe(item.Hex("tokenWithSecret0_previous"));
        Blake2b.Hash(host, digest, secrets[1]);
        digest.ShouldBe(item.Hex("tokenWithSecret1_current"));
        Blake2b.Hash(secrets[0], digest);
        Convert.ToHexStringLower(digest).ShouldBe(item.GetProperty("rotate").GetProperty("newSecrets")[1].GetString());
    }

    [Fact]
    public void No_part_of_a_token_repeats_another()
    {
        byte[] token = Issue(new RpcTokens(new Random(6), Start), Start);
        Enumerable.Range(0, 4).Select(lane => BitConverter.ToUInt64(token, 8 * lane)).Distinct().Count().ShouldBe(4);
    }

    [Fact]
    public void Tokens_of_both_secrets_are_valid_and_of_no_third()
    {
        RpcTokens tokens = new(new Dictated(1, 2), Start);
        tokens.IsValid(Requester, Start, Issue(new RpcTokens(new Dictated(1, 9), Start), Start)).ShouldBeTrue();
        tokens.IsValid(Requester, Start, Issue(new RpcTokens(new Dictated(2, 9), Start), Start)).ShouldBeTrue();
        tokens.IsValid(Requester, Start, Issue(new RpcTokens(new Dictated(3, 9), Start), Start)).ShouldBeFalse();
    }

    [Fact]
    public void A_token_is_bound_to_the_host_and_not_to_the_port()
    {
        RpcTokens tokens = new(new Random(1), Start);
        byte[] token = Issue(tokens, Start);
        tokens.IsValid(Requester.WithPort(9), Start, token).ShouldBeTrue();
        tokens.IsValid(HyperVectors.Endpoint("127.0.0.2:5000"), Start, token).ShouldBeFalse();
        tokens.IsValid(HyperVectors.Endpoint("255.255.255.255:5000"), Start, token).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0, 14_999, true)]
    [InlineData(0, 15_000, false)]
    [InlineData(7_499, 14_999, true)]
    [InlineData(7_499, 15_000, false)]
    [InlineData(7_500, 22_499, true)]
    [InlineData(7_500, 22_500, false)]
    [InlineData(0, 1_000_000, false)]
    public void A_token_lives_between_seven_and_a_half_and_fifteen_seconds(int issued, int asked, bool isValid)
    {
        RpcTokens tokens = new(new Random(2), Start);
        byte[] token = Issue(tokens, Start + TimeSpan.FromMilliseconds(issued));
        tokens.IsValid(Requester, Start + TimeSpan.FromMilliseconds(asked), token).ShouldBe(isValid);
    }

    [Fact]
    public void A_token_of_another_length_or_with_any_bit_changed_is_invalid()
    {
        RpcTokens tokens = new(new Random(3), Start);
        byte[] token = Issue(tokens, Start);
        tokens.IsValid(Requester, Start, token.AsSpan(1)).ShouldBeFalse();
        tokens.IsValid(Requester, Start, []).ShouldBeFalse();
        tokens.IsValid(Requester, Start, [.. token, 0]).ShouldBeFalse();
        for (int bit = 0; bit < 256; bit++)
        {
            token[bit / 8] ^= (byte)(1 << bit % 8);
            tokens.IsValid(Requester, Start, token).ShouldBeFalse();
            token[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Fact]
    public void Two_nodes_issue_different_tokens() => Issue(new RpcTokens(new Random(4), Start), Start).ShouldNotBe(Issue(new RpcTokens(new Random(5), Start), Start));

    private static byte[] Issue(RpcTokens tokens, Instant now)
    {
        byte[] token = new byte[32];
        tokens.Write(Requester, now, token);
        return token;
    }

    private sealed class Dictated(params byte[] secrets) : Random
    {
        private int _next;

        public override void NextBytes(byte[] buffer) => Array.Fill(buffer, secrets[_next++]);
    }
}
