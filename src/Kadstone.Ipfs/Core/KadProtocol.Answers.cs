using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>The answers to others.</summary>
internal sealed partial class KadProtocol
{
    private const int MaxMultihashLength = 80;
    private const int MaxProvidersTold = 100;

    private PeerContact[]? _nearest;

    /// <summary>Answers a request, as far as that needs no store.</summary>
    /// <param name="from">Who asks: proved by the connection.</param>
    /// <param name="request">What.</param>
    /// <param name="now">The time.</param>
    /// <param name="answer">The answer; of a value that is read, without the value.</param>
    public KadVerdict Answer(PeerId from, KadMessage request, Instant now, out KadMessage? answer)
    {
        answer = null;
        if (_budget?.TryTake(from, now) == false)
        {
            Counters.RateLimited++;
            return KadVerdict.Refused;
        }

        KadVerdict verdict = request.Type switch
        {
            KadMessageType.FindNode when request.Key.Length > 0 => KadVerdict.Answered,
            KadMessageType.GetProviders when IsMultihash(request.Key) => KadVerdict.Answered,
            KadMessageType.AddProvider when IsMultihash(request.Key) && TryAddProvider(from, request, now) => KadVerdict.Silent,
            KadMessageType.Ping => KadVerdict.Answered,
            KadMessageType.GetValue when request.Key.Length > 0 => KadVerdict.ReadsValue,
            KadMessageType.PutValue when request.Record is KadRecord record && record.Key.Length > 0 && record.Key.Span.SequenceEqual(request.Key.Span) => KadVerdict.WritesValue,
            _ => KadVerdict.Refused,
        };
        if (verdict is KadVerdict.Answered or KadVerdict.ReadsValue)
        {
            answer = AnswerOf(from, request, now);
        }

        Counters.Answered += verdict == KadVerdict.Refused ? 0 : 1;
        Counters.Refused += verdict == KadVerdict.Refused ? 1 : 0;
        return verdict;
    }

    private KadMessage AnswerOf(PeerId from, KadMessage request, Instant now) => request.Type switch
    {
        KadMessageType.FindNode => new KadMessage { Type = KadMessageType.FindNode, Closer = Closer(from, request.Key, isNode: true, now) },
        KadMessageType.GetValue => new KadMessage { Type = KadMessageType.GetValue, Key = request.Key, Closer = Closer(from, request.Key, isNode: false, now) },
        KadMessageType.GetProviders => new KadMessage
        {
            Type = KadMessageType.GetProviders,
            Key = request.Key,
            Closer = Closer(from, request.Key, isNode: false, now),
            Providers = Providers(request.Key, now),
        },
        _ => new KadMessage { Type = request.Type },
    };

    private List<KadPeer> Closer(PeerId from, ReadOnlyMemory<byte> target, bool isNode, Instant now)
    {
        // Two more than are told, for the asker itself and the one that is sought are left out.
        _nearest ??= new PeerContact[_settings.Width + 2];
        Span<PeerContact> nearest = _nearest.AsSpan(0, _table.CopyClosest(PeerContact.KeyOf(target.Span), _nearest));
        List<KadPeer> closer = new(nearest.Length);
        PeerId? sought = isNode && PeerId.TryRead(target.Span, out PeerId? peer) ? peer : null;
        if (sought is not null && AddressesKnown(sought, now) is { Count: > 0 } addresses)
        {
            closer.Add(Named(sought, addresses));
        }
        else
        {
            sought = null;
        }

        int room = _settings.Width;
        foreach (ref readonly PeerContact contact in nearest)
        {
            if (room > 0 && contact.Id != from && contact.Id != sought && contact.Addresses.Count > 0)
            {
                closer.Add(Named(contact.Id, contact.Addresses));
                room--;
            }
        }

        return closer;
    }

    private KadPeer[] Providers(ReadOnlyMemory<byte> multihash, Instant now)
    {
        KadPeer[] providers = [.. ProvidersOf(multihash, now).Select(provider => Named(provider.Id, provider.Addresses))];

        // All have the same chance when there are too many: the latest to tell is not the best.
        if (providers.Length > MaxProvidersTold)
        {
            _chance.Shuffle(providers);
            providers = providers[..MaxProvidersTold];
        }

        return providers;
    }

    private KadPeer Named(PeerId peer, IReadOnlyList<Multiaddr> addresses) =>
        new(peer, addresses, _connected.Contains(peer) ? KadConnection.Connected : KadConnection.NotConnected);

    /// <summary>Takes what a peer says of itself, and nothing that it says of others.</summary>
    private bool TryAddProvider(PeerId from, KadMessage request, Instant now)
    {
        foreach (KadPeer provider in request.Providers)
        {
            Multiaddr[] addresses = provider.Id == from ? _settings.Policy.Kept(provider.Addresses) : [];
            if (addresses.Length > 0)
            {
                _book.Learn(from, addresses, now);
                return _providers.Add(request.Key, from, addresses, now);
            }
        }

        return false;
    }

    private static bool IsMultihash(ReadOnlyMemory<byte> key) => key.Length is > 0 and <= MaxMultihashLength;
}
