using Kadstone.Datagrams;

namespace Kadstone.Simulation.Tests.World;

public sealed class NatTests
{
    private readonly SimulatedNetwork _network = new(21);
    private uint _number;

    [Theory]
    [InlineData(NatKind.FullCone, true, true, true)]
    [InlineData(NatKind.AddressRestricted, true, true, false)]
    [InlineData(NatKind.PortRestricted, true, false, false)]
    [InlineData(NatKind.Symmetric, true, false, false)]
    public void Each_kind_lets_in_whom_it_should(NatKind kind, bool theOneSentTo, bool itsOtherPort, bool aStranger)
    {
        SimulatedNode<PingPong> inside = _network.AddHost(new HostOptions { Nat = kind }).Bind(new PingPong(), 6881);
        SimulatedHost friendly = _network.AddHost();
        SimulatedNode<PingPong> friend = friendly.Bind(new PingPong(), 1);
        SimulatedNode<PingPong> otherPort = friendly.Bind(new PingPong(), 2);
        SimulatedNode<PingPong> stranger = Outside();

        UdpEndpoint seen = SeenBy(friend, inside);
        inside.Protocol.Pongs.ShouldBe(1, "the answer comes in");
        seen.WithPort(0).ShouldBe(inside.Host.Address);

        Reaches(friend, seen, inside).ShouldBe(theOneSentTo);
        Reaches(otherPort, seen, inside).ShouldBe(itsOtherPort);
        Reaches(stranger, seen, inside).ShouldBe(aStranger);
    }

    [Fact]
    public void Nobody_reaches_a_host_behind_a_nat_that_has_sent_nothing()
    {
        SimulatedNode<PingPong> inside = _network.AddHost(new HostOptions { Nat = NatKind.FullCone }).Bind(new PingPong(), 6881);
        SimulatedNode<PingPong> outside = Outside();
        Reaches(outside, inside.Host.Address.WithPort(6881), inside).ShouldBeFalse();
        _network.Traffic.RefusedByNat.ShouldBe(1);
        Reaches(outside, inside.LocalEndpoint(), inside).ShouldBeFalse("an inside address means nothing outside");
        _network.Traffic.Unreachable.ShouldBe(1);
    }

    [Fact]
    public void A_cone_shows_one_port_to_all_and_a_symmetric_nat_another_to_each()
    {
        foreach (NatKind kind in Enum.GetValues<NatKind>())
        {
            SimulatedNode<PingPong> inside = _network.AddHost(new HostOptions { Nat = kind }).Bind(new PingPong(), 6881);
            UdpEndpoint[] seen = [.. Enumerable.Range(0, 5).Select(_ => SeenBy(Outside(), inside))];
            seen.Distinct().Count().ShouldBe(kind == NatKind.Symmetric ? 5 : 1, $"{kind}");
            seen.Select(endpoint => endpoint.Address).Distinct().Count().ShouldBe(1);
        }
    }

    [Fact]
    public void A_mapping_ends_two_minutes_after_the_last_packet_from_inside()
    {
        SimulatedNode<PingPong> inside = _network.AddHost(new HostOptions { Nat = NatKind.FullCone }).Bind(new PingPong(), 6881);
        SimulatedNode<PingPong> outside = Outside();
        UdpEndpoint seen = SeenBy(outside, inside);

        _network.RunFor(TimeSpan.FromSeconds(110));
        Reaches(outside, seen, inside).ShouldBeTrue("the answer to it keeps the mapping");
        _network.RunFor(TimeSpan.FromSeconds(110));
        Reaches(outside, seen, inside).ShouldBeTrue();
        _network.RunFor(TimeSpan.FromSeconds(121));
        Reaches(outside, seen, inside).ShouldBeFalse();
        SeenBy(outside, inside).ShouldNotBe(seen, "a new mapping has a new port");
    }

    [Fact]
    public void The_leave_to_answer_ends_too_while_the_mapping_lives_on()
    {
        SimulatedNode<PingPong> inside = _network.AddHost(
            new HostOptions { Nat = NatKind.PortRestricted, NatMappingLifetime = TimeSpan.FromSeconds(30) }).Bind(new PingPong(), 6881);
        SimulatedNode<PingPong> early = Outside();
        SimulatedNode<PingPong> late = Outside();
        UdpEndpoint seen = SeenBy(early, inside);
        _network.RunFor(TimeSpan.FromSeconds(20));
        SeenBy(late, inside).ShouldBe(seen);
        _network.RunFor(TimeSpan.FromSeconds(20));
        Reaches(early, seen, inside).ShouldBeFalse();
        Reaches(late, seen, inside).ShouldBeTrue();
    }

