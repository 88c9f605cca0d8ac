using System.Runtime.CompilerServices;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>The storing half of hyperdht 6: answers its eleven commands.</summary>
/// <remarks>
/// npm hyperdht 6, lib/persistent.js. What is not as it should be is not answered; only a sequence number that is too low or used is told.
/// Records, routes and refresh tokens are soft state and answered here. Values are durable: they wait in <see cref="Values"/> for the store,
/// and an immutable one, which never changes, is answered from memory afterwards.
/// </remarks>
internal sealed class HyperCommands : IRequestService
{
    private const int MaxLookupLength = 1 + (LookupAnswer.MaxPeers * (HyperPeer.MinLength + (HyperPeer.MaxRelayAddresses * CompactReader.EndpointLength))) + 9;
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    private readonly IServiceHost _host;
    private readonly HyperLimits _limits;
    private readonly HandshakeRelay _relay;
    private readonly Budget _checks;
    private readonly Budget _puts;
    private readonly ExpiringMap<ReadOnlyMemory<byte>> _cache;
    private (Instant At, long UnixMilliseconds) _clock;

    /// <param name="host">The node.</param>
    /// <param name="limits">How much is kept, and for whom.</param>
    /// <param name="chance">The secrets of the hash tables, and the picks of lookups.</param>
    internal HyperCommands(IServiceHost host, HyperLimits limits, Random chance)
    {
        SecretKeyComparer comparer = new(chance);
        _host = host;
        _limits = limits;
        Topics = new TopicTable(limits, comparer, chance);
        Routes = new ServerRoutes(limits, comparer);
        Refreshes = new RefreshChains(limits, comparer);
        _relay = new HandshakeRelay(host, Routes, limits, Counters);
        _checks = new Budget(s_second, limits.Checks, limits.ChecksPerSource);
        _puts = new Budget(s_hour, limits.Values, limits.PutsPerSource);
        _cache = new ExpiringMap<ReadOnlyMemory<byte>>(limits.CachedValues, s_hour, comparer) { MakesRoom = true };
    }

    internal TopicTable Topics { get; }

    internal ServerRoutes Routes { get; }

    internal RefreshChains Refreshes { get; }

    internal HyperCounters Counters { get; } = new();

    internal TrafficNews News { get; } = new();

    /// <summary>Requests that the store has a say in.</summary>
    internal InboundRequests Values { get; } = new();

    public Instant NextDeadline => Instant.Earlier(Instant.Earlier(Topics.NextDeadline, Routes.NextDeadline), Instant.Earlier(Refreshes.NextDeadline, _cache.NextDeadline));

    public bool Serves(uint command) => command <= (uint)HyperCommand.Plugin;

    public void Elapse(Instant now)
    {
        Topics.Expire(now);
        Routes.Expire(now);
        Refreshes.Expire(now);
        _cache.Expire(now);
    }

    /// <summary>Tells the time of day, which bumps are held against. Until then none is taken.</summary>
    internal void SetClock(long unixMilliseconds, Instant now) => _clock = (now, unixMilliseconds);

    /// <summary>Remembers an immutable value that the store has.</summary>
    internal void Remember(in Key256 target, ReadOnlyMemory<byte> value, Instant now) => _cache.Put(target, value, now);

    public void Answer(scoped in ServiceRequest request, Instant now)
    {
        HyperCommand command = (HyperCommand)request.Message.Command;
        if (command > HyperCommand.PeerHolepunch && !_host.IsPersistent)
        {
            _host.Refuse(request, RpcError.UnknownCommand, now);
            return;
        }

        switch (command)
        {
            case HyperCommand.PeerHandshake:
                _relay.Handshake(request, now);
                break;
            case HyperCommand.PeerHolepunch:
                _relay.Holepunch(request, now);
                break;
            case HyperCommand.FindPeer when request.Message.HasTarget:
                FindPeer(request, now);
                break;
            case HyperCommand.Lookup when request.Message.HasTarget:
                Lookup(request, now);
                break;
            case HyperCommand.Announce when IsWrite(request):
                Announce(request, now);
                break;
            case HyperCommand.Unannounce when IsWrite(request):
                Unannounce(request, now);
                break;
            case HyperCommand.MutablePut when IsWrite(request):
                PutMutable(request, now);
                break;
            case HyperCommand.MutableGet when request.Message.HasTarget && new CompactReader(request.Message.Value).TryReadUInt(out _):
                Queue(request, now);
                break;
            case HyperCommand.ImmutablePut when IsWrite(request):
                PutImmutable(request, now);
                break;
            case HyperCommand.ImmutableGet when request.Message.HasTarget:
                GetImmutable(request, now);
                break;
            default:
                // Also PLUGIN: there are none here, and nobody says so.
                Counters.Unreadable++;
                break;
        }
    }

