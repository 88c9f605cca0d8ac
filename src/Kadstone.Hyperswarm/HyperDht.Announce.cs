using System.Net;
using System.Runtime.CompilerServices;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Finding and announcing peers.</summary>
public sealed partial class HyperDht
{
    /// <summary>Looks for peers; each answer comes as it arrives. Nothing is stored anywhere by it.</summary>
    /// <param name="topic">The key.</param>
    /// <param name="options">A local address here asks for local peers; null: all defaults.</param>
    /// <param name="cancellationToken">Gives up; leaving the loop does the same.</param>
    /// <remarks>Who a node names is only said to have announced: the storing node checked the signature, not we.</remarks>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    public async IAsyncEnumerable<PeersFound> LookupAsync(
        Key256 topic,
        AnnounceOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new AnnounceOptions();
        LookupReading reading = new(_options.Scope, KeysOf(options).PublicKey, options);
        await foreach (RpcAnswer answer in QueryAsync(topic, HyperCommand.Lookup, null, options.Query).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (reading.Read(answer, LookupReading.RecordsOf(answer)) is PeersFound found)
            {
                yield return found;
            }
        }
    }

    /// <summary>Looks for peers as <see cref="LookupAsync"/> does, and announces us at the 20 closest nodes: once the loop has ended.</summary>
    /// <param name="topic">The key. The hash of the public key announces a server: nodes relay handshakes to us then.</param>
    /// <param name="options">As what; null: all defaults.</param>
    /// <param name="cancellationToken">Gives up; leaving the loop does the same.</param>
    /// <exception cref="NoAnswerException">Nobody answered, or nobody took the announce.</exception>
    public async IAsyncEnumerable<PeersFound> AnnounceAsync(
        Key256 topic,
        AnnounceOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new AnnounceOptions();
        RequireIPv4(options);
        HyperKeyPair keys = KeysOf(options);
        LookupReading reading = new(_options.Scope, keys.PublicKey, options);
        ClosestAnswers closest = new(topic);
        await foreach (RpcAnswer answer in QueryAsync(topic, HyperCommand.Lookup, null, options.Query).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            closest.Add(answer);
            if (reading.Read(answer, LookupReading.RecordsOf(answer)) is PeersFound found)
            {
                yield return found;
            }
        }

        RequireStored(await StoreAsync(topic, options, keys, closest, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Announces as <see cref="AnnounceAsync"/> does, without the peers on the way.</summary>
    /// <returns>How many nodes took it.</returns>
    /// <exception cref="NoAnswerException">Nobody answered, or nobody took the announce.</exception>
    public async Task<RpcCommit> AnnounceOnceAsync(Key256 topic, AnnounceOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new AnnounceOptions();
        RequireIPv4(options);
        ClosestAnswers closest = await FindClosestAsync(topic, HyperCommand.Lookup, null, options.Query, cancellationToken).ConfigureAwait(false);
        RpcCommit commit = await StoreAsync(topic, options, KeysOf(options), closest, cancellationToken).ConfigureAwait(false);
        RequireStored(commit);
        return commit;
    }

    /// <summary>Takes an announce back.</summary>
    /// <param name="topic">The key.</param>
    /// <param name="options">The same as were announced with: another port, address or key does not remove.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The nodes that had it, and how many of them took it out.</returns>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    public async Task<RpcCommit> UnannounceAsync(Key256 topic, AnnounceOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new AnnounceOptions();
        RequireIPv4(options);
        HyperKeyPair keys = KeysOf(options);
        List<RpcAnswer> asked = [];
        List<Task<CommitOutcome>> removals = [];
        RpcQuery query = QueryAsync(topic, HyperCommand.Lookup, null, options.Query);
        await foreach (RpcAnswer answer in query.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            // At once, while the token lives.
            if (answer is { FromId: not null, Token: not null } && MayHold(answer, options, keys))
            {
                asked.Add(answer);
                removals.Add(CommitAsync(query.Lookup, answer, HyperCommand.Unannounce, topic, token => Sign(HyperNamespace.Unannounce, topic, answer, token, [], keys), cancellationToken));
            }
        }

        return Count(asked, await Task.WhenAll(removals).ConfigureAwait(false));
    }

    /// <summary>Announces now and every 4 to 5 minutes, until it is disposed: then it is taken back.</summary>
    /// <param name="topic">The key.</param>
    /// <param name="options">As what; null: all defaults.</param>
    public IAnnouncement KeepAnnounced(Key256 topic, AnnounceOptions? options = null)
    {
        options ??= new AnnounceOptions();
        RequireIPv4(options);
        KeptAnnouncement announcement = new(topic, closing => AnnounceOnceAsync(topic, options, closing), () => UnannounceAsync(topic, options), Forget, _time, _logger);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            _announcements.Add(announcement);
        }

        announcement.Start();
        return announcement;
    }

    /// <summary>Looks for a server by its public key: nodes that relay to it. Each answer comes as it arrives.</summary>
    /// <param name="publicKey">32 bytes.</param>
    /// <param name="cancellationToken">Gives up; leaving the loop does the same.</param>
    /// <exception cref="ArgumentException">A public key has 32 bytes.</exception>
    /// <exception cref="NoAnswerException">Nobody answered.</exception>
    public IAsyncEnumerable<PeersFound> FindPeerAsync(ReadOnlyMemory<byte> publicKey, CancellationToken cancellationToken = default)
    {
        RequireKey(publicKey);
        return FindAsync(publicKey, cancellationToken);
    }

    private void Forget(KeptAnnouncement announcement)
    {
        lock (_lock)
        {
            _announcements.Remove(announcement);
        }
    }

    private async IAsyncEnumerable<PeersFound> FindAsync(ReadOnlyMemory<byte> publicKey, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Our own key is asked for like any other: a server may want to know who has it.
        LookupReading reading = new(_options.Scope, [], new AnnounceOptions());
        await foreach (RpcAnswer answer in QueryAsync(HyperHash.Of(publicKey.Span), HyperCommand.FindPeer, null, null).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (reading.Read(answer, LookupReading.RecordOf(answer, publicKey.Span)) is PeersFound found)
            {
                yield return found;
            }
        }
    }

    private async Task<RpcCommit> StoreAsync(Key256 topic, AnnounceOptions options, HyperKeyPair keys, ClosestAnswers closest, CancellationToken cancellationToken)
    {
        CommitOutcome[] outcomes = await Task.WhenAll(closest.Answers.Select(answer => CommitAsync(
            closest.Lookup,
            answer,
            HyperCommand.Announce,
            topic,
            token => Sign(HyperNamespace.Announce, topic, answer, token, AddressesOf(options, answer.To), keys),
            cancellationToken))).ConfigureAwait(false);
        return Count(closest.Answers, outcomes);
    }

    private HyperKeyPair KeysOf(AnnounceOptions options) => options.Seed is ReadOnlyMemory<byte> seed ? new HyperKeyPair(seed.Span) : _keyPair;

    /// <summary>Where we are to be found, as a node that sees us there is told.</summary>
    private static UdpEndpoint[] AddressesOf(AnnounceOptions options, UdpEndpoint seen)
    {
        UdpEndpoint address = options.Port is int port ? seen.WithPort((ushort)port) : seen;
        return options.LocalAddress is IPEndPoint local ? [address, UdpEndpoint.From(local)] : [address];
    }

    /// <summary>Whether a node has what was announced with these options, or so many others that ours may be left out.</summary>
    private static bool MayHold(RpcAnswer answer, AnnounceOptions options, HyperKeyPair keys)
    {
        HyperRecord[] records = LookupReading.RecordsOf(answer);
        HyperRecord? own = records.FirstOrDefault(record => record.PublicKey.Span.SequenceEqual(keys.PublicKey));
        return own is null ? records.Length >= LookupAnswer.MaxPeers : own.RelayAddresses.SequenceEqual(AddressesOf(options, answer.To));
    }

    internal static byte[] Sign(
        ReadOnlySpan<byte> purpose,
        Key256 topic,
        RpcAnswer answer,
        ReadOnlyMemory<byte> token,
        ReadOnlySpan<UdpEndpoint> addresses,
        HyperKeyPair keys)
    {
        HyperPeer peer = new(keys.PublicKey, RpcEndpoints.Pack(addresses, stackalloc byte[HyperPeer.MaxRelayAddresses * CompactReader.EndpointLength]));
        Span<byte> signable = stackalloc byte[HyperSignable.Length];
        Span<byte> signature = stackalloc byte[Ed25519.SignatureLength];
        HyperSignable.WriteAnnouncement(signable, purpose, topic, answer.FromId.GetValueOrDefault(), token.Span, peer, default);
        keys.Sign(signable, signature);
        CompactWriter writer = new(stackalloc byte[256]);
        new Announcement { HasPeer = true, Peer = peer, Signature = signature }.Write(ref writer);
        return writer.Written.ToArray();
    }

    private static void RequireStored(RpcCommit commit)
    {
        if (commit.Stored == 0)
        {
            throw new NoAnswerException($"No node took the announce: {commit.Refused} refused it, {commit.Silent} did not answer.");
        }
    }

    private static void RequireIPv4(AnnounceOptions options)
    {
        if (options.Port is < 1 or > ushort.MaxValue)
        {
            throw new ArgumentException("A port is 1 to 65535.", nameof(options));
        }

        if (options.LocalAddress is { } local && (local.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork || local.Port == 0))
        {
            throw new ArgumentException("A local address is IPv4 with a port: this network has no other.", nameof(options));
        }

        if (options.Seed is { Length: not Ed25519.SeedLength })
        {
            throw new ArgumentException("A seed has 32 bytes.", nameof(options));
        }
    }

    private static void RequireKey(ReadOnlyMemory<byte> publicKey)
    {
        if (publicKey.Length != Ed25519.PublicKeyLength)
        {
            throw new ArgumentException("A public key has 32 bytes.", nameof(publicKey));
        }
    }
}