    [Fact]
    public void Hosts_behind_one_nat_share_its_address_and_reach_each_other_inside()
    {
        UdpEndpoint shared = UdpEndpoint.FromIPv4(0x05060708, 0);
        HostOptions options = new() { Nat = NatKind.PortRestricted };
        SimulatedNode<PingPong> one = _network.AddHost(shared, options).Bind(new PingPong(), 6881);
        SimulatedNode<PingPong> other = _network.AddHost(shared, options).Bind(new PingPong(), 6881);
        SimulatedNode<PingPong> outside = Outside();

        UdpEndpoint first = SeenBy(outside, one);
        UdpEndpoint second = SeenBy(outside, other);
        first.WithPort(0).ShouldBe(shared);
        second.WithPort(0).ShouldBe(shared);
        first.Port.ShouldNotBe(second.Port);

        Reaches(one, other.LocalEndpoint(), other).ShouldBeTrue();
        other.Protocol.PingedBy[^1].ShouldBe(one.LocalEndpoint());
        Should.Throw<ArgumentException>(() => _network.AddHost(shared, new HostOptions { Nat = NatKind.Symmetric }));
    }

    [Fact]
    public void Two_port_restricted_nats_are_punched_by_sending_both_ways()
    {
        SimulatedNode<PingPong> one = _network.AddHost(new HostOptions { Nat = NatKind.PortRestricted }).Bind(new PingPong(), 6881);
        SimulatedNode<PingPong> other = _network.AddHost(new HostOptions { Nat = NatKind.PortRestricted }).Bind(new PingPong(), 6881);
        SimulatedNode<PingPong> relay = Outside();
        UdpEndpoint oneSeen = SeenBy(relay, one);
        UdpEndpoint otherSeen = SeenBy(relay, other);

        Reaches(one, otherSeen, other).ShouldBeFalse();
        Reaches(other, oneSeen, one).ShouldBeTrue();
        Reaches(one, otherSeen, other).ShouldBeTrue();
    }

    [Fact]
    public void Inside_endpoints_alone_can_be_bound_but_ipv6_goes_around_the_nat()
    {
        SimulatedHost host = _network.AddHost(new HostOptions { Nat = NatKind.Symmetric });
        Should.Throw<ArgumentException>(() => host.Bind(new PingPong(), host.Address.WithPort(1)));

        UdpEndpoint six = UdpEndpoint.FromIPv6(0x2001_0db8_0000_0000, 1, 6881);
        SimulatedNode<PingPong> dual = host.Bind(new PingPong(), host.Endpoint(6881), six);
        SimulatedNode<PingPong> outside = _network.AddHost().Bind(new PingPong(), UdpEndpoint.FromIPv6(0x2001_0db8_0000_0000, 2, 6881));
        Reaches(outside, six, dual).ShouldBeTrue();
        dual.Protocol.SocketsUsed.ShouldBe([(byte)1]);
        outside.Protocol.Pongs.ShouldBe(1);
    }

    [Fact]
    public void A_symmetric_nat_gives_its_ports_back_and_refuses_when_it_has_none()
    {
        SimulatedNode<PingPong> inside = _network.AddHost(new HostOptions { Nat = NatKind.Symmetric }).Bind(new PingPong(), 6881);
        SendToMany(65_500);
        _network.Traffic.RefusedByNat.ShouldBe(65_500 - 64_512);
        _network.RunFor(TimeSpan.FromMinutes(3));
        SendToMany(64_512);
        _network.Traffic.RefusedByNat.ShouldBe(65_500 - 64_512);

        void SendToMany(uint count) => inside.Run((node, now) =>
        {
            for (uint each = 0; each < count; each++)
            {
                node.Ping(UdpEndpoint.FromIPv4(0x3C00_0000 + each, 1), each, now);
            }
        });
    }

    private SimulatedNode<PingPong> Outside() => _network.AddHost().Bind(new PingPong(), 6881);

    /// <summary>Lets <paramref name="inside"/> ping <paramref name="outside"/>: what is the source of the packet there?</summary>
    private UdpEndpoint SeenBy(SimulatedNode<PingPong> outside, SimulatedNode<PingPong> inside)
    {
        inside.Run((node, now) => node.Ping(outside.LocalEndpoint(), ++_number, now));
        _network.RunFor(TimeSpan.FromSeconds(1));
        return outside.Protocol.PingedBy[^1];
    }

    private bool Reaches(SimulatedNode<PingPong> from, UdpEndpoint to, SimulatedNode<PingPong> inside)
    {
        int before = inside.Protocol.PingedBy.Count;
        from.Run((node, now) => node.Ping(to, ++_number, now));
        _network.RunFor(TimeSpan.FromSeconds(1));
        return inside.Protocol.PingedBy.Count > before;
    }
}
