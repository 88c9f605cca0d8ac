using Kadstone.Mainline;

namespace Kadstone.Daemon.Pkarr;

/// <summary>pkarr on BitTorrent's DHT: a packet is a mutable item of BEP 44 without a salt.</summary>
internal sealed class MainlinePkarr(MainlineDht dht) : IPkarrNetwork
{
    private static readonly PkarrFinding s_nothing = new(null, null, 0);

    public async Task<PkarrFinding> FindAsync(PkarrKey key, CancellationToken cancellationToken)
    {
        FoundItem? found = await dht.GetMutableAsync(key.Bytes, default, cancellationToken).ConfigureAwait(false);
        if (found is null)
        {
            return s_nothing;
        }

        // The signature is BEP 44's and fits; whether a DNS message was signed is pkarr's own question.
        return found.Value.TryGetBytes(out ReadOnlyMemory<byte> message)
            && PkarrPacket.TryCreate(key, found.Signature.Span, found.Sequence, message.Span, out PkarrPacket? packet, out _)
            ? new PkarrFinding(packet, null, found.Copies)
            : new PkarrFinding(null, found.Sequence, found.Copies);
    }

    public async Task<CommitOutcome> StoreAsync(PkarrPacket packet, long? expected, CancellationToken cancellationToken) =>
        (await dht.PutSignedAsync(packet.ToItem(), expected, cancellationToken).ConfigureAwait(false)).Commit;
}
