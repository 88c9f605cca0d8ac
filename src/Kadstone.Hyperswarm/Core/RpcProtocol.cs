using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>A node of dht-rpc 6 without I/O.</summary>
/// <remarks>
/// One packet's way: <see cref="Receive"/> asks the rate limiter, decodes, and either answers into the outbox (Answers) or
/// closes a request and tells its asker (Requests). What is due by the clock is in Upkeep, who we are to others in Identity. Socket 0 is the server socket, which
/// alone carries our id; socket 1, if there is one, the client socket, from which an ephemeral node asks. Both answer.
/// </remarks>
internal sealed partial class RpcProtocol : INodeCore
{
    /// <summary>The socket whose address is our id.</summary>
    internal const byte ServerSocket = 0;

    private const int MaxRequests = 4_096;

    // A walk asks each node once, so that this is how many walks may meet at one: in a small network all of them do.
    private const int MaxPerEndpoint = 64;

    // 7 of 8 targets lie in the first three rows: the wider they are, the nearer a query begins, and the more of the true 20 it knows by itself.
    private static readonly int[] s_firstBucketSizes = [128, 64, 32];

    private readonly RpcSettings _settings;
    private readonly Random _chance;
    private readonly UdpEndpoint[] _sockets;
    private readonly RequestTable<OpenRequest> _requests;
    private readonly RpcTokens _tokens;
    private readonly RateLimiter _limiter;
    private readonly Outbox _outbox = new();
    private readonly List<Walk> _walks = [];
    private readonly NetworkSizeEstimator<Key256> _size = new();
    private readonly NetworkSizeEstimator<Key256> _joiningSize = new();
    private bool _shouldAdvance;

    /// <param name="settings">How the node behaves.</param>
    /// <param name="sockets">The local address of the server socket, and of the client socket if there is one.</param>
    /// <param name="chance">All chance: transaction ids, tokens, an ephemeral id. Cryptographic outside of tests.</param>
    /// <param name="now">The present moment.</param>
    internal RpcProtocol(RpcSettings settings, IReadOnlyList<UdpEndpoint> sockets, Random chance, Instant now)
    {
        _settings = settings;
        _chance = chance;
        _sockets = [.. sockets];
        IsPersistent = settings.IsPersistent;
        _external = settings.External ?? _sockets[ServerSocket];
        Id = IsPersistent ? RpcContact.FromEndpoint(_external).Id : Keyspace.Random<Key256>(chance);
        Table = new RoutingTable<Key256, RpcContact>(Id, TableOptions(settings), chance);
        _requests = new RequestTable<OpenRequest>(chance, MaxRequests, transactionBits: 16, MaxPerEndpoint);
        _tokens = new RpcTokens(chance, now);
        _limiter = new RateLimiter(settings.Limits, chance);
    }

    /// <summary>Where we stand in the keyspace. Others know it only while we are persistent.</summary>
    internal Key256 Id { get; private set; }

    internal bool IsPersistent { get; private set; }

    /// <summary>The contacts; another table after the id has changed.</summary>
    internal RoutingTable<Key256, RpcContact> Table { get; private set; }

    internal Counters Counters { get; } = new();

    internal RateLimiter Limiter => _limiter;

    internal RoundTripEstimator RoundTrips { get; } = new();

    public InboundRequests InboundRequests { get; } = new();

    /// <summary>How large the network is by all lookups but those of joining; before the fourth of them by those of joining.</summary>
    internal NetworkSize Size => _size.Estimate is { Lookups: >= 4 } settled ? settled : _joiningSize.Estimate;

    /// <summary>Who watches lookups; null: nobody.</summary>
    internal ILookupObserver<RpcContact>? LookupObserver { get; set; }

    internal int OpenRequests => _requests.Count;

    // While we are not known to be reachable the client socket asks: what a NAT opened for the server socket stays as it is.
    private byte AskingSocket => IsFirewalled ? (byte)(_sockets.Length - 1) : ServerSocket;

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        Counters.Received++;
        if (datagram.Length < 2 || socket >= _sockets.Length || from.Port == 0 || !from.IsIPv4)
        {
            Counters.CountMalformed(RpcMalformed.Truncated);
            return;
        }

        bool isAwaited = _requests.IsAwaiting(from);
        int allowance = 0;
        if (datagram[0] == RpcReader.ResponseByte)
        {
            if (!isAwaited)
            {
                Counters.Unmatched++;
                return;
            }
        }
        else if (datagram[0] != RpcReader.RequestByte)
        {
            Counters.CountMalformed(RpcMalformed.NotRpc);
            return;
        }
        else if (!_limiter.Admit(from, datagram.Length, now, out allowance, out _))
        {
            Counters.RateLimited++;
            return;
        }

        if (!RpcReader.TryRead(datagram, out RpcMessage message, out RpcMalformed why))
        {
            Counters.CountMalformed(why);
            return;
        }

        if (message.Kind == RpcKind.Request)
        {
            ReceiveRequest(message, from, socket, allowance, now);
        }
        else
        {
            ReceiveResponse(message, from, socket, now);
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
            Instant next = Instant.Earlier(Instant.Earlier(_requests.NextDeadline, _upkeepAt), _tickAt);
            if (_isHeldUp || _waiting.Count > 0)
            {
                next = Instant.Earlier(next, _window.NextTurn);
            }

            if (_resends.TryPeek(out _, out long resendAt))
            {
                next = Instant.Earlier(next, new Instant(resendAt));
            }

            if (_delayed.TryPeek(out _, out long answerAt))
            {
                next = Instant.Earlier(next, new Instant(answerAt));
            }

            if (Service is { } service)
            {
                next = Instant.Earlier(next, service.NextDeadline);
            }

            // A lookup that may not ask does not look at its time either: its caller or the window wakes it.
            foreach (Walk walk in _walks)
            {
                next = walk.IsPaused || _isHeldUp ? next : Instant.Earlier(next, walk.Lookup.NextDeadline);
            }

            return next;
        }
    }

    /// <inheritdoc/>
    public void Elapse(Instant now)
    {
        ExpireRequests(now);
        ResendDue(now);
        AnswerDelayed(now);
        Service?.Elapse(now);
        if (now >= _tickAt)
        {
            Tick(now);
        }

        if (now >= _upkeepAt)
        {
            Upkeep(now);
        }

        Advance(now);
    }

    /// <summary>The end: queries stop where they are.</summary>
    internal void StopAll()
    {
        _walks.ForEach(walk => walk.Stop());
        _walks.Clear();
    }

    private static RoutingTableOptions TableOptions(RpcSettings settings) => new()
    {
        BucketSize = Walk.Width,
        FirstBucketSizes = s_firstBucketSizes,
        ReplacementSize = Walk.Width,
        Diversity = settings.Diversity ? new DiversityLimits() : null,
    };

    private bool IsOwn(in RpcContact contact) => contact.Id == Id || IsOwn(contact.Endpoint);

    /// <summary>Whether an endpoint is one of ours.</summary>
    internal bool IsOwn(UdpEndpoint endpoint) => Array.IndexOf(_sockets, endpoint) >= 0 || (IsPersistent && endpoint == _external);
}
