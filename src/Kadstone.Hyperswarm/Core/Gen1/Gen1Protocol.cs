using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>A node of dht-rpc 1 to 3, and of hyperdht 1, without I/O.</summary>
/// <remarks>
/// One packet's way: <see cref="Receive"/> asks the rate limiter, decodes, and either answers into the outbox (Answers, Peers),
/// passes a ping on (Forwards), or closes a request and tells its asker (Requests). What is due by the clock is in Upkeep.
/// </remarks>
internal sealed partial class Gen1Protocol : INodeCore
{
    private const int MaxRequests = 4_096;
    private const int MaxPerEndpoint = 4;
    private const uint Loopback = 0x7F00_0001;

    // Secrets change every five minutes, and the one before is accepted, too.
    private static readonly TimeSpan s_tokenRotation = TimeSpan.FromMinutes(5);

    private readonly Gen1Settings _settings;
    private readonly Random _chance;
    private readonly UdpEndpoint _bound;
    private readonly RequestTable<Gen1OpenRequest> _requests;
    private readonly RpcTokens _tokens;
    private readonly RateLimiter _limiter;
    private readonly Outbox _outbox = new();
    private readonly List<Gen1Walk> _walks = [];
    private bool _shouldAdvance;

    /// <param name="settings">How the node behaves.</param>
    /// <param name="bound">Where it is bound; 0.0.0.0 if everywhere.</param>
    /// <param name="chance">All chance: transaction ids, tokens, the id, which peers are named. Cryptographic outside of tests.</param>
    /// <param name="now">The present moment.</param>
    internal Gen1Protocol(Gen1Settings settings, UdpEndpoint bound, Random chance, Instant now)
    {
        _settings = settings;
        _chance = chance;
        _bound = bound;
        Id = settings.Id ?? Keyspace.Random<Key256>(chance);
        Table = new RoutingTable<Key256, Gen1Contact>(Id, TableOptions(settings), chance);
        Peers = new Gen1PeerStore(chance);
        _requests = new RequestTable<Gen1OpenRequest>(chance, MaxRequests, transactionBits: 15, MaxPerEndpoint);
        _tokens = new RpcTokens(chance, now, s_tokenRotation);
        _limiter = new RateLimiter(settings.Limits, chance);
    }

    /// <summary>Where we stand in the keyspace. Others are told unless we are ephemeral.</summary>
    internal Key256 Id { get; }

    internal bool IsEphemeral => _settings.IsEphemeral;

    /// <summary>How we name ourselves: where we are bound, which is loopback if it is everywhere.</summary>
    internal UdpEndpoint Own => _bound.AddressLow == 0 ? UdpEndpoint.FromIPv4(Loopback, _bound.Port) : _bound;

    internal RoutingTable<Key256, Gen1Contact> Table { get; }

    internal Gen1PeerStore Peers { get; }

    internal Gen1Counters Counters { get; } = new();

    internal RateLimiter Limiter => _limiter;

    internal RoundTripEstimator RoundTrips { get; } = new();

    public InboundRequests InboundRequests { get; } = new();

    internal int OpenRequests => _requests.Count;

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        Counters.Received++;
        if (datagram.Length < Gen1Reader.HeaderLength || from.Port == 0 || !from.IsIPv4)
        {
            Counters.CountMalformed(Gen1Malformed.TooShort);
            return;
        }

        int allowance = 0;
        bool isRequest = (datagram[0] & (Gen1Reader.RequestBit >> 8)) != 0;
        if (!isRequest && !_requests.IsAwaiting(from))
        {
            Counters.Unmatched++;
            return;
        }

        if (isRequest && !_limiter.Admit(from, datagram.Length, now, out allowance, out _))
        {
            Counters.RateLimited++;
            return;
        }

        if (!Gen1Reader.TryRead(datagram, out Gen1Message message, out Gen1Malformed why))
        {
            Counters.CountMalformed(why);
        }
        else if (isRequest)
        {
            ReceiveRequest(message, new Reply(from, from, message.Transaction, Math.Min(MaxAnswer, allowance)), datagram.Length, now);
        }
        else
        {
            ReceiveResponse(message, from, now);
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
            Instant next = Instant.Earlier(Instant.Earlier(_requests.NextDeadline, _upkeepAt), Peers.NextDeadline);
            if (_resends.TryPeek(out _, out long resendAt))
            {
                next = Instant.Earlier(next, new Instant(resendAt));
            }

            if (MayAsk)
            {
                foreach (Gen1Walk walk in _walks)
                {
                    next = Instant.Earlier(next, walk.NextDeadline);
                }
            }

            return next;
        }
    }

    /// <inheritdoc/>
    public void Elapse(Instant now)
    {
        ExpireRequests(now);
        ResendDue(now);
        Peers.Expire(now);
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

    // Ids are drawn anew at each start of a node: who comes back under another one is as welcome as before.
    private static RoutingTableOptions TableOptions(Gen1Settings settings) => new()
    {
        BucketSize = Gen1Walk.Width,
        ReplacementSize = Gen1Walk.Width,
        KeyChangeBan = TimeSpan.Zero,
        Diversity = settings.Diversity ? new DiversityLimits() : null,
    };

    private bool Accepts(UdpEndpoint endpoint) => endpoint.IsIPv4 && _settings.Scope.Allows(endpoint);

    private bool IsOwn(UdpEndpoint endpoint) => endpoint == _bound || endpoint == Own;

    private bool IsOwn(in Gen1Contact contact) => contact.Id == Id || IsOwn(contact.Endpoint);
}
