using System.Security.Cryptography;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p;

public sealed partial class Libp2pHost
{
    private const string IdentifyProtocol = "/ipfs/id/1.0.0";
    private const string PushProtocol = "/ipfs/id/push/1.0.0";
    private const string PingProtocol = "/ipfs/ping/1.0.0";
    private const string ProtocolVersion = "ipfs/0.1.0";
    private const int PingLength = 32;

    private static readonly TimeSpan s_identifyPatience = TimeSpan.FromSeconds(10);

    private readonly Signal _changed = new();
    private ulong _recordSequence;
    private IReadOnlyList<Multiaddr> _signedAddresses = [];
    private byte[]? _signedRecord;
    private int _protocolsVersion = 1;

    /// <summary>What others are told of where we are, without the peer at the end.</summary>
    public IReadOnlyList<Multiaddr> OwnAddresses =>
        [.. (_options.Announce.Count > 0 ? _options.Announce : ListenAddresses.Where(address => _options.Policy.Allows(address))).Select(address => address.WithoutPeer()).Take(PeerRecord.MaxAddresses)];

    /// <summary>Sends 32 bytes to a peer and waits until they come back.</summary>
    /// <returns>The round trip, over a stream that is open already.</returns>
    /// <exception cref="PeerUnreachableException">The peer cannot be reached.</exception>
    /// <exception cref="ProtocolNotSupportedException">The peer answers no pings.</exception>
    /// <exception cref="InvalidDataException">Other bytes came back.</exception>
    public async Task<TimeSpan> PingAsync(PeerInfo peer, CancellationToken cancellationToken = default)
    {
        PeerStream stream = await OpenAsync(peer, PingProtocol, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            byte[] sent = RandomNumberGenerator.GetBytes(PingLength);
            byte[] received = new byte[PingLength];
            long began = _time.GetTimestamp();
            await stream.WriteAsync(sent, cancellationToken).ConfigureAwait(false);
            await stream.ReadExactlyAsync(received, cancellationToken).ConfigureAwait(false);
            TimeSpan took = _time.GetElapsedTime(began);
            return received.AsSpan().SequenceEqual(sent) ? took : throw new InvalidDataException("The answer to a ping holds other bytes.");
        }
    }

    private void ServeOwnProtocols()
    {
        Add(IdentifyProtocol, SayWhoWeAreAsync);
        Add(PushProtocol, HearNewsAsync);
        Add(PingProtocol, AnswerPingsAsync);
    }

    // Asked on every new connection, by both sides: who does not speak it is still a peer.
    private async Task IdentifyAsync(PeerLink link, PeerId peer)
    {
        using CancellationTokenSource timeout = new(s_identifyPatience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _closing.Token);
        try
        {
            MuxedStream stream = await link.OpenStreamAsync(IdentifyProtocol, either.Token).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                await stream.CloseWriteAsync().ConfigureAwait(false);
                IdentifyMessage message = await ReadAsync(stream, new IdentifyMessage(), either.Token).ConfigureAwait(false);
                Learn(link, peer, message, new IdentifiedPeer(peer, [], [], null, "", "", null));
            }

            // What changed after it asked us and before we knew that it takes news.
            if (link.ToldVersion != 0 && link.ToldVersion != Volatile.Read(ref _protocolsVersion))
            {
                _changed.Set();
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidDataException)
        {
            Libp2pLog.IdentifyFailed(_logger, peer, exception.Message);
        }
        finally
        {
            link.IdentifyEnded.TrySetResult();
        }
    }

    private async Task SayWhoWeAreAsync(PeerLink link, PeerStream stream, CancellationToken cancellationToken)
    {
        await stream.WriteMessageAsync(OwnMessage(link).Encode(), cancellationToken).ConfigureAwait(false);
        await stream.CloseWriteAsync().ConfigureAwait(false);
    }

