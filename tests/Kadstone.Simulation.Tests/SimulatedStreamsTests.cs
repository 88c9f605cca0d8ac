namespace Kadstone.Simulation.Tests;

/// <summary>Who can be dialed, and what is counted.</summary>
public sealed class SimulatedStreamsTests
{
    private const string Protocol = "/echo";

    private readonly SimulatedNetwork _network = new(seed: 1, new LinkOptions { Loss = 0.1 });
    private readonly SimulatedStreams _streams;

    public SimulatedStreamsTests() => _streams = new SimulatedStreams(_network);

    [Theory]
    [InlineData(NatKind.FullCone)]
    [InlineData(NatKind.AddressRestricted)]
    [InlineData(NatKind.PortRestricted)]
    [InlineData(NatKind.Symmetric)]
    public void Nobody_dials_in_through_a_NAT_and_a_connection_from_behind_it_carries_both_ways(NatKind kind)
    {
        StreamPeer open = Listen("open", null);
        StreamPeer inside = Listen("inside", new HostOptions { Nat = kind });
        Ask(open, inside).ShouldBe(StreamOutcome.Silence);
        Ask(inside, open).ShouldBe(StreamOutcome.Answered);
        Ask(open, inside).ShouldBe(StreamOutcome.Answered);
    }

    [Fact]
    public void What_is_lost_is_sent_again_and_counted_each_time()
    {
        StreamPeer one = Listen("one", null);
        StreamPeer other = Listen("other", null);
        for (int i = 0; i < 500; i++)
        {
            Ask(one, other).ShouldBe(StreamOutcome.Answered);
        }

        // A dial of eight flights, and two a request.
        (_network.StreamPackets - _network.StreamPacketsLost).ShouldBe(8 + (2 * 500));
        (_network.StreamPacketsLost / (double)_network.StreamPackets).ShouldBeInRange(0.07, 0.13);
    }

    private StreamPeer Listen(string name, HostOptions? host)
    {
        StreamPeer peer = _streams.Listen(_network.AddHost(host), 4001, name);
        peer.Serve(Protocol, (_, request) => request);
        return peer;
    }

    private StreamOutcome Ask(StreamPeer from, StreamPeer to)
    {
        StreamOutcome? outcome = null;
        _streams.Ask(from, Protocol, to.Name, [to.Endpoint], "hello"u8.ToArray(), (what, _) => outcome = what);
        _network.RunFor(TimeSpan.FromSeconds(11));
        return outcome.ShouldNotBeNull();
    }
}
