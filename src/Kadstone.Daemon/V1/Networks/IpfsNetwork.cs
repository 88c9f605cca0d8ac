using System.Runtime.CompilerServices;
using System.Text;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Lookups;
using Kadstone.Daemon.V1.Publishing;
using Kadstone.Hosting;
using Kadstone.Ipfs;
using Kadstone.Kademlia;
using Kadstone.Libp2p;
using Kadstone.Storage;

namespace Kadstone.Daemon.V1.Networks;

/// <summary>The IPFS DHT behind the API.</summary>
internal sealed class IpfsNetwork : DaemonNetwork
{
    private readonly IpfsDht _dht;
    private readonly PrivateKey _identity;
    private readonly LookupLog _log;
    private readonly LookupWatch<KadContact> _watch;

    public IpfsNetwork(IpfsDht dht, IpfsOptions options, LookupLog log)
    {
        _dht = dht;
        _identity = options.Host.Identity ?? throw new ArgumentException("The node's options name no identity; the daemon publishes under it.", nameof(options));
        AnnounceInterval = options.ProvideInterval;
        ValueInterval = options.RecordInterval;
        _log = log;
        _watch = new LookupWatch<KadContact>(log, Name, Describe, TargetOf);
        dht.LookupObserver = _watch;
    }

    public override string Name => "ipfs";

    public override string Title => "IPFS";

    public override string KeyForm => "a CID";

    public override IReadOnlyList<Shelf> ValueShelves { get; } = [Shelf.IpfsValues];

    public override TimeSpan AnnounceInterval { get; }

    public override TimeSpan ValueInterval { get; }

    public override string ValueKind => "name";

    public override Task<int> ProbeAsync(CancellationToken cancellationToken) => NetworkNode.Of(_dht).ProbeAsync(cancellationToken);

    public override void Leave() => _dht.LookupObserver = null;

    public override bool IsReady => _dht.Ready.IsCompleted;

    public override NetworkFacts Facts()
    {
        IReadOnlyList<IpfsStatus> status = _dht.Status();
        HostStatus host = _dht.Host.Status();
        double nodes = status.Max(one => one.NetworkSize);
        return new NetworkFacts
        {
            Id = _dht.LocalPeer.ToString(),
            Keyspace = _dht.Tables()[0].Self.ToString(),
            Addresses = [.. _dht.Addresses.Select(address => address.WithPeer(_dht.LocalPeer).ToString())],
            Contacts = _dht.Contacts().Count,
            EstimatedNodes = nodes > 0 ? nodes : null,
            Mode = _dht.IsServer ? "server" : "client",
            Reachable = _dht.IsServer ? true : null,
            IsReady = IsReady,
            StoredPeers = status.Sum(one => one.Providers),
            Traffic = new TrafficCounts(
                status.Sum(one => one.Answered + one.Refused + one.Requests - one.Failures),
                status.Sum(one => one.Requests + one.Answered),
                host.BytesReceived,
                host.BytesSent,
                new DroppedCounts(0, status.Sum(one => one.Refused), 0)),
            Door = _dht.Host.ListenAddresses.Count > 0 ? $"the TCP port of {_dht.Host.ListenAddresses[0]}" : "a TCP port",
        };
    }

    // A node that is in both DHTs has two tables; the worldwide one comes first, if it has anybody.
    public override TableAnswer Table()
    {
        IReadOnlyList<TableView<Key256, KadContact>> tables = _dht.Tables();
        TableView<Key256, KadContact> table = tables.FirstOrDefault(one => one.Entries.Count > 0) ?? tables[0];
        Dictionary<PeerId, string> agents = [];
        foreach (ConnectedPeer peer in _dht.Host.Connections)
        {
            if (peer.Identity is IdentifiedPeer identity)
            {
                agents[peer.Id] = identity.AgentVersion;
            }
        }

        return AnswerOf(_dht.LocalPeer.ToString(), table, Describe, _watch.RoundTripOf, contact => agents.GetValueOrDefault(contact.Id));
    }

