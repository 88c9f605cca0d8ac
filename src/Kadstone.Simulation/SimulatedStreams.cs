using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Simulation;

/// <summary>Requests over streams in virtual time, each a dial where there is no connection, a request and an answer.</summary>
/// <remarks>
/// <para>Below the streams lie the links of the network. A stream loses nothing: what a link loses is sent again after 200 ms and a
/// round trip (RFC 6298 with the floor of Linux), and then after twice as long. The fault of streams is to break.</para>
/// <para>A dial costs four round trips: one of TCP, two to agree on Noise and to shake hands, one to agree on a muxer. Who dials and who
/// is dialed know each other a round trip later. A request costs one.</para>
/// <para>No dial comes in through a NAT, of whatever kind; connections that were made from behind it carry requests both ways.</para>
/// </remarks>
internal sealed class SimulatedStreams(SimulatedNetwork network)
{
    private const int DialFlights = 8;
    private const int MostConnections = 200;

    private static readonly TimeSpan s_retransmission = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<UdpEndpoint, StreamPeer> _listeners = [];

    /// <summary>The chance of a request to find its stream broken: half of them by a reset, half in silence. Default 0.</summary>
    internal double Failure { get; set; }

    /// <summary>How long a request may take, with its dial. Default 10 s.</summary>
    internal TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection lives unused. Default 2 min.</summary>
    internal TimeSpan Idle { get; set; } = TimeSpan.FromMinutes(2);

    internal long Requests { get; private set; }

    internal long Dials { get; private set; }

    internal long Bytes { get; private set; }

    /// <summary>Sees each dial. Default: nobody looks.</summary>
    internal Action<StreamPeer, UdpEndpoint>? Dialed { get; set; }

    /// <summary>Makes a peer that listens; one that listened there before is closed.</summary>
    internal StreamPeer Listen(SimulatedHost host, ushort port, object name)
    {
        UdpEndpoint endpoint = host.Address.WithPort(port);
        if (_listeners.TryGetValue(endpoint, out StreamPeer? before))
        {
            before.Close();
        }

        return _listeners[endpoint] = new StreamPeer(host, endpoint, name);
    }

    /// <summary>Sends a request to the peer of a name, over a connection with it or by a dial to where it is said to be.</summary>
    /// <param name="from">Who asks.</param>
    /// <param name="protocol">What the stream is for; who does not serve it resets the stream.</param>
    /// <param name="name">Who is asked.</param>
    /// <param name="endpoints">Where it is said to be. All are dialed at once.</param>
    /// <param name="request">The bytes.</param>
    /// <param name="ended">Called once, inside the event loop, unless who asks is closed by then.</param>
    internal void Ask(StreamPeer from, string protocol, object name, IReadOnlyList<UdpEndpoint> endpoints, ReadOnlyMemory<byte> request, Action<StreamOutcome, ReadOnlyMemory<byte>> ended)
    {
        Requests++;
        Bytes += request.Length;
        bool isOver = false;
        StreamPeer? to = Connected(from, name);
        bool isNew = to is null;
        TimeSpan delay = TimeSpan.Zero;
        if (isNew)
        {
            to = Dial(from, name, endpoints);
        }

        if (to is not null)
        {
            for (int i = 0; isNew && i < DialFlights; i++)
            {
                delay += Crossing(from, to);
            }

            delay += Crossing(from, to);
            if (delay < Patience)
            {
                network.Schedule(delay, Arrive);
            }
        }

        network.TraceStream(0, from.Host, (to ?? from).Host, request.Span);
        network.Schedule(Patience, () =>
        {
            if (!isOver && to is not null && from.IsUp && (!to.IsUp || network.AreApart(from.Host, to.Host)))
            {
                Part(from, to);
            }

            End(StreamOutcome.Silence, default);
        });

        void End(StreamOutcome outcome, ReadOnlyMemory<byte> answer)
        {
            if (!isOver)
            {
                isOver = true;
                network.TraceStream(1 + (int)outcome, from.Host, (to ?? from).Host, answer.Span);
                Bytes += answer.Length;
                if (from.IsUp)
                {
                    ended(outcome, answer);
                }
            }
        }

        void Arrive()
        {
            if (!to.IsUp || !from.IsUp || network.AreApart(from.Host, to.Host))
            {
                return;
            }

            if (!to.Name.Equals(name))
            {
                network.Schedule(Crossing(to, from), () => End(StreamOutcome.Unreachable, default));
                return;
            }

            Meet(from, to);
            double draw = Failure > 0 ? network.DrawForLink() : 1;
            if (draw < Failure / 2 || (to.IsMute && to.Serving(protocol) is not null))
            {
                return;
            }

            ReadOnlyMemory<byte>? answer = draw < Failure ? null : to.Serving(protocol)?.Invoke(from, request);
            network.Schedule(Crossing(to, from), () =>
            {
                if (!network.AreApart(from.Host, to.Host))
                {
                    End(answer is null ? StreamOutcome.Reset : StreamOutcome.Answered, answer ?? default);
                }
            });
        }
    }