    private async Task HearNewsAsync(PeerLink link, PeerStream stream, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = new(s_identifyPatience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        IdentifyMessage message = await ReadAsync(stream, new IdentifyMessage(), either.Token).ConfigureAwait(false);
        Learn(link, stream.Remote, message, link.Identity ?? new IdentifiedPeer(stream.Remote, [], [], null, "", "", null));
    }

    private static async Task<IdentifyMessage> ReadAsync(PeerStream stream, IdentifyMessage message, CancellationToken cancellationToken)
    {
        for (int frames = 0; frames < IdentifyMessage.MaxFrames; frames++)
        {
            if (await stream.ReadMessageAsync(IdentifyMessage.MaxLength, cancellationToken).ConfigureAwait(false) is not byte[] frame)
            {
                return message;
            }

            message = IdentifyMessage.TryAdd(message, frame) ?? throw new InvalidDataException("This is no identify message.");
        }

        throw new InvalidDataException("An identify message of too many frames.");
    }

    // What was not said is as it was before. What is said of another peer than the one that the handshake proved is not believed.
    private void Learn(PeerLink link, PeerId peer, IdentifyMessage message, IdentifiedPeer before)
    {
        if (message.Key is not null && message.Key.PeerId != peer)
        {
            throw new InvalidDataException("The peer tells of another one's key.");
        }

        PeerRecord? record = message.SignedRecord is ReadOnlyMemory<byte> envelope && PeerRecord.TryOpen(envelope.Span, out PeerRecord? opened) && opened.Peer == peer
            && opened.Sequence >= (before.SignedRecord?.Sequence ?? 0) ? opened : before.SignedRecord;
        IdentifiedPeer identified = before with
        {
            Protocols = message.Protocols ?? before.Protocols,
            Addresses = message.Addresses is null ? before.Addresses : [.. message.Addresses.Where(address => _options.Policy.Allows(address)).Select(address => address.WithoutPeer()).Distinct()],
            ObservedAddress = message.ObservedAddress ?? before.ObservedAddress,
            ProtocolVersion = message.ProtocolVersion ?? before.ProtocolVersion,
            AgentVersion = message.AgentVersion ?? before.AgentVersion,
            SignedRecord = record,
        };
        link.Identity = identified;
        Tell(() => Identified?.Invoke(this, identified));
    }

    private IdentifyMessage OwnMessage(PeerLink link)
    {
        link.ToldVersion = Volatile.Read(ref _protocolsVersion);
        IReadOnlyList<Multiaddr> addresses = OwnAddresses;
        return new IdentifyMessage
        {
            Key = _identity.PublicKey,
            Addresses = addresses,
            Protocols = Protocols(),
            ObservedAddress = link.RemoteAddress,
            ProtocolVersion = ProtocolVersion,
            AgentVersion = _options.AgentVersion,
            SignedRecord = SignedRecordOf(addresses),
        };
    }

    // Signed anew when the addresses are others, not for each who asks.
    private byte[] SignedRecordOf(IReadOnlyList<Multiaddr> addresses)
    {
        lock (_lock)
        {
            if (_signedRecord is null || !_signedAddresses.SequenceEqual(addresses))
            {
                _signedAddresses = addresses;
                _signedRecord = new PeerRecord(LocalPeer, NextSequenceNeedsLock(), addresses).Sign(_identity);
            }

            return _signedRecord;
        }
    }

    private ulong NextSequenceNeedsLock()
    {
        _recordSequence = Math.Max(_recordSequence + 1, (ulong)_time.GetUtcNow().ToUnixTimeMilliseconds());
        return _recordSequence;
    }

    // One after another in time, all peers at once: a change in the midst of a push leads to the next push.
    private async Task PushAsync()
    {
        while (true)
        {
            await _changed.WaitAsync(_closing.Token).ConfigureAwait(false);
            PeerLink[] listeners;
            lock (_lock)
            {
                int version = Volatile.Read(ref _protocolsVersion);
                listeners =
                [
                    .. _byPeer.Values.SelectMany(links => links)
                        .Where(link => link.ToldVersion != version && link.Identity?.Protocols.Contains(PushProtocol) == true),
                ];
            }

            await Task.WhenAll(listeners.Select(PushAsync)).ConfigureAwait(false);
        }
    }

    private async Task PushAsync(PeerLink link)
    {
        using CancellationTokenSource timeout = new(s_identifyPatience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _closing.Token);
        try
        {
            MuxedStream stream = await link.OpenStreamAsync(PushProtocol, either.Token).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteMessageAsync(OwnMessage(link).Encode(), either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The next change is pushed again.
        }
    }

    private async Task AnswerPingsAsync(PeerLink link, PeerStream stream, CancellationToken cancellationToken)
    {
        // The next stream may come before the end of the one before: it waits for its turn.
        await link.PingTurns.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            byte[] ping = new byte[PingLength];
            while (await stream.ReadAtLeastAsync(ping, PingLength, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) == PingLength)
            {
                await stream.WriteAsync(ping, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            link.PingTurns.Release();
        }
    }
}
