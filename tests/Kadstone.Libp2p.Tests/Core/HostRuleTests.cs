using System.Net;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Core;

public sealed class HostRuleTests
{
    [Theory]
    [InlineData("8.8.8.8", true, false, true)]
    [InlineData("10.1.2.3", false, true, true)]
    [InlineData("127.0.0.1", false, true, true)]
    [InlineData("172.31.0.1", false, true, true)]
    [InlineData("172.32.0.1", true, false, true)]
    [InlineData("192.168.1.1", false, true, true)]
    [InlineData("169.254.1.1", false, true, true)]
    [InlineData("100.64.0.1", false, true, true)]
    [InlineData("0.0.0.0", false, false, false)]
    [InlineData("224.0.0.1", false, false, false)]
    [InlineData("255.255.255.255", false, false, false)]
    [InlineData("::1", false, true, true)]
    [InlineData("::", false, false, false)]
    [InlineData("fe80::1", false, true, true)]
    [InlineData("fd00::1", false, true, true)]
    [InlineData("ff02::1", false, false, false)]
    [InlineData("2606:4700::1", true, false, true)]
    [InlineData("::ffff:10.0.0.1", false, true, true)]
    public void A_policy_allows(string address, bool inPublic, bool inLan, bool inAny)
    {
        IPEndPoint endpoint = new(IPAddress.Parse(address), 4001);
        (AddressPolicy.Public.Allows(endpoint), AddressPolicy.Lan.Allows(endpoint), AddressPolicy.Any.Allows(endpoint)).ShouldBe((inPublic, inLan, inAny));
        AddressPolicy.Any.Allows(new IPEndPoint(endpoint.Address, 0)).ShouldBeFalse("port 0");
    }

    [Fact]
    public void Addresses_that_are_not_plain_TCP_are_not_allowed_and_names_are()
    {
        AddressPolicy.Any.Allows(Multiaddr.Parse("/ip4/1.2.3.4/udp/1/quic-v1")).ShouldBeFalse();
        AddressPolicy.Any.Allows(Multiaddr.Parse("/ip4/1.2.3.4/tcp/1/ws")).ShouldBeFalse();
        AddressPolicy.Public.Allows(Multiaddr.Parse("/dns4/example.org/tcp/1")).ShouldBeTrue();
        AddressPolicy.Public.Allows(Multiaddr.Parse("/ip4/10.0.0.1/tcp/1")).ShouldBeFalse();
    }

    [Fact]
    public void Connections_are_counted_by_host_prefix_handshake_and_total()
    {
        Admission byHost = new(new HostLimits { PerHost = 2, PerPrefix = 3, HalfOpen = 4, Connections = 5 });
        IPAddress host = IPAddress.Parse("1.2.3.4");
        byHost.TryAdmit(host).ShouldBeTrue();
        byHost.TryAdmit(host.MapToIPv6()).ShouldBeTrue();
        byHost.TryAdmit(host).ShouldBeFalse("the host");
        byHost.TryAdmit(IPAddress.Parse("1.2.3.5")).ShouldBeTrue();
        byHost.TryAdmit(IPAddress.Parse("1.2.3.6")).ShouldBeFalse("the prefix");
        byHost.TryAdmit(IPAddress.Parse("1.2.4.1")).ShouldBeTrue();
        byHost.TryAdmit(IPAddress.Parse("9.9.9.9")).ShouldBeFalse("half-open");
        byHost.Opened();
        byHost.TryAdmit(IPAddress.Parse("9.9.9.9")).ShouldBeTrue();
        byHost.Opened();
        byHost.TryAdmit(IPAddress.Parse("8.8.8.8")).ShouldBeFalse("the total");
        byHost.TryAdmitOwn().ShouldBeFalse();
        byHost.End(host, wasOpen: false);
        (byHost.Connections, byHost.HalfOpen).ShouldBe((4, 2));
        byHost.TryAdmitOwn().ShouldBeTrue();
        byHost.EndOwn();
        byHost.TryAdmit(host).ShouldBeTrue();
    }

    [Fact]
    public void IPv6_hosts_are_their_64_bits()
    {
        Admission admission = new(new HostLimits { PerHost = 1, PerPrefix = 2 });
        admission.TryAdmit(IPAddress.Parse("2001:db8:1:1::1")).ShouldBeTrue();
        admission.TryAdmit(IPAddress.Parse("2001:db8:1:1::2")).ShouldBeFalse();
        admission.TryAdmit(IPAddress.Parse("2001:db8:1:2::1")).ShouldBeTrue();
        admission.TryAdmit(IPAddress.Parse("2001:db8:1:3::1")).ShouldBeFalse();
        admission.TryAdmit(IPAddress.Parse("2001:db8:2:1::1")).ShouldBeTrue();
    }

    [Fact]
    public void A_peer_that_is_not_reached_waits_longer_each_time_and_is_forgotten_when_it_is()
    {
        DialBackoff backoff = new();
        PeerId peer = PrivateKey.Generate(new Random(1)).PeerId;
        TimeSpan now = TimeSpan.FromHours(1);
        List<double> pauses = [];
        for (int i = 0; i < 9; i++)
        {
            backoff.Failed(peer, now);
            TimeSpan began = now;
            while (backoff.IsWaiting(peer, now))
            {
                now += TimeSpan.FromSeconds(1);
            }

            pauses.Add((now - began).TotalSeconds);
        }

        pauses.ShouldBe([5, 10, 20, 40, 80, 160, 300, 300, 300]);
        backoff.Reached(peer);
        backoff.IsWaiting(peer, now).ShouldBeFalse();
        backoff.Failed(peer, now);
        backoff.IsWaiting(peer, now + TimeSpan.FromSeconds(5)).ShouldBeFalse();
    }

    [Fact]
    public void Not_more_than_a_thousand_unreachable_peers_are_remembered()
    {
        DialBackoff backoff = new();
        Random chance = new(2);
        for (int i = 0; i < 1500; i++)
        {
            backoff.Failed(PrivateKey.Generate(chance).PeerId, TimeSpan.FromMilliseconds(i));
        }

        backoff.Count.ShouldBe(1024);
    }
}
