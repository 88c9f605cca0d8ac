using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core.Peers;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Core;

/// <summary>A Mainline DHT node without I/O: BEP 5 with 32, 33, 42, 43, 44, 45 and 51.</summary>
/// <remarks>
/// One packet's way: <see cref="Receive"/> asks the rate limiter, decodes, and either answers into the outbox (Answers) or
/// closes a request and tells its asker (Requests). What is due by the clock is in Upkeep.
/// </remarks>
internal sealed partial class MainlineProtocol : IDatagramProtocol
{
    /// <summary>Queries are parsed up to here, expected answers up to the transport's 9 KB.</summary>
    private const int MaxQueryLength = 2_048;

    private const int MaxRequests = 4_096;

    private readonly CoreSettings _settings;
    private readonly Random _chance;
    private readonly LocalNode[] _locals;
    private readonly RequestTable<Request> _requests;
    private readonly TokenIssuer _tokens;
    private readonly RateLimiter _limiter;
    private readonly Outbox _outbox = new();
    private readonly List<Walk> _walks = [];
    private readonly NetworkSizeEstimator<Key160> _size = new();
    private readonly NetworkSizeEstimator<Key160> _joiningSize = new();
    private bool _shouldAdvance;

    // 7 of 8 targets lie in the first three buckets: the wider they are, the nearer a lookup begins. Among 300 nodes of another make,
    // whose own tables have gaps, 8 [14] requests instead of 12 [20].
    private static readonly int[] s_firstBucketSizes = [64, 32, 16];

    /// <param name="settings">How the node behaves.</param>
    /// <param name="sockets">The local address of each socket, in the driver's order.</param>
    /// <param name="ids">The node id of each socket.</param>
    /// <param name="chance">All chance: transaction ids, tokens, jitter. Cryptographic outside of tests.</param>
    /// <param name="now">The present moment.</param>
    internal MainlineProtocol(CoreSettings settings, IReadOnlyList<UdpEndpoint> sockets, IReadOnlyList<Key160> ids, Random chance, Instant now)
    {
        _settings = settings;
        _chance = chance;
        RoutingTableOptions table = new()
        {
            FirstBucketSizes = s_firstBucketSizes,
            Diversity = settings.Diversity ? new DiversityLimits() : null,
        };
        _locals = new LocalNode[sockets.Count];
        for (int i = 0; i < _locals.Length; i++)
        {
            _locals[i] = new LocalNode((byte)i, sockets[i], ids[i], settings.Scope, table, chance);
        }

        _requests = new RequestTable<Request>(chance, MaxRequests);
        _tokens = new TokenIssuer(chance, now);
        _limiter = new RateLimiter(settings.Limits, chance);
        _publications = new Publications(chance);
        Reachability = new Reachability(settings.Serving);
        Reachability.Start(now);
        Peers = new PeerTable(settings.Peers, chance, ids[0]);
        Peers.Expired = (infoHash, peer) => PeerNews.Add(new PeerChange(infoHash, peer, Expired: true));
        _bootstraps = new Bootstrap[_locals.Length];
        for (int i = 0; i < _locals.Length; i++)
        {
            _bootstraps[i] = new Bootstrap(_locals[i]);
        }
    }

    internal IReadOnlyList<LocalNode> Locals => _locals;

    internal Counters Counters { get; } = new();

    internal RateLimiter Limiter => _limiter;

    internal PeerTable Peers { get; }

    internal PeerNews PeerNews { get; } = new();

    internal InboundItems InboundItems { get; } = new();

    internal Reachability Reachability { get; }

    internal RoundTripEstimator RoundTrips { get; } = new();

    internal SampleSchedule SampleSchedule { get; } = new();

