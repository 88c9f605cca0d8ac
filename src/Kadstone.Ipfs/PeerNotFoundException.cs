namespace Kadstone.Ipfs;

/// <summary>No peer that was asked knows where the peer is, or none of its addresses leads there.</summary>
/// <param name="id">Who was sought.</param>
/// <param name="innerException">Why the last address failed, if one was known.</param>
public sealed class PeerNotFoundException(PeerId id, Exception? innerException = null)
    : DhtException($"{id} was not found{(innerException is null ? "" : $": {innerException.Message}")}.", innerException)
{
    /// <summary>Who was sought.</summary>
    public PeerId Id { get; } = id;
}
