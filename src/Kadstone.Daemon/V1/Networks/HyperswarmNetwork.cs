using System.Runtime.CompilerServices;
using Kadstone.Crypto;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Lookups;
using Kadstone.Daemon.V1.Publishing;
using Kadstone.Hosting;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;
using Kadstone.Storage;

namespace Kadstone.Daemon.V1.Networks;

/// <summary>Hyperswarm behind the API, on today's wire.</summary>
internal sealed class HyperswarmNetwork : DaemonNetwork
{
    private readonly HyperDht _dht;
    private readonly ReadOnlyMemory<byte> _seed;
    private readonly LookupWatch<RpcContact> _watch;
    private readonly Task<int> _joined;

    public HyperswarmNetwork(HyperDht dht, ReadOnlyMemory<byte> seed, LookupLog log, CancellationToken closing)
    {
        _dht = dht;
        _seed = seed;
        _watch = new LookupWatch<RpcContact>(log, Name, Describe, beginning => Convert.ToHexStringLower(beginning.Key.Span));
        _joined = dht.Node.WaitForNetworkAsync(closing);
        dht.Node.LookupObserver = _watch;
    }

    public override string Name => "hyperswarm";

    public override string Title => "Hyperswarm";

    public override string KeyForm => "a topic of 64 hexadecimal digits";

    public override IReadOnlyList<Shelf> ValueShelves { get; } = [Shelf.HyperswarmImmutable, Shelf.HyperswarmMutable];

    // Nodes forget an announce after twenty minutes, and other makes of node announce every five.
    public override TimeSpan AnnounceInterval { get; } = TimeSpan.FromMinutes(5);

    // Nodes keep a value for 48 hours.
    public override TimeSpan ValueInterval { get; } = TimeSpan.FromHours(12);

    public override Task<int> ProbeAsync(CancellationToken cancellationToken) => NetworkNode.Of(_dht).ProbeAsync(cancellationToken);

    public override void Leave() => _dht.Node.LookupObserver = null;

    public override bool IsReady => _joined.IsCompleted;

    public override NetworkFacts Facts()
    {
        RpcStatus status = _dht.Node.Status();
        string bound = _dht.Node.LocalEndpoint.ToString();
        string? external = status.External?.ToString();
        long Dropped(Func<string, bool> isCounted) => status.Dropped.Where(reason => isCounted(reason.Key)).Sum(reason => reason.Value);
        return new NetworkFacts
        {
            Id = status.Id?.ToString(),
            Keyspace = status.Id?.ToString() ?? _dht.Node.Table()?.Self.ToString() ?? "",
            Addresses = external is null || external == bound ? [bound] : [bound, external],
            Contacts = status.Contacts,
            EstimatedNodes = status.NetworkSize.Nodes > 0 ? status.NetworkSize.Nodes : null,
            EstimatedDeviation = status.NetworkSize.Nodes > 0 && double.IsFinite(status.NetworkSize.Deviation) ? status.NetworkSize.Deviation : null,
            Mode = status.IsPersistent ? "persistent" : "ephemeral",
            Reachable = status.IsPersistent ? true : null,
            IsReady = IsReady,
            StoredPeers = _dht.StoredPeers,
            Traffic = new TrafficCounts(
                status.Received,
                status.Sent,
                status.BytesReceived,
                status.BytesSent,
                new DroppedCounts(
                    Dropped(reason => reason.StartsWith("malformed.", StringComparison.Ordinal)),
                    Dropped(reason => reason is "rate_limited" or "over_allowance" or "inbox_full" or "outbox_full"),
                    Dropped(reason => reason is "unmatched" or "given_up"))),
            Trouble = status.Health switch
            {
                RpcHealth.Offline => new VerdictAnswer(Level.Fail, "Hyperswarm: nobody has answered for 10 seconds.", "Check this machine's connection to the network."),
                RpcHealth.Degraded => new VerdictAnswer(Level.Warn, "Hyperswarm: more requests are left unanswered than are answered.", "Check whether the connection loses packets, or whether a firewall drops UDP."),
                _ => null,
            },
            Door = $"UDP port {_dht.Node.LocalEndpoint.Port}",
        };
    }

    public override TableAnswer Table() => _dht.Node.Table() is { } table
        ? AnswerOf(_dht.Node.Id?.ToString(), table, Describe, _watch.RoundTripOf, static _ => null)
        : new TableAnswer(null, "", 0, []);

    public override bool TryReadKey(string text, out string key)
    {
        bool isKey = TryReadHex(text, Key256.ByteLength, out byte[] topic);
        key = Convert.ToHexStringLower(topic);
        return isKey;
    }

    public override async IAsyncEnumerable<PeerAnswer> FindPeersAsync(string key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // One peer is named by many nodes.
        HashSet<string> seen = [];
        await foreach (PeersFound found in _dht.LookupAsync(KeyOf(key), null, cancellationToken).ConfigureAwait(false))
        {
            foreach (HyperRecord record in found.Records)
            {
                string peer = Convert.ToHexStringLower(record.PublicKey.Span);
                if (seen.Add(peer))
                {
                    yield return new PeerAnswer(peer, [.. record.RelayAddresses.Select(relay => relay.ToString())], found.Node.ToString());
                }
            }
        }
    }

