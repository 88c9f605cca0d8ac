using System.Net;
using System.Text.Json;

namespace Kadstone.Libp2p.Tests.Wire;

public sealed class MultiaddrTests
{
    private static readonly PeerId s_peer = PeerId.Parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");

    [Fact]
    public void Texts_and_bytes_are_those_of_others()
    {
        foreach (JsonElement item in LibP2pVectors.List("multiaddrs").Where(item => item.Has("bytes")))
        {
            Multiaddr address = Multiaddr.Parse(item.Text("text"));
            address.Bytes.ToArray().ShouldBe(item.Hex("bytes"), item.Text("text"));
            Multiaddr.TryRead(item.Hex("bytes"), out Multiaddr? read).ShouldBeTrue();
            read.ToString().ShouldBe(item.Text("back"));
            read.ShouldBe(address);
            read.IsOpaque.ShouldBeFalse();
        }
    }

    [Fact]
    public void What_others_refuse_is_refused()
    {
        foreach (JsonElement item in LibP2pVectors.List("multiaddrsInvalid"))
        {
            Multiaddr.TryParse(item.Text("text"), out _).ShouldBeFalse(item.Text("text"));
        }
    }

    [Theory]
    [InlineData("/unix/tmp/a.sock")]
    [InlineData("/ip4/10.0.0.0/ipcidr/8")]
    [InlineData("/memory/18446744073709551615")]
    [InlineData("/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234")]
    [InlineData("/dns4/example.org/tcp/443/tls/sni/example.org/ws")]
    [InlineData("/ip6/2001:db8::1/udp/1/webrtc-direct/certhash/uEiDikp5KVUgkLta1EjUN-IKbHk-dUBg8VzKgf5nXxLK46w")]
    [InlineData("/p2p-circuit")]
    public void What_else_is_known_leads_back(string text)
    {
        Multiaddr address = Multiaddr.Parse(text);
        address.ToString().ShouldBe(text);
        Multiaddr.TryRead(address.Bytes.Span, out Multiaddr? read).ShouldBeTrue();
        read.ToString().ShouldBe(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("//")]
    [InlineData("/ip4//tcp/1")]
    [InlineData("/ip4/1.2.3.4/")]
    [InlineData("/ip4/127.1/tcp/1")]
    [InlineData("/ip4/01.2.3.4")]
    [InlineData("/ip4/1.2.3.4.5")]
    [InlineData("/ip6/1.2.3.4")]
    [InlineData("/ip6/fe80::1%eth0")]
    [InlineData("/ip6/[::1]")]
    [InlineData("/tcp/+1")]
    [InlineData("/p2p/nobody")]
    [InlineData("/dns4/a\u0000b")]
    [InlineData("/certhash/uAA")]
    [InlineData("/onion3/short:1")]
    public void Other_texts_are_refused(string text) => Multiaddr.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void A_protocol_that_nobody_here_knows_is_kept_as_bytes()
    {
        byte[] bytes = [4, 1, 2, 3, 4, 0xB9, 0x60, 1, 2, 3];
        Multiaddr.TryRead(bytes, out Multiaddr? address).ShouldBeTrue();
        address.IsOpaque.ShouldBeTrue();
        address.Bytes.ToArray().ShouldBe(bytes);
        address.ToString().ShouldBe("/ip4/1.2.3.4/12345/010203");
        address.Components.Count.ShouldBe(2);
        address.TryGetTcpEndpoint(out _).ShouldBeFalse();
        Multiaddr.TryParse(address.ToString(), out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("04010203")]
    [InlineData("0600")]
    [InlineData("3605616263")]
    [InlineData("a50302ffff")]
    [InlineData("36016f8000")]
    [InlineData("360161360100")]
    public void Bytes_that_end_early_or_mean_nothing_are_refused(string hex) => Multiaddr.TryRead(Convert.FromHexString(hex), out _).ShouldBeFalse();

    [Fact]
    public void A_peer_is_put_at_the_end_and_taken_off()
    {
        Multiaddr plain = Multiaddr.Parse("/ip4/127.0.0.1/tcp/4001");
        Multiaddr full = plain.WithPeer(s_peer);
        full.ToString().ShouldBe($"/ip4/127.0.0.1/tcp/4001/p2p/{s_peer}");
        full.Peer.ShouldBe(s_peer);
        full.WithPeer(s_peer).ShouldBeSameAs(full);
        full.WithoutPeer().ShouldBe(plain);
        plain.WithoutPeer().ShouldBeSameAs(plain);
        Multiaddr.Parse($"/ip4/127.0.0.1/tcp/4001/ipfs/{s_peer}").ShouldBe(full);
    }

    [Fact]
    public void Endpoints_are_those_of_plain_TCP()
    {
        Multiaddr.FromTcp(IPAddress.Loopback.MapToIPv6(), 1).ToString().ShouldBe("/ip4/127.0.0.1/tcp/1");
        Multiaddr.Parse("/ip6/::1/tcp/4001").TryGetTcpEndpoint(out IPEndPoint? endpoint).ShouldBeTrue();
        endpoint.ShouldBe(new IPEndPoint(IPAddress.IPv6Loopback, 4001));
        Multiaddr.Parse("/dns4/a.example/tcp/4001").WithPeer(s_peer).TryGetTcpName(out string? host, out int port).ShouldBeTrue();
        (host, port).ShouldBe(("a.example", 4001));
        foreach (string text in new[] { "/ip4/1.2.3.4/tcp/1/ws", "/ip4/1.2.3.4/udp/1", $"/ip4/1.2.3.4/tcp/1/p2p/{s_peer}/p2p-circuit", "/dnsaddr/a.example", "/tcp/1" })
        {
            Multiaddr.Parse(text).TryGetTcpEndpoint(out _).ShouldBeFalse(text);
            Multiaddr.Parse(text).TryGetTcpName(out _, out _).ShouldBeFalse(text);
        }
    }
}
