using System.Net;
using System.Runtime.CompilerServices;
using Kadstone.Crypto;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Lookups;
using Kadstone.Daemon.V1.Publishing;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Storage;

namespace Kadstone.Daemon.V1.Networks;

/// <summary>BitTorrent Mainline behind the API.</summary>
internal sealed class MainlineNetwork : DaemonNetwork
{
    private readonly MainlineDht _dht;
    private readonly ReadOnlyMemory<byte> _seed;
    private readonly LookupWatch<NodeContact> _watch;
    private readonly Task<int> _joined;

    public MainlineNetwork(MainlineDht dht, ReadOnlyMemory<byte> seed, LookupLog log, CancellationToken closing)
    {
        _dht = dht;
        _seed = seed;
        _watch = new LookupWatch<NodeContact>(log, Name, Describe, beginning => Convert.ToHexStringLower(beginning.Key.Span));
        _joined = dht.WaitForNetworkAsync(closing);
        dht.LookupObserver = _watch;
    }

    public override string Name => "mainline";

    public override string Title => "BitTorrent Mainline";

    public override string KeyForm => "an infohash of 40 hexadecimal digits";

    public override IReadOnlyList<Shelf> ValueShelves { get; } = [Shelf.MainlineImmutable, Shelf.MainlineMutable];

    public override TimeSpan AnnounceInterval { get; } = TimeSpan.FromMinutes(15);

    public override TimeSpan ValueInterval { get; } = TimeSpan.FromHours(1);

    public override Task<int> ProbeAsync(CancellationToken cancellationToken) => NetworkNode.Of(_dht).ProbeAsync(cancellationToken);

    public override void Leave() => _dht.LookupObserver = null;

    public override bool IsReady => _joined.IsCompleted;

    public override NetworkFacts Facts()
    {
        MainlineStatus status = _dht.Status();
        string[] bound = [.. _dht.LocalEndpoints.Select(endpoint => endpoint.ToString())];
        string? external = status.ExternalAddress?.ToString();
        return new NetworkFacts
        {
            Id = status.Ids[0].ToString(),
            Keyspace = status.Ids[0].ToString(),
            Addresses = external is null || bound.Contains(external) ? bound : [.. bound, external],
            Contacts = status.Contacts,
            EstimatedNodes = status.NetworkSize.Nodes > 0 ? status.NetworkSize.Nodes : null,
            EstimatedDeviation = status.NetworkSize.Nodes > 0 && double.IsFinite(status.NetworkSize.Deviation) ? status.NetworkSize.Deviation : null,
            Mode = status.IsServing ? "server" : "client",
            Reachable = status.IsReachable ? true : status.IsServing ? null : false,
            IsReady = IsReady,
            StoredPeers = status.StoredPeers,
            Traffic = new TrafficCounts(status.Received, status.Sent, status.BytesReceived, status.BytesSent, new DroppedCounts(status.Malformed, status.RateLimited, status.Unmatched)),
            Door = $"UDP port {_dht.Port}",
        };
    }

    // The sockets of one node have a table each; shown is the first that has anybody.
    public override TableAnswer Table()
    {
        IReadOnlyList<TableView<Key160, NodeContact>> tables = _dht.Tables();
        TableView<Key160, NodeContact> table = tables.FirstOrDefault(one => one.Entries.Count > 0) ?? tables[0];
        return AnswerOf(table.Self.ToString(), table, Describe, _watch.RoundTripOf, static _ => null);
    }

    public override bool TryReadKey(string text, out string key)
    {
        bool isKey = Key160.TryParse(text, out Key160 infoHash);
        key = infoHash.ToString();
        return isKey;
    }

    public override async IAsyncEnumerable<PeerAnswer> FindPeersAsync(string key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (UdpEndpoint peer in _dht.GetPeersAsync(KeyOf(key)).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return new PeerAnswer(peer.ToString(), [peer.ToString()], null);
        }
    }

    public override async Task<Told> AnnounceAsync(string key, int? port, CancellationToken cancellationToken)
    {
        AnnounceResult result = await _dht.AnnouncePeerAsync(KeyOf(key), port ?? 0, cancellationToken: cancellationToken).ConfigureAwait(false);
        return ToldOf(result.Commit);
    }

    // It expires at the nodes that hold it: there is no message that takes it back.
    public override Task WithdrawAsync(string key, int? port, CancellationToken cancellationToken) => Task.CompletedTask;

