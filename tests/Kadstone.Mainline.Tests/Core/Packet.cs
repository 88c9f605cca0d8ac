using System.Text;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>A datagram that the node sent, read by the tests' own decoder.</summary>
internal sealed record Packet(UdpEndpoint To, byte Socket, byte[] Bytes, Instant At)
{
    private SortedDictionary<string, object>? _message;

    internal SortedDictionary<string, object> Message => _message ??= (SortedDictionary<string, object>)Krpc.Decode(Bytes);

    internal string Kind => Encoding.Latin1.GetString((byte[])Message["y"]);

    internal bool IsQuery => Kind == "q";

    internal string Method => Encoding.Latin1.GetString((byte[])Message["q"]);

    internal byte[] Transaction => (byte[])Message["t"];

    internal SortedDictionary<string, object> Arguments => (SortedDictionary<string, object>)Message["a"];

    internal SortedDictionary<string, object> Values => (SortedDictionary<string, object>)Message["r"];

    /// <summary>The code of an error; 0 when it is none.</summary>
    internal int ErrorCode => Kind == "e" ? (int)(long)((object[])Message["e"])[0] : 0;

    internal byte[] Token => (byte[])Values["token"];

    internal byte[] Text(string key) => (byte[])Values[key];

    internal bool Has(string key) => Values.ContainsKey(key);

    /// <summary>The nodes and nodes6 of a response.</summary>
    internal IReadOnlyList<NodeContact> Nodes =>
    [
        .. Contacts("nodes", NodeContact.CompactLengthIPv4),
        .. Contacts("nodes6", NodeContact.CompactLengthIPv6),
    ];

    /// <summary>The peers of a response.</summary>
    internal IReadOnlyList<UdpEndpoint> Peers =>
        Has("values") ? [.. ((object[])Values["values"]).Select(peer => Endpoint((byte[])peer))] : [];

    private IEnumerable<NodeContact> Contacts(string key, int size)
    {
        byte[] packed = Has(key) ? Text(key) : [];
        (packed.Length % size).ShouldBe(0);
        for (int at = 0; at < packed.Length; at += size)
        {
            NodeContact.TryRead(packed.AsSpan(at, size), out NodeContact contact).ShouldBeTrue();
            yield return contact;
        }
    }

    private static UdpEndpoint Endpoint(byte[] compact)
    {
        UdpEndpoint.TryReadCompact(compact, out UdpEndpoint endpoint).ShouldBeTrue();
        return endpoint;
    }
}