    public override bool TryReadKey(string text, out string key)
    {
        bool isKey = Cid.TryParse(text, out Cid? cid);
        key = cid?.ToString() ?? "";
        return isKey || IsPeer(text, out key);
    }

    public override async IAsyncEnumerable<PeerAnswer> FindPeersAsync(string key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        bool asPeer = !Cid.TryParse(key, out Cid? cid) || cid.Codec == Cid.Libp2pKeyCodec;
        IAsyncEnumerable<QueryEvent> events = asPeer && PeerId.TryParse(key, out PeerId? peer)
            ? _dht.FindPeerEventsAsync(peer, new FindPeerOptions { MustBeReached = false }, cancellationToken)
            : _dht.FindProvidersEventsAsync(Cid.Parse(key), new FindProvidersOptions { NumProviders = 0, ThrowIfFewer = false }, cancellationToken);
        await foreach (QueryEvent happened in Unless<PeerNotFoundException>(events, cancellationToken).ConfigureAwait(false))
        {
            if (happened is { Type: QueryEventType.Provider or QueryEventType.FinalPeer, Responses: [PeerInfo found] })
            {
                yield return new PeerAnswer(found.Id.ToString(), [.. found.Addresses.Select(address => address.ToString())], asPeer ? null : happened.Id.ToString());
            }
        }
    }

    public override async Task<Told> AnnounceAsync(string key, int? port, CancellationToken cancellationToken)
    {
        if (port is not null)
        {
            throw new V1Exception(400, "An announcement on IPFS has no port: providers are found by their peer id.");
        }

        // The daemon tells it again itself, and counts.
        ProvideOutcome outcome = await _dht.ProvideAsync(CidOf(key), new ProvideOptions { Keep = false }, cancellationToken).ConfigureAwait(false);
        return new Told(outcome.Told, 0, outcome.Failed);
    }

    public override Task WithdrawAsync(string key, int? port, CancellationToken cancellationToken) => _dht.StopProvidingAsync(CidOf(key), cancellationToken);

    public override async Task<ValueAnswer?> GetValueAsync(string key, bool? isMutable, byte[] salt, CancellationToken cancellationToken)
    {
        string text = key.StartsWith("/ipns/", StringComparison.Ordinal) ? key["/ipns/".Length..] : key;
        if (!PeerId.TryParse(text, out PeerId? name) || isMutable == false || salt.Length > 0)
        {
            throw new V1Exception(400, $"'{Shown.Of(key)}' is no key of a value on IPFS: the DHT has IPNS names, a peer id or libp2p-key CID is allowed, without kind=immutable and without a salt.");
        }

        LookupScope scope = LookupScope.Open(Name);
        try
        {
            ReadOnlyMemory<byte> record = await _dht.GetAsync(RecordKey.OfName(name), null, cancellationToken).ConfigureAwait(false);
            IpnsName resolved = await _dht.ResolveNameAsync(name, new GetOptions { Quorum = 1 }, cancellationToken).ConfigureAwait(false);
            return new ValueAnswer(name.ToString(), record, resolved.Path, (long)Math.Min(resolved.Sequence, long.MaxValue), null, null, null, scope.Id);
        }
        catch (RecordNotFoundException)
        {
            return null;
        }
    }

    public override async Task<PutDone> PutValueAsync(PutValue value, CancellationToken cancellationToken)
    {
        if (!value.IsMutable || value.Salt.Length > 0)
        {
            throw new V1Exception(400, "The DHT of IPFS has no immutable values and no salt: kind \"mutable\" with key \"self\" publishes an IPNS name, whose text is a path such as /ipfs/CID.");
        }

        string path = TextOf(value.Bytes) ?? "";
        if (!path.StartsWith("/ipfs/", StringComparison.Ordinal) && !path.StartsWith("/ipns/", StringComparison.Ordinal))
        {
            throw new V1Exception(400, $"'{Shown.Of(path)}' is no path that an IPNS name leads to: /ipfs/CID or /ipns/NAME is allowed.");
        }

        PublishOptions options = new() { Keep = false, Sequence = value.Sequence is long sequence ? (ulong)sequence : null };
        IpnsName published = await _dht.PublishNameAsync(_identity, path, options, cancellationToken).ConfigureAwait(false);
        PutOutcome outcome = published.Put.GetValueOrDefault();
        return new PutDone(published.Name.ToString(), (long)Math.Min(published.Sequence, long.MaxValue), new Told(outcome.StoredOn, 0, outcome.Failed));
    }

