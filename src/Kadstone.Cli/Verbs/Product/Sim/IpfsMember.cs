using System.Net;
using Kadstone.Datagrams;
using Kadstone.Ipfs;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;
using Kadstone.Libp2p;
using Kadstone.Simulation;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <summary>A kad-dht node of a simulated network: the real core, its messages encoded, each request on a stream. Behind a NAT it is a client.</summary>
internal sealed class IpfsMember
{
    private const string Protocol = "/ipfs/kad/1.0.0";
    private static readonly TimeSpan s_joinPause = TimeSpan.FromMinutes(1);

    private readonly SimulatedNetwork _network;
    private readonly SimulatedStreams _streams;
    private readonly StreamPeer _peer;
    private readonly KadSettings _settings;
    private readonly ITimer _timer;
    private readonly List<Reader> _readers = [];
    private Instant _wakeAt = Instant.Never;

    internal IpfsMember(SimulatedNetwork network, SimulatedStreams streams, StreamPeer peer, PeerId id)
    {
        (_network, _streams, _peer, Id) = (network, streams, peer, id);
        _settings = new KadSettings { Self = id, Policy = AddressPolicy.Public, Rules = new RecordRules([]) };
        Core = new KadProtocol(_settings, network.CreateChance());
        Core.Reside([AddressOf(peer)]);
        _timer = network.TimeProvider.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (peer.Host.Options.Nat == NatKind.None)
        {
            peer.Serve(Protocol, Answer);
        }

        peer.Met += other => Run((core, now) => core.Identified((PeerId)other.Name, [AddressOf(other)], other.Serving(Protocol) is not null, now));
        peer.Parted += other => Core.Disconnected((PeerId)other.Name);
    }

    internal PeerId Id { get; }

    internal KadProtocol Core { get; }

    internal SimulatedHost Host => _peer.Host;

    internal bool IsLiving => _peer.IsUp;

    internal PeerInfo Info => new(Id, [AddressOf(_peer)]);

    /// <summary>Looks for itself through a peer; while it knows nobody, again every minute, as <see cref="IpfsDht"/> does.</summary>
    internal void Join(PeerInfo bootstrap)
    {
        Core.AddBootstrap(bootstrap);
        Approach();
    }

    internal void Leave()
    {
        _peer.Close();
        _timer.Dispose();
    }

    internal KadQuery NewQuery(KadQueryKind kind, ReadOnlyMemory<byte> target, KadMessage? providerMessage = null) => new(_settings, kind, target) { ProviderMessage = providerMessage };

    internal void Run(Action<KadProtocol, Instant> action)
    {
        if (IsLiving)
        {
            action(Core, _network.Now);
            Pump();
        }
    }

    /// <summary>Runs a query to its end, or until it is left: each event as it comes, and once the end.</summary>
    internal void Start(KadQuery query, Action<QueryEvent> happened, Action ended)
    {
        _readers.Add(new Reader(query, happened, ended));
        Run((core, now) => core.Start(query, now));
    }

    private static Multiaddr AddressOf(StreamPeer peer) => Multiaddr.FromTcp(peer.Endpoint.ToIPAddress(), peer.Endpoint.Port);

    private void Approach()
    {
        if (IsLiving && Core.Contacts == 0)
        {
            Start(NewQuery(KadQueryKind.ClosestPeers, Id.Bytes), _ => { }, () => { });
            _network.Schedule(s_joinPause, Approach);
        }
    }

    private void Wake()
    {
        _wakeAt = Instant.Never;
        Run((core, now) => core.Elapse(now));
    }

    private void Pump()
    {
        Instant now = _network.Now;
        do
        {
            while (Core.TryTakeRequest(now, out KadRequest? request) && request is not null)
            {
                Send(request);
            }
        }
        while (Read());

        Instant next = Core.NextDeadline;
        if (next != _wakeAt)
        {
            // What is overdue while all slots are open has nothing to wait for but an answer.
            _wakeAt = next;
            TimeSpan wait = next == Instant.Never ? Timeout.InfiniteTimeSpan : next - now;
            _timer.Change(wait == Timeout.InfiniteTimeSpan || wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }
    }

    private bool Read()
    {
        bool hasRead = false;
        for (int i = _readers.Count - 1; i >= 0; i--)
        {
            Reader reader = _readers[i];
            while (reader.Query.TryTakeEvent(out QueryEvent? happened) && happened is not null)
            {
                reader.Happened(happened);
                hasRead = true;
            }

            if (reader.Query.IsDone)
            {
                _readers.RemoveAt(i);
                Core.Leave(reader.Query);
                _network.Schedule(TimeSpan.Zero, reader.Ended);
            }
            else if (!reader.Query.IsAwaited)
            {
                reader.Query.IsAwaited = true;
                hasRead = true;
            }
        }

        return hasRead;
    }

    private void Send(KadRequest request)
    {
        List<UdpEndpoint> endpoints = [];
        foreach (Multiaddr address in request.Contact.Addresses)
        {
            if (address.TryGetTcpEndpoint(out IPEndPoint? endpoint))
            {
                endpoints.Add(UdpEndpoint.From(endpoint.Address, (ushort)endpoint.Port));
            }
        }

        _streams.Ask(_peer, Protocol, request.Contact.Id, endpoints, request.Message.Encode(), (outcome, bytes) => Run((core, now) =>
        {
            KadMessage? answer = outcome != StreamOutcome.Answered ? null : request.IsAnswered ? KadMessage.TryRead(bytes.Span) : request.Message;
            if (answer is not null && answer.Type == request.Message.Type)
            {
                core.OnAnswer(request, answer, _network.UtcNow, now);
            }
            else
            {
                core.OnFailure(request, outcome.ToString(), countsAgainst: true, now);
            }
        }));
    }

    private ReadOnlyMemory<byte>? Answer(StreamPeer from, ReadOnlyMemory<byte> bytes)
    {
        KadMessage? answer = null;
        KadVerdict verdict = KadMessage.TryRead(bytes.Span) is KadMessage request ? Core.Answer((PeerId)from.Name, request, _network.Now, out answer) : KadVerdict.Refused;
        return verdict switch
        {
            KadVerdict.Answered when answer is not null => answer.Encode(),
            KadVerdict.Silent => ReadOnlyMemory<byte>.Empty,
            _ => null,
        };
    }

    private sealed record Reader(KadQuery Query, Action<QueryEvent> Happened, Action Ended);
}
