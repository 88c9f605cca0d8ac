using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>The rest of a network: honest nodes that answer after a while, as much of the protocol as the node under test asks for.</summary>
internal sealed class Neighbours
{
    private readonly Conversation _talk;
    private readonly List<NodeContact> _all = [];
    private readonly Dictionary<UdpEndpoint, NodeContact> _byEndpoint = [];

    internal Neighbours(Conversation talk, int count = 0)
    {
        _talk = talk;
        talk.Network = Hear;
        for (int i = 0; i < count; i++)
        {
            Add(new NodeContact(talk.NewKey(), Conversation.At(i)));
        }
    }

    internal IReadOnlyList<NodeContact> All => _all;

    internal TimeSpan RoundTrip { get; set; } = TimeSpan.FromMilliseconds(60);

    /// <summary>Endpoints that are gone.</summary>
    internal HashSet<UdpEndpoint> Dead { get; } = [];

    /// <summary>Nobody hears us and we hear nobody.</summary>
    internal bool IsDown { get; set; }

    /// <summary>Says whether a datagram of ours is lost.</summary>
    internal Func<Packet, bool>? Loses { get; set; }

    /// <summary>More return values for an answer.</summary>
    internal Func<Packet, IEnumerable<(string Key, object Value)>>? Adds { get; set; }

    /// <summary>How we look to an asker (BEP 42).</summary>
    internal UdpEndpoint? Seen { get; set; }

    internal void Add(NodeContact contact)
    {
        _all.Add(contact);
        _byEndpoint[contact.Endpoint] = contact;
    }

    internal IEnumerable<NodeContact> Closest(Key160 target, int count = 8) => _all.OrderBy(contact => contact.Id ^ target).Take(count);

    private void Hear(Packet packet)
    {
        if (!IsDown && !Dead.Contains(packet.To) && packet.IsQuery && Loses?.Invoke(packet) != true
            && _byEndpoint.TryGetValue(packet.To, out NodeContact self))
        {
            _talk.Post(Answer(self, packet), self.Endpoint, RoundTrip, packet.Socket);
        }
    }

    private byte[] Answer(NodeContact self, Packet query)
    {
        List<(string, object)> values = [];
        object? target = query.Arguments.GetValueOrDefault("target") ?? query.Arguments.GetValueOrDefault("info_hash");
        if (target is byte[] key && query.Method != "announce_peer")
        {
            values.Add(("nodes", Krpc.Nodes(Closest(Key160.Read(key)))));
        }

        if (query.Method is "get_peers" or "get")
        {
            values.Add(("token", "token"));
        }

        values.AddRange(Adds?.Invoke(query) ?? []);
        return Seen is { } seen
            ? Krpc.ResponseTo(seen, query.Transaction, self.Id, [.. values])
            : Krpc.Response(query.Transaction, self.Id, [.. values]);
    }
}
