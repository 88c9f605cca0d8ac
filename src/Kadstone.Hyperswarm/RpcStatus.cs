using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>How a node stands at one moment.</summary>
/// <param name="IsPersistent">Whether others keep it in their tables.</param>
/// <param name="Id">Its id; null while it is ephemeral.</param>
/// <param name="External">Its address as others see it; port 0 when they see several. Null: nobody told yet, or they disagree.</param>
/// <param name="Contacts">Entries of the routing table.</param>
/// <param name="Health">How the network answered lately.</param>
/// <param name="Received">Datagrams that came.</param>
/// <param name="Sent">Datagrams that left.</param>
/// <param name="Requests">Requests of others.</param>
/// <param name="Answers">Answers to our requests.</param>
/// <param name="Dropped">What was dropped, by reason; reasons that never occurred are left out.</param>
public sealed record RpcStatus(
    bool IsPersistent,
    Key256? Id,
    UdpEndpoint? External,
    int Contacts,
    RpcHealth Health,
    long Received,
    long Sent,
    long Requests,
    long Answers,
    IReadOnlyDictionary<string, long> Dropped)
{
    /// <summary>About how many persistent nodes the network has, by how near to their targets the node's lookups end.</summary>
    public NetworkSize NetworkSize { get; init; }

    /// <summary>Bytes of the datagrams that came.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Bytes of the datagrams that left.</summary>
    public long BytesSent { get; init; }
}