    private static bool IsWrite(scoped in ServiceRequest request) => request.IsTrusted && request.Message.HasTarget && request.Message.HasValue;

    private void FindPeer(scoped in ServiceRequest request, Instant now)
    {
        if (!Routes.TryGet(request.Message.Target, now, out ServerRoutes.Route route))
        {
            _host.ReplyEmpty(request, givesToken: true, givesNodes: true, now);
            return;
        }

        CompactWriter writer = new(stackalloc byte[MaxLookupLength]);
        route.Peer.Write(ref writer);
        _host.Reply(request, writer.Written, now);
    }

    private void Lookup(scoped in ServiceRequest request, Instant now)
    {
        Key256 topic = request.Message.Target;
        Span<byte> buffer = stackalloc byte[MaxLookupLength];
        KeptPeer? self = Routes.TryGet(topic, now, out ServerRoutes.Route route) ? route.Peer : null;
        int length = Topics.WriteLookup(topic, self, buffer[..Math.Min(buffer.Length, _host.Room(request))], now);
        if (length == 0)
        {
            _host.ReplyEmpty(request, givesToken: true, givesNodes: true, now);
        }
        else
        {
            _host.Reply(request, buffer[..length], now);
        }

        News.Add(new HyperTraffic(HyperTrafficKind.Lookup, topic, request.From, 0));
    }

    private void Announce(scoped in ServiceRequest request, Instant now)
    {
        if (!Announcement.TryRead(request.Message.Value, out Announcement announcement) || (!announcement.HasPeer && announcement.Refresh.IsEmpty))
        {
            Counters.Unreadable++;
            return;
        }

        bool isStored = announcement.HasPeer
            ? IsSigned(request, announcement, HyperNamespace.Announce, now) && Store(request, announcement, now)
            : Refresh(request, announcement, now);
        if (isStored)
        {
            _host.ReplyEmpty(request, givesToken: false, givesNodes: false, now);
            News.Add(new HyperTraffic(HyperTrafficKind.Announce, request.Message.Target, request.From, 0));
        }
    }

    private void Unannounce(scoped in ServiceRequest request, Instant now)
    {
        if (!Announcement.TryRead(request.Message.Value, out Announcement announcement) || !announcement.HasPeer)
        {
            Counters.Unreadable++;
            return;
        }

        if (!IsSigned(request, announcement, HyperNamespace.Unannounce, now))
        {
            return;
        }

        Key256 target = request.Message.Target;
        Topics.Remove(target, Key256.Read(announcement.Peer.PublicKey));
        if (HyperHash.Of(announcement.Peer.PublicKey) == target)
        {
            Routes.Remove(target);
        }

        _host.ReplyEmpty(request, givesToken: false, givesNodes: false, now);
        News.Add(new HyperTraffic(HyperTrafficKind.Unannounce, target, request.From, 0));
    }

    private bool Store(scoped in ServiceRequest request, scoped in Announcement announcement, Instant now)
    {
        Key256 target = request.Message.Target;
        KeptPeer peer = new(announcement.Peer);
        bool isServer = HyperHash.Of(announcement.Peer.PublicKey) == target;
        bool isStored = isServer
            ? Routes.Announce(target, peer, request.From, now)
            : Topics.Announce(target, peer, request.From, BumpOf(announcement.Bump, now), now) <= RecordAdmission.Refreshed;
        if (isStored && !announcement.Refresh.IsEmpty && !Refreshes.Begin(Key256.Read(announcement.Refresh), target, peer.PublicKey, now))
        {
            Counters.RefreshRefused++;
        }

        return isStored;
    }