    public override async Task<Found> CheckAsync(KeptPublication publication, CancellationToken cancellationToken)
    {
        if (!publication.IsAnnouncement)
        {
            // Our own copy is found in any case: what counts is what others brought.
            LookupScope scope = LookupScope.Open(Name);
            await _dht.GetAsync(RecordKey.OfName(_dht.LocalPeer), new GetOptions { Quorum = 0 }, cancellationToken).ConfigureAwait(false);
            (int withRecord, int all) = _log.Find(scope.Id)?.AnswersSoFar ?? default;
            return new Found(withRecord > 0, withRecord > 0 ? $"{withRecord} of {all} peers that answered have the record." : $"None of {all} peers that answered has the record.");
        }

        FindProvidersOptions options = new() { NumProviders = 0, ThrowIfFewer = false, AsksOthersOnly = true };
        int providers = 0;
        bool isNamed = false;
        await foreach (PeerInfo provider in _dht.FindProvidersAsync(CidOf(publication.Key), options, cancellationToken).ConfigureAwait(false))
        {
            providers++;
            isNamed |= provider.Id == _dht.LocalPeer;
        }

        return isNamed
            ? new Found(true, $"The network names us among {providers} providers.")
            : new Found(false, $"The network names {providers} providers; we are not among them.");
    }

    private static async IAsyncEnumerable<QueryEvent> Unless<TException>(IAsyncEnumerable<QueryEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TException : Exception
    {
        IAsyncEnumerator<QueryEvent> enumerator = events.GetAsyncEnumerator(cancellationToken);
        await using (enumerator.ConfigureAwait(false))
        {
            while (true)
            {
                try
                {
                    if (!await enumerator.MoveNextAsync().ConfigureAwait(false))
                    {
                        yield break;
                    }
                }
                catch (TException)
                {
                    yield break;
                }

                yield return enumerator.Current;
            }
        }
    }

    private static Cid CidOf(string key) => Cid.TryParse(key, out Cid? cid)
        ? cid
        : throw new V1Exception(400, $"'{Shown.Of(key)}' is no CID: content is provided by its CID.");

    private static bool IsPeer(string text, out string key)
    {
        bool isPeer = PeerId.TryParse(text, out PeerId? peer);
        key = peer?.ToString() ?? "";
        return isPeer;
    }

    private static ContactText Describe(KadContact contact) =>
        new(contact.Id.ToString(), Bytes(contact.Key), contact.Addresses.Count > 0 ? contact.Addresses[0].ToString() : "");

    // A key of content is a multihash, of a peer its id, of a record a path with an id behind it.
    private static string TargetOf(LookupBeginning beginning)
    {
        ReadOnlySpan<byte> key = beginning.Key.Span;
        if (beginning.Kind is "find_providers" or "provide" && Multihash.IsWhole(key))
        {
            return Cid.Create(Cid.RawCodec, key).ToString();
        }

        if (beginning.Kind is "get_value" or "put_value")
        {
            int end = key.LastIndexOf((byte)'/') + 1;
            foreach (string space in (string[])["/ipns/", "/pk/"])
            {
                if (key.StartsWith(Encoding.ASCII.GetBytes(space)) && PeerId.TryRead(key[space.Length..], out PeerId? name))
                {
                    return space + name;
                }
            }

            return end > 0 ? TextOf(key) ?? Convert.ToHexStringLower(key) : Convert.ToHexStringLower(key);
        }

        return PeerId.TryRead(key, out PeerId? peer) ? peer.ToString() : Convert.ToHexStringLower(key);
    }
}
