using Kadstone.Mainline;

namespace Kadstone.Daemon.Pkarr;

/// <summary>What the relay needs of a DHT.</summary>
internal interface IPkarrNetwork
{
    /// <summary>Asks all the nearest nodes for what stands under a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="newer">Told of each packet on the way that is newer than those before it; null: nobody is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NoNetworkException">Nobody answered.</exception>
    /// <exception cref="DhtTimeoutException">It took too long.</exception>
    Task<PkarrFinding> FindAsync(PkarrKey key, Action<PkarrPacket>? newer, CancellationToken cancellationToken);

    /// <summary>Stores a packet at the nearest nodes.</summary>
    /// <param name="packet">At most <see cref="PkarrPacket.MaxStoredLength"/> bytes of message.</param>
    /// <param name="expected">Only where this timestamp stands, or nothing; null: anywhere.</param>
    /// <param name="cancellationToken">Gives up; nodes may have stored it already.</param>
    /// <exception cref="NoNetworkException">Nobody answered.</exception>
    /// <exception cref="DhtTimeoutException">It took too long.</exception>
    Task<CommitOutcome> StoreAsync(PkarrPacket packet, long? expected, CancellationToken cancellationToken);
}

/// <summary>The newest item under a key.</summary>
/// <param name="Packet">It, when it is a packet; null when there is none, or it is none.</param>
/// <param name="InvalidSequence">The version of an item that its owner signed and that is no DNS message; else null.</param>
/// <param name="Copies">How many nodes gave it.</param>
internal sealed record PkarrFinding(PkarrPacket? Packet, long? InvalidSequence, int Copies);