    public override async Task<Told> AnnounceAsync(string key, int? port, CancellationToken cancellationToken) =>
        ToldOf(await _dht.AnnounceOnceAsync(KeyOf(key), new AnnounceOptions { Port = port }, cancellationToken).ConfigureAwait(false));

    public override Task WithdrawAsync(string key, int? port, CancellationToken cancellationToken) =>
        _dht.UnannounceAsync(KeyOf(key), new AnnounceOptions { Port = port }, cancellationToken);

    public override async Task<ValueAnswer?> GetValueAsync(string key, bool? isMutable, byte[] salt, CancellationToken cancellationToken)
    {
        if (!TryReadKey(key, out string canonical))
        {
            throw new V1Exception(400, $"'{Shown.Of(key)}' is no key of a value on Hyperswarm: 64 hexadecimal digits are allowed, the hash of an immutable value or, with kind=mutable, a public key.");
        }

        if (salt.Length > 0)
        {
            throw new V1Exception(400, "Hyperswarm has no salt: a public key has one value.");
        }

        LookupScope scope = LookupScope.Open(Name);
        if (isMutable != true)
        {
            ReadOnlyMemory<byte>? value = await _dht.ImmutableGetAsync(KeyOf(canonical), cancellationToken).ConfigureAwait(false);
            return value is ReadOnlyMemory<byte> bytes ? new ValueAnswer(canonical, bytes, TextOf(bytes.Span), null, null, null, null, scope.Id) : null;
        }

        MutableValue? found = await _dht.MutableGetAsync(Convert.FromHexString(canonical), cancellationToken: cancellationToken).ConfigureAwait(false);
        return found is null ? null : new ValueAnswer(
            canonical, found.Value, TextOf(found.Value.Span), found.Sequence, canonical, Convert.ToHexStringLower(found.Signature.Span), found.From.ToString(), scope.Id);
    }

    public override async Task<PutDone> PutValueAsync(PutValue value, CancellationToken cancellationToken)
    {
        if (value.Salt.Length > 0)
        {
            throw new V1Exception(400, "Hyperswarm has no salt: a public key has one value.");
        }

        if (!value.IsMutable)
        {
            HyperPut immutable = await _dht.ImmutablePutAsync(value.Bytes, cancellationToken).ConfigureAwait(false);
            return new PutDone(immutable.Target.ToString(), null, ToldOf(immutable.Commit));
        }

        byte[] publicKey = Ed25519.CreateKeyPair(_seed.Span);
        long sequence = value.Sequence
            ?? ((await _dht.MutableGetAsync(publicKey, cancellationToken: cancellationToken).ConfigureAwait(false))?.Sequence + 1 ?? 0);
        HyperPut mutable = await _dht.MutablePutAsync(_seed, value.Bytes, sequence, cancellationToken).ConfigureAwait(false);
        return new PutDone(Convert.ToHexStringLower(publicKey), sequence, ToldOf(mutable.Commit));
    }

    public override async Task<Found> CheckAsync(KeptPublication publication, CancellationToken cancellationToken)
    {
        if (!publication.IsAnnouncement)
        {
            bool isThere = publication.IsMutable
                ? await _dht.MutableGetAsync(Convert.FromHexString(publication.Key), publication.Sequence ?? 0, cancellationToken: cancellationToken).ConfigureAwait(false) is not null
                : await _dht.ImmutableGetAsync(KeyOf(publication.Key), cancellationToken).ConfigureAwait(false) is not null;
            return isThere ? new Found(true, "The network returned it.") : new Found(false, "No node that answered has it.");
        }

        // Under another's key, or the lookup would leave us out.
        AnnounceOptions asStranger = new() { Seed = System.Security.Cryptography.RandomNumberGenerator.GetBytes(Ed25519.SeedLength) };
        int naming = 0;
        HashSet<string> peers = [];
        await foreach (PeersFound found in _dht.LookupAsync(KeyOf(publication.Key), asStranger, cancellationToken).ConfigureAwait(false))
        {
            peers.UnionWith(found.Records.Select(record => Convert.ToHexStringLower(record.PublicKey.Span)));
            naming += found.Records.Any(record => record.PublicKey.Span.SequenceEqual(_dht.PublicKey.Span)) ? 1 : 0;
        }

        return naming > 0
            ? new Found(true, $"{naming} nodes name our key among {peers.Count} peers.")
            : new Found(false, $"The network names {peers.Count} peers; our key is not among them.");
    }

    private static Told ToldOf(RpcCommit commit) => new(commit.Stored, commit.Refused, commit.Silent);

    private static Key256 KeyOf(string key) => Key256.Read(Convert.FromHexString(key));

    private static ContactText Describe(RpcContact contact) => new(contact.Id.ToString(), Bytes(contact.Id), contact.Endpoint.ToString());
}
