using Kadstone.Mainline;

namespace Kadstone.Daemon.Pkarr;

/// <summary>pkarr on BitTorrent's DHT: a packet is a mutable item of BEP 44 without a salt.</summary>
internal sealed class MainlinePkarr(MainlineDht dht) : IPkarrNetwork
{
    private static readonly PkarrFinding s_nothing = new(null, null, 0);

    public async Task<PkarrFinding> FindAsync(PkarrKey key, Action<PkarrPacket>? newer, CancellationToken cancellationToken)
    {
        FoundItem? found = newer is null
            ? await dht.GetMutableAsync(key.Bytes, default, cancellationToken).ConfigureAwait(false)
            : await dht.GetMutableAsync(key.Bytes, default, new Telling(key, newer), cancellationToken).ConfigureAwait(false);
        return found is null ? s_nothing
            : PacketOf(key, found) is PkarrPacket packet ? new PkarrFinding(packet, null, found.Copies)
            : new PkarrFinding(null, found.Sequence, found.Copies);
    }

    public async Task<CommitOutcome> StoreAsync(PkarrPacket packet, long? expected, CancellationToken cancellationToken) =>
        (await dht.PutSignedAsync(packet.ToItem(), expected, cancellationToken).ConfigureAwait(false)).Commit;

    // The signature is BEP 44's and fits; whether a DNS message was signed is pkarr's own question.
    private static PkarrPacket? PacketOf(PkarrKey key, FoundItem found) =>
        found.Value.TryGetBytes(out ReadOnlyMemory<byte> message)
        && PkarrPacket.TryCreate(key, found.Signature.Span, found.Sequence, message.Span, out PkarrPacket? packet, out _) ? packet : null;

    private sealed class Telling(PkarrKey key, Action<PkarrPacket> newer) : IProgress<FoundItem>
    {
        public void Report(FoundItem value)
        {
            if (PacketOf(key, value) is PkarrPacket packet)
            {
                newer(packet);
            }
        }
    }
}
