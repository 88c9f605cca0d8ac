using Kadstone.Libp2p;
using Kadstone.Libp2p.Core;

namespace Kadstone.Simulation.Tests.Libp2p;

/// <summary>Pairs of real sessions (multistream-select, Noise, Yamux, identify, ping) over simulated links.</summary>
public sealed class SessionTests
{
    private static readonly TimeSpan s_roundTrip = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, 4)]
    public void A_connection_is_open_after_as_many_round_trips_as_its_steps_take(bool earlyMuxer, int roundTrips)
    {
        // One of TCP, one for the choice of Noise, one for its first two messages, and one for the muxer's choice where that does not go with them. Who is dialed waits for half of one more.
        SimulatedNetwork network = new(1, LinkOptions.FixedRoundTrip(s_roundTrip));
        (Talker dialer, Talker listener, Speaker speaker) = Meet(network, earlyMuxer);

        network.RunFor(TimeSpan.FromSeconds(2));

        speaker.Connection.RemoteKey.ShouldBe(listener.Key.PublicKey);
        listener.Speakers[0].Connection.RemoteKey.ShouldBe(dialer.Key.PublicKey);
        speaker.Connection.HadEarlyMuxer.ShouldBe(earlyMuxer);
        speaker.OpenedAt.ShouldBe(roundTrips * s_roundTrip);
        listener.Speakers[0].OpenedAt.ShouldBe(3.5 * s_roundTrip);
    }

    [Fact]
    public void They_tell_who_they_are_and_a_ping_takes_a_round_trip()
    {
        SimulatedNetwork network = new(2, LinkOptions.FixedRoundTrip(s_roundTrip));
        (Talker dialer, Talker listener, Speaker speaker) = Meet(network);
        IdentifyMessage? theirs = null;
        IdentifyMessage? ours = null;
        TimeSpan? ping = null;
        speaker.Opened = _ =>
        {
            dialer.Identify(speaker, message => theirs = message);
            dialer.Ping(speaker, took => ping = took);
        };
        listener.Speakers[0].Opened = asking => listener.Identify(asking, message => ours = message);

        network.RunFor(TimeSpan.FromSeconds(2));

        theirs.ShouldNotBeNull().Key.ShouldBe(listener.Key.PublicKey);
        theirs.Addresses.ShouldBe([listener.Address]);
        theirs.Protocols.ShouldNotBeNull().ShouldContain(Talker.PingProtocol);
        ours.ShouldNotBeNull().Key.ShouldBe(dialer.Key.PublicKey);
        ping.ShouldBe(s_roundTrip);
        (speaker.Connection.StreamCount, listener.Speakers[0].Connection.StreamCount).ShouldBe((0, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_a_link_loses_comes_later_and_in_order(int seed)
    {
        // A megabyte is four windows: each must be granted again.
        (TimeSpan clean, byte[]? whole) = Carry(seed, LinkOptions.FixedRoundTrip(s_roundTrip));
        (TimeSpan lossy, byte[]? late) = Carry(seed, LinkOptions.FixedRoundTrip(s_roundTrip) with { Loss = 0.05 });

        whole.ShouldNotBeNull();
        late.ShouldBe(whole);
        lossy.ShouldBeGreaterThan(clean + TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public void A_cable_that_is_cut_anywhere_in_the_handshake_ends_both_sides_after_ten_seconds()
    {
        int wholeHandshake = Cut(int.MaxValue).Segments;
        wholeHandshake.ShouldBeInRange(5, 30);
        int timedOut = 0;
        for (int segments = 0; segments < wholeHandshake; segments++)
        {
            (Speaker dialer, Speaker listener, _) = Cut(segments);
            foreach (Speaker side in new[] { dialer, listener })
            {
                if (side.OpenedAt is null)
                {
                    side.Connection.End.ShouldBe(ConnectionEnd.HandshakeTimeout, $"cut after {segments}");
                    (side.EndedAt - side.BeganAt).ShouldBe(TimeSpan.FromSeconds(10));
                    timedOut++;
                }
                else
                {
                    side.Connection.End.ShouldBe(ConnectionEnd.Silent, $"cut after {segments}: it was open already, and nobody answers its ping");
                }
            }
        }

        timedOut.ShouldBeGreaterThan(wholeHandshake / 2);
    }

    [Fact]
    public void One_who_dials_and_says_nothing_has_ten_seconds()
    {
        SimulatedNetwork network = new(4, LinkOptions.FixedRoundTrip(s_roundTrip));
        (Talker _, Talker listener, Speaker? _) = Meet(network, prepare: wire => wire.CutAfter = 0);

        network.RunFor(TimeSpan.FromSeconds(9.9));
        listener.Speakers[0].Connection.Phase.ShouldBe(ConnectionPhase.ChoosingSecurity);
        network.RunFor(TimeSpan.FromSeconds(0.3));

        (listener.Speakers[0].Connection.End, listener.Speakers[0].EndedAt - listener.Speakers[0].BeganAt).ShouldBe((ConnectionEnd.HandshakeTimeout, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void A_cable_that_is_cut_in_the_middle_of_a_transfer_ends_its_streams_and_nobody_waits_for_ever()
    {
        SimulatedNetwork network = new(5, LinkOptions.FixedRoundTrip(s_roundTrip));
        (Talker dialer, Talker listener, Speaker speaker) = Meet(network, prepare: wire => wire.CutAfter = 200);
        List<byte[]?> told = [];
        speaker.Opened = _ => dialer.Exchange(speaker, Talker.EchoProtocol, new byte[1 << 20], null, told.Add);

        network.RunFor(TimeSpan.FromSeconds(20));
        told.ShouldBeEmpty();
        network.RunFor(TimeSpan.FromSeconds(40));

        told.ShouldBe([null]);
        foreach (Speaker side in new[] { speaker, listener.Speakers[0] })
        {
            (side.Connection.End, side.Connection.StreamCount).ShouldBe((ConnectionEnd.Silent, 0));
            (side.EndedAt - side.OpenedAt).ShouldNotBeNull().ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(51));
        }
    }

    [Fact]
    public void A_network_that_is_away_for_ten_seconds_costs_no_connection()
    {
        SimulatedNetwork network = new(6, LinkOptions.FixedRoundTrip(s_roundTrip));
        (Talker dialer, Talker listener, Speaker speaker) = Meet(network);
        byte[]? back = null;
        byte[] sent = new byte[4 << 20];
        new Random(6).NextBytes(sent);
        speaker.Opened = _ => dialer.Exchange(speaker, Talker.EchoProtocol, sent, null, bytes => back = bytes);
        network.RunFor(TimeSpan.FromMilliseconds(700));
        back.ShouldBeNull();

        network.Partition(host => host == listener.Host ? 1 : 0);
        network.RunFor(TimeSpan.FromSeconds(10));
        back.ShouldBeNull();
        network.Heal();
        network.RunFor(TimeSpan.FromSeconds(30));

        back.ShouldBe(sent);
        speaker.Connection.End.ShouldBeNull();
    }

    [Fact]
    public void Another_peer_than_the_one_we_dialed_is_told_apart_in_the_handshake()
    {
        SimulatedNetwork network = new(7, LinkOptions.FixedRoundTrip(s_roundTrip));
        (Talker dialer, Talker listener, Speaker speaker) = Meet(network, expected: new Talker(network).Id);

        network.RunFor(TimeSpan.FromSeconds(2));

        (speaker.Connection.End, speaker.OpenedAt).ShouldBe((ConnectionEnd.AnotherPeer, null));
        listener.Speakers[0].Connection.Phase.ShouldBe(ConnectionPhase.Ended, "it hears that we left");
        dialer.Speakers.ShouldHaveSingleItem();
    }

    private static (Talker Dialer, Talker Listener, Speaker Speaker) Meet(SimulatedNetwork network, bool earlyMuxer = true, PeerId? expected = null, Action<Wire>? prepare = null)
    {
        Talker dialer = new(network, earlyMuxer);
        Talker listener = new(network);
        Speaker? speaker = null;
        dialer.Dial(listener, expected, prepare, begun => speaker = begun);
        network.RunFor(s_roundTrip);
        return (dialer, listener, speaker ?? throw network.Failure("The dial took longer than a round trip."));
    }

    private static (Speaker Dialer, Speaker Listener, int Segments) Cut(int after)
    {
        SimulatedNetwork network = new(3, LinkOptions.FixedRoundTrip(s_roundTrip));
        Wire? wire = null;
        (Talker _, Talker listener, Speaker speaker) = Meet(network, prepare: made => (wire = made).CutAfter = after);
        network.RunFor(TimeSpan.FromSeconds(2));
        int segments = wire.ShouldNotBeNull().Segments;
        network.RunFor(TimeSpan.FromMinutes(2));
        return (speaker, listener.Speakers[0], segments);
    }

    private static (TimeSpan Took, byte[]? Back) Carry(int seed, LinkOptions links)
    {
        SimulatedNetwork network = new(seed, links);
        Talker dialer = new(network);
        Talker listener = new(network);
        byte[] sent = new byte[1 << 20];
        new Random(seed).NextBytes(sent);
        byte[]? back = null;
        dialer.Dial(listener, begun: speaker => speaker.Opened = _ => dialer.Exchange(speaker, Talker.EchoProtocol, sent, null, bytes => back = bytes));
        network.Require(() => back is not null, TimeSpan.FromMinutes(5), "The bytes did not come back.");
        back.ShouldBe(sent);
        return (network.Elapsed, back);
    }
}
