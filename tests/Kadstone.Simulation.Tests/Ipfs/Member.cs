using System.Net;
using Kadstone.Datagrams;
using Kadstone.Ipfs;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;
using Kadstone.Libp2p;

namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>A kad-dht server of a simulated network: the real core, its messages encoded, each request on a stream.</summary>
internal sealed class Member
{
    private readonly IpfsWorld _world;
    private readonly string _protocol;
    private readonly ITimer _timer;
    private readonly List<Reader> _readers = [];
    private Instant _wakeAt = Instant.Never;

    internal Member(IpfsWorld world, StreamPeer peer, string protocol)
    {
        _world = world;
        _protocol = protocol;
        Peer = peer;
        Id = (PeerId)peer.Name;
        Settings = new KadSettings { Self = Id, Policy = AddressPolicy.Public, Rules = new RecordRules([]), GuardsKeys = world.GuardsKeys };
        Core = new KadProtocol(Settings, world.Network.CreateChance());
        Core.Reside([AddressOf(peer)]);
        _timer = world.Network.TimeProvider.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        peer.Serve(protocol, Answer);
        peer.Met += other => Run((core, now) => core.Identified((PeerId)other.Name, [AddressOf(other)], other.Serving(protocol) is not null, now));
        peer.Parted += other => Core.Disconnected((PeerId)other.Name);
    }

    internal KadProtocol Core { get; }

    internal KadSettings Settings { get; }

    internal StreamPeer Peer { get; }

    internal PeerId Id { get; }

    internal Key256 Key => PeerContact.KeyOf(Id.Bytes.Span);

    internal bool IsLiving => Peer.IsUp;

    internal int Side => Peer.Host.Options.Region;

    internal PeerInfo Info => new(Id, [AddressOf(Peer)]);

    internal static Multiaddr AddressOf(StreamPeer peer) => Multiaddr.FromTcp(peer.Endpoint.ToIPAddress(), peer.Endpoint.Port);

    /// <summary>Knows peers, meets them, and looks for itself; while it knows nobody, again every minute, as the facade does.</summary>
    internal void Join(IReadOnlyList<PeerInfo> bootstrap)
    {
        foreach (PeerInfo peer in bootstrap)
        {
            Core.AddBootstrap(peer);
        }

        if (bootstrap.Count > 0)
        {
            Approach();
        }
    }

    internal void Leave()
    {
        Peer.Close();
        Peer.Host.Stop();
        _timer.Dispose();
    }

    internal void Run(Action<KadProtocol, Instant> action)
    {
        if (IsLiving)
        {
            action(Core, _world.Network.Now);
            Pump();
        }
    }

    /// <summary>Runs a query to its end, or until it is left: each event as it comes, and once the end.</summary>
    internal void Start(KadQuery query, Action<QueryEvent> happened, Action ended)
    {
        _readers.Add(new Reader(query, happened, ended));
        Run((core, now) => core.Start(query, now));
    }

    private void Approach()
    {
        if (IsLiving && Core.Contacts == 0)
        {
            Start(new KadQuery(Settings, KadQueryKind.ClosestPeers, Id.Bytes), _ => { }, () => { });
            _world.Network.Schedule(TimeSpan.FromMinutes(1), Approach);
        }
    }

    private void Wake()
    {
        _wakeAt = Instant.Never;
        Run((core, now) => core.Elapse(now));
    }

    private void Pump()
    {
        Instant now = _world.Network.Now;
        bool hasRead;
        do
        {
            while (Core.TryTakeRequest(now, out KadRequest? request) && request is not null)
            {
                Send(request);
            }

            hasRead = Read();
        }
        while (hasRead);

        // What is overdue while all slots are open has nothing to wait for but an answer.
        Instant next = Core.NextDeadline;
        if (next != _wakeAt)
        {
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
                _world.Network.Schedule(TimeSpan.Zero, reader.Ended);
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

        _world.Streams.Ask(Peer, _protocol, request.Contact.Id, endpoints, request.Message.Encode(), (outcome, bytes) => Run((core, now) =>
        {
            KadMessage? answer = outcome != StreamOutcome.Answered ? null : request.IsAnswered ? KadMessage.TryRead(bytes.Span) : request.Message;
            if (answer is not null && answer.Type == request.Message.Type)
            {
                core.OnAnswer(request, answer, _world.Network.UtcNow, now);
            }
            else
            {
                core.OnFailure(request, outcome.ToString(), countsAgainst: true, now);
            }
        }));
    }

    private ReadOnlyMemory<byte>? Answer(StreamPeer from, ReadOnlyMemory<byte> bytes)
    {
        if (KadMessage.TryRead(bytes.Span) is not KadMessage request)
        {
            return null;
        }

        return Core.Answer((PeerId)from.Name, request, _world.Network.Now, out KadMessage? answer) switch
        {
            KadVerdict.Answered when answer is not null => answer.Encode(),
            KadVerdict.Silent => ReadOnlyMemory<byte>.Empty,
            _ => null,
        };
    }

    private sealed record Reader(KadQuery Query, Action<QueryEvent> Happened, Action Ended);
}