    private bool Refresh(scoped in ServiceRequest request, scoped in Announcement announcement, Instant now)
    {
        bool isRefreshed = Refreshes.TryAdvance(Key256.Read(announcement.Refresh), HyperHash.Of(announcement.Refresh), now, out RefreshChains.Link link)
            && (Topics.Refresh(link.Target, link.PublicKey, now) || RefreshRoute(link, request.From, now));
        Counters.RefreshRefused += isRefreshed ? 0 : 1;
        return isRefreshed;
    }

    private bool RefreshRoute(in RefreshChains.Link link, UdpEndpoint from, Instant now) =>
        Routes.TryGet(link.Target, now, out ServerRoutes.Route route) && route.Peer.PublicKey == link.PublicKey && Routes.Refresh(link.Target, from, now);

    // One who says tomorrow would keep all others from being heard until then.
    private long BumpOf(long bump, Instant now)
    {
        TimeSpan since = now - _clock.At;
        return bump <= _clock.UnixMilliseconds + (long)(since + _limits.BumpDrift).TotalMilliseconds && _clock.UnixMilliseconds != 0 ? bump : 0;
    }

    private bool IsSigned(scoped in ServiceRequest request, scoped in Announcement announcement, ReadOnlySpan<byte> purpose, Instant now)
    {
        if (announcement.Signature.IsEmpty)
        {
            Counters.Unreadable++;
            return false;
        }

        if (!_checks.TrySpend(request.From, now))
        {
            Counters.OverChecks++;
            return false;
        }

        bool isSigned = announcement.IsSigned(purpose, request.Message.Target, _host.Id, request.Message.Token);
        Counters.Forged += isSigned ? 0 : 1;
        return isSigned;
    }

    private void PutMutable(scoped in ServiceRequest request, Instant now)
    {
        if (!MutablePut.TryRead(request.Message.Value, out MutablePut put))
        {
            Counters.Unreadable++;
        }
        else if (put.Item.Value.Length > MutableItem.MaxValueLength)
        {
            Counters.Oversize++;
        }
        else if (HyperHash.Of(put.PublicKey) != request.Message.Target)
        {
            Counters.WrongTarget++;
        }
        else if (!_checks.TrySpend(request.From, now))
        {
            // The desk checks it, outside of the lock; it costs a processor's time all the same.
            Counters.OverChecks++;
        }
        else
        {
            QueuePut(request, now);
        }
    }

    private void PutImmutable(scoped in ServiceRequest request, Instant now)
    {
        if (request.Message.Value.Length > ImmutableValue.MaxLength)
        {
            Counters.Oversize++;
        }
        else if (HyperHash.Of(request.Message.Value) != request.Message.Target)
        {
            Counters.WrongTarget++;
        }
        else
        {
            QueuePut(request, now);
        }
    }

    private void GetImmutable(scoped in ServiceRequest request, Instant now)
    {
        ref ReadOnlyMemory<byte> value = ref _cache.Find(request.Message.Target, now);
        if (Unsafe.IsNullRef(ref value))
        {
            Queue(request, now);
        }
        else
        {
            _host.Reply(request, value.Span, now);
        }
    }

    private void QueuePut(scoped in ServiceRequest request, Instant now)
    {
        if (_puts.TrySpend(request.From, now))
        {
            Queue(request, now);
        }
        else
        {
            Counters.OverPuts++;
        }
    }

    private void Queue(scoped in ServiceRequest request, Instant now)
    {
        ReadOnlyMemory<byte>? value = request.Message.HasValue ? request.Message.Value.ToArray() : null;
        RpcRequest asked = new(request.From, null, request.Message.Command, request.Message.Target, value, request.IsTrusted);
        Counters.InboxFull += Values.TryAdd(new InboundRequest(asked, request.Message.Transaction, request.Socket, now)) ? 0 : 1;
    }
}
