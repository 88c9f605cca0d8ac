namespace Kadstone.Hosting;

/// <summary>How a node stands at one moment, whatever its network.</summary>
/// <param name="Contacts">Entries of its routing tables.</param>
/// <param name="Keys">Keys that it stores peers or providers of; null where the network does not tell.</param>
/// <param name="Peers">Peers or providers that it stores; null where the network does not tell.</param>
/// <param name="Received">Datagrams that came; in IPFS answers and requests.</param>
/// <param name="Sent">Datagrams that left; in IPFS answers and requests.</param>
/// <param name="Dropped">What was dropped or refused.</param>
public readonly record struct NetworkStatus(int Contacts, int? Keys, int? Peers, long Received, long Sent, long Dropped)
{
    /// <summary>Bytes that came: of datagrams, in IPFS of connections.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Bytes that left.</summary>
    public long BytesSent { get; init; }
}
