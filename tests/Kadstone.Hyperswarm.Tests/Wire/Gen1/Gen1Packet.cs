using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>Packets by hand: hex with spaces, and what one wants to know of them in a word.</summary>
internal static class Gen1Packet
{
    /// <summary>A field of 32 bytes 0x11, the tag excluded.</summary>
    public const string Key = " 20 1111111111111111111111111111111111111111111111111111111111111111 ";

    /// <summary>A request without a field: transaction 0x1234.</summary>
    public const string Request = "9234 ";

    /// <summary>A response without a field: transaction 0x1234.</summary>
    public const string Response = "1234 ";

    /// <summary>command = "_ping".</summary>
    public const string Ping = " 0a 05 5f70696e67 ";

    /// <summary>command = "store".</summary>
    public const string Store = " 0a 05 73746f7265 ";

    /// <summary>target = 32 bytes 0x11.</summary>
    public const string Target = " 1a" + Key;

    public static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>Why it is dropped, or None.</summary>
    public static Gen1Malformed Verdict(string hex)
    {
        Gen1Reader.TryRead(Bytes(hex), out _, out Gen1Malformed why).ShouldBe(why == Gen1Malformed.None);
        return why;
    }

    public static Gen1Message Read(byte[] packet)
    {
        Gen1Reader.TryRead(packet, out Gen1Message message, out Gen1Malformed why).ShouldBeTrue(why.ToString());
        return message;
    }

    public static Gen1Message Read(string hex) => Read(Bytes(hex));

    public static UdpEndpoint Endpoint(string text) => UdpEndpoint.TryParse(text, out UdpEndpoint endpoint) ? endpoint : throw new ArgumentException(text);

    public static List<string> List(Gen1Peers peers)
    {
        List<string> list = [];
        foreach (UdpEndpoint peer in peers)
        {
            list.Add(peer.ToString());
        }

        return list;
    }

    public static List<Gen1Contact> List(Gen1Nodes nodes)
    {
        List<Gen1Contact> list = [];
        foreach (Gen1Contact contact in nodes)
        {
            list.Add(contact);
        }

        return list;
    }
}