    /// <summary>How large the network is by all lookups but those of joining; before the fourth of them by those of joining.</summary>
    /// <remarks>A sum of distances is ruled by its largest: lookups from a table that was still filling, or from when the network was
    /// small, would spoil it for as long as they are in the window.</remarks>
    internal NetworkSize Size => _size.Estimate is { Lookups: >= 4 } settled ? settled : _joiningSize.Estimate;

    /// <summary>Who watches lookups; null: nobody.</summary>
    internal ILookupObserver<NodeContact>? LookupObserver { get; set; }

    internal int OpenRequests => _requests.Count;

    internal int ActiveWalks => _walks.Count(static walk => !walk.IsFinished && !walk.Query.IsUpkeep);

    internal int UpkeepWalks => _walks.Count(static walk => !walk.IsFinished && walk.Query.IsUpkeep);

    /// <summary>The end: lookups and publications stop where they are.</summary>
    internal void StopAll()
    {
        foreach (Publication publication in _publications.All.ToArray())
        {
            _publications.Remove(publication);
        }

        foreach (Walk walk in _walks)
        {
            walk.Query.Stop();
        }

        _walks.Clear();
    }

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        Counters.Received++;

        // BEP 5 shares its port with uTP and UDP trackers: a KRPC message starts with 'd' and ends with 'e'.
        if (datagram.Length < 8 || datagram[0] != (byte)'d' || datagram[^1] != (byte)'e' || socket >= _locals.Length || from.Port == 0)
        {
            Counters.NotKrpc++;
            return;
        }

        bool awaited = _requests.IsAwaiting(from);
        int allowance = 0;
        if (LooksLikeReply(datagram))
        {
            if (!awaited)
            {
                Counters.Unmatched++;
                return;
            }
        }
        else if (!_limiter.Admit(from, datagram.Length, now, out allowance, out _))
        {
            if (!awaited)
            {
                Counters.RateLimited++;
                return;
            }

            allowance = 0;
        }

        if (!KrpcReader.TryRead(datagram, out KrpcMessage message, out Malformed why))
        {
            Counters.CountMalformed(why);
            return;
        }

        switch (message.Kind)
        {
            case KrpcKind.Query when datagram.Length > MaxQueryLength:
                Counters.TooLong++;
                break;
            case KrpcKind.Query when allowance > 0:
                ReceiveQuery(_locals[socket], message, from, datagram.Length, allowance, now);
                break;
            case KrpcKind.Query:
                Counters.RateLimited++;
                break;
            default:
                ReceiveReply(_locals[socket], message, from, now);
                break;
        }
    }

    /// <inheritdoc/>
    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit)
    {
        if (_outbox.IsEmpty && _shouldAdvance)
        {
            Advance(now);
        }

        if (!_outbox.TryTake(buffer, out transmit))
        {
            return false;
        }

        Counters.Sent++;
        return true;
    }

    /// <inheritdoc/>
    public Instant NextDeadline
    {
        get
        {
            Instant next = Instant.Earlier(_requests.NextDeadline, _upkeepAt);
            if (_resends.TryPeek(out _, out long resendAt))
            {
                next = Instant.Earlier(next, new Instant(resendAt));
            }

            // Those that may not ask go on when a request is over, and not before.
            if (MayLookUp)
            {
                foreach (Walk walk in _walks)
                {
                    next = Instant.Earlier(next, walk.Lookup.NextDeadline);
                }
            }

            return next;
        }
    }

    /// <inheritdoc/>
    public void Elapse(Instant now)
    {
        NoteLeap(now);
        ExpireRequests(now);
        ResendDue(now);
        if (now >= _upkeepAt)
        {
            Upkeep(now);
        }

        Advance(now);
        _plannedAt = Instant.Later(NextDeadline, now);
    }

    // BEP 3 sorts the keys of a dictionary, so the kind of message is almost always its last entry.
    private static bool LooksLikeReply(ReadOnlySpan<byte> datagram) =>
        datagram.EndsWith("1:y1:re"u8) || datagram.EndsWith("1:y1:ee"u8);
}