    public override async Task<ValueAnswer?> GetValueAsync(string key, bool? isMutable, byte[] salt, CancellationToken cancellationToken)
    {
        LookupScope scope = LookupScope.Open(Name);
        FoundItem? item;
        if (isMutable != true && Key160.TryParse(key, out Key160 target))
        {
            item = await _dht.GetImmutableAsync(target, cancellationToken).ConfigureAwait(false);
        }
        else if (isMutable != false && TryReadHex(key, Ed25519.PublicKeyLength, out byte[] publicKey))
        {
            item = await _dht.GetMutableAsync(publicKey, salt, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            throw new V1Exception(400, $"'{Shown.Of(key)}' is no key of a value on Mainline: 40 hexadecimal digits (the target) or 64 (a public key, with kind=mutable) are allowed.");
        }

        if (item is null)
        {
            return null;
        }

        ReadOnlyMemory<byte> value = item.Value.TryGetBytes(out ReadOnlyMemory<byte> bytes) ? bytes : item.Value.Bencoded;
        return new ValueAnswer(
            key.ToLowerInvariant(),
            value,
            TextOf(value.Span),
            item.IsMutable ? item.Sequence : null,
            item.IsMutable ? Convert.ToHexStringLower(item.PublicKey.Span) : null,
            item.IsMutable ? Convert.ToHexStringLower(item.Signature.Span) : null,
            item.Copies == 0 ? "own store" : $"{item.Copies} nodes",
            scope.Id);
    }

    public override async Task<PutDone> PutValueAsync(PutValue value, CancellationToken cancellationToken)
    {
        ItemValue item = ItemValue.FromBytes(value.Bytes);
        PutItemResult result = value.IsMutable
            ? await _dht.PutMutableAsync(_seed, item, value.Salt, value.Sequence, cancellationToken: cancellationToken).ConfigureAwait(false)
            : await _dht.PutImmutableAsync(item, cancellationToken).ConfigureAwait(false);

        // A mutable item is found by its public key, whatever its salt.
        return value.IsMutable
            ? new PutDone(Convert.ToHexStringLower(Ed25519.CreateKeyPair(_seed.Span)), result.Sequence, ToldOf(result.Commit))
            : new PutDone(result.Target.ToString(), null, ToldOf(result.Commit));
    }

    public override async Task<Found> CheckAsync(KeptPublication publication, CancellationToken cancellationToken)
    {
        if (!publication.IsAnnouncement)
        {
            FoundItem? item = publication.IsMutable
                ? await _dht.GetMutableAsync(Ed25519.CreateKeyPair(_seed.Span), publication.Salt, cancellationToken).ConfigureAwait(false)
                : await _dht.GetImmutableAsync(KeyOf(publication.Key), cancellationToken).ConfigureAwait(false);
            return item is { Copies: > 0 } && item.Sequence >= (publication.Sequence ?? 0)
                ? new Found(true, $"{item.Copies} of {item.Lookup.Answered} nodes that answered have it.")
                : new Found(false, $"None of {item?.Lookup.Answered ?? 0} nodes that answered has it.");
        }

        // What we hold ourselves for others does not count: a stranger would not ask us.
        UdpEndpoint? external = _dht.Status().ExternalAddress;
        int port = publication.Port is int chosen and > 0 ? chosen : external?.Port ?? _dht.Port;
        PeerLookup lookup = _dht.GetPeersAsync(KeyOf(publication.Key));
        int peers = 0;
        UdpEndpoint? own = null;
        await foreach (UdpEndpoint peer in lookup.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            peers++;
            own ??= peer.Port == port && (external is not UdpEndpoint known || known.WithPort(peer.Port) == peer) ? peer : null;
        }

        return own is UdpEndpoint found
            ? new Found(true, $"The network names us, {found}, among {peers} peers.")
            : new Found(false, $"{lookup.Outcome.Answered} nodes answered and named {peers} peers; port {port} of ours was not among them.");
    }

    private static Told ToldOf(CommitOutcome commit) => new(commit.Stored, commit.Refused, commit.Silent);

    private static Key160 KeyOf(string key) => Key160.TryParse(key, out Key160 parsed) ? parsed : throw new FormatException($"'{key}' is no key of Mainline.");

    private static ContactText Describe(NodeContact contact) => new(contact.Id.ToString(), Bytes(contact.Id), contact.Endpoint.ToString());
}