    private TimeSpan Crossing(StreamPeer from, StreamPeer to) => network.Crossing(from.Host, to.Host, s_retransmission + network.BaseRoundTrip(from.Host, to.Host));

    private StreamPeer? Connected(StreamPeer from, object name)
    {
        if (!from.Connections.TryGetValue(name, out (StreamPeer Other, Instant Used) connection))
        {
            return null;
        }

        if (network.Now - connection.Used < Idle)
        {
            Use(from, connection.Other);
            return connection.Other;
        }

        Part(from, connection.Other);
        return null;
    }

    /// <summary>Who takes the dial: whom we seek if it is at one of the endpoints, else any other that lives there.</summary>
    private StreamPeer? Dial(StreamPeer from, object name, IReadOnlyList<UdpEndpoint> endpoints)
    {
        StreamPeer? taken = null;
        foreach (UdpEndpoint endpoint in endpoints)
        {
            Dials++;
            Dialed?.Invoke(from, endpoint);
            if (_listeners.TryGetValue(endpoint, out StreamPeer? peer) && peer.IsUp && peer.Host.Options.Nat == NatKind.None && !network.AreApart(from.Host, peer.Host) && (taken is null || peer.Name.Equals(name)))
            {
                taken = peer;
            }
        }

        return taken;
    }

    private void Meet(StreamPeer one, StreamPeer other)
    {
        bool isNew = !one.Connections.ContainsKey(other.Name);
        Use(one, other);
        if (!isNew)
        {
            return;
        }

        Trim(one);
        Trim(other);
        network.Schedule(network.BaseRoundTrip(one.Host, other.Host), () =>
        {
            if (one.IsUp && other.IsUp && one.Connections.ContainsKey(other.Name))
            {
                one.Met?.Invoke(other);
                other.Met?.Invoke(one);
            }
        });
    }

    private void Use(StreamPeer one, StreamPeer other)
    {
        one.Connections[other.Name] = (other, network.Now);
        if (other.IsUp)
        {
            other.Connections[one.Name] = (one, network.Now);
        }
    }

    private void Trim(StreamPeer peer)
    {
        if (peer.Connections.Count <= MostConnections)
        {
            return;
        }

        foreach ((StreamPeer other, _) in peer.Connections.Values.OrderBy(connection => connection.Used.Ticks).Take(MostConnections / 4).ToArray())
        {
            Part(peer, other);
        }
    }

    private static void Part(StreamPeer one, StreamPeer other)
    {
        if (one.Connections.Remove(other.Name))
        {
            one.Parted?.Invoke(other);
        }

        if (other.Connections.Remove(one.Name) && other.IsUp)
        {
            other.Parted?.Invoke(one);
        }
    }
}
