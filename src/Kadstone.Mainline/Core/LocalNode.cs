using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core;

/// <summary>Our node on one socket address: its id, its routing table, what others say its address is.</summary>
/// <remarks>
/// IPv4 and IPv6 are two DHTs with a table each (BEP 32); a host with several addresses runs a node with its own id on each
/// and shares the storage (BEP 45). Both are a list of these.
/// </remarks>
internal sealed class LocalNode
{
    private readonly RoutingTableOptions _tableOptions;
    private readonly Random _chance;

    internal LocalNode(byte socket, UdpEndpoint bound, Key160 id, AddressScope scope, RoutingTableOptions tableOptions, Random chance)
    {
        Scope = scope;
        Socket = socket;
        Bound = bound;
        Id = id;
        _tableOptions = tableOptions;
        _chance = chance;
        Table = new RoutingTable<Key160, NodeContact>(id, tableOptions, chance);
    }

    internal byte Socket { get; }

    internal UdpEndpoint Bound { get; }

    internal AddressScope Scope { get; }

    internal bool IsIPv4 => Bound.IsIPv4;

    internal Key160 Id { get; private set; }

    internal RoutingTable<Key160, NodeContact> Table { get; private set; }

    internal AddressVoter Votes { get; } = new();

    /// <summary>Whether a contact at this endpoint may be asked, kept and handed out by this node.</summary>
    internal bool Accepts(UdpEndpoint endpoint) =>
        endpoint.IsIPv4 == IsIPv4 && Scope.Allows(endpoint) && endpoint != Bound && endpoint != Votes.Agreed;

    /// <summary>The contacts of an answer that may be asked, in the order they came.</summary>
    internal int ReadContacts(in KrpcMessage answer, Span<NodeContact> destination)
    {
        ReadOnlySpan<byte> packed = IsIPv4 ? answer.Nodes : answer.Nodes6;
        int size = IsIPv4 ? NodeContact.CompactLengthIPv4 : NodeContact.CompactLengthIPv6;
        int count = 0;
        while (packed.Length >= size && count < destination.Length)
        {
            if (NodeContact.TryRead(packed[..size], out NodeContact contact) && Accepts(contact.Endpoint) && contact.Id != Id)
            {
                destination[count++] = contact;
            }

            packed = packed[size..];
        }

        return count;
    }

    /// <summary>Takes another id; who is in the table stays, in other buckets and no healthier than before.</summary>
    internal void ChangeId(Key160 id, Instant now)
    {
        RoutingTable<Key160, NodeContact> former = Table;
        Id = id;
        Table = new RoutingTable<Key160, NodeContact>(id, _tableOptions, _chance);
        foreach (TableEntry<NodeContact> entry in former.Entries.OrderBy(entry => entry.Failures))
        {
            Table.Admit(entry.Contact, entry.LastSeen);
            for (int failure = 0; failure < entry.Failures; failure++)
            {
                Table.Failed(entry.Contact, now);
            }
        }
    }
}
