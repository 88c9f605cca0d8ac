namespace Kadstone.Libp2p;

/// <summary>How the values of multiaddr protocols are written, in bytes and as text.</summary>
internal static class MultiaddrTable
{
    /// <summary>A value whose length stands before it.</summary>
    public const int Prefixed = -1;

    private static readonly Dictionary<MultiaddrProtocol, (string Name, int Size)> s_known = new()
    {
        [MultiaddrProtocol.Ip4] = ("ip4", 4),
        [MultiaddrProtocol.Tcp] = ("tcp", 2),
        [MultiaddrProtocol.Ip6] = ("ip6", 16),
        [MultiaddrProtocol.Ip6Zone] = ("ip6zone", Prefixed),
        [MultiaddrProtocol.IpCidr] = ("ipcidr", 1),
        [MultiaddrProtocol.Dns] = ("dns", Prefixed),
        [MultiaddrProtocol.Dns4] = ("dns4", Prefixed),
        [MultiaddrProtocol.Dns6] = ("dns6", Prefixed),
        [MultiaddrProtocol.DnsAddr] = ("dnsaddr", Prefixed),
        [MultiaddrProtocol.Udp] = ("udp", 2),
        [MultiaddrProtocol.WebRtcDirect] = ("webrtc-direct", 0),
        [MultiaddrProtocol.WebRtc] = ("webrtc", 0),
        [MultiaddrProtocol.P2pCircuit] = ("p2p-circuit", 0),
        [MultiaddrProtocol.Unix] = ("unix", Prefixed),
        [MultiaddrProtocol.P2p] = ("p2p", Prefixed),
        [MultiaddrProtocol.Https] = ("https", 0),
        [MultiaddrProtocol.Onion3] = ("onion3", 37),
        [MultiaddrProtocol.Garlic64] = ("garlic64", Prefixed),
        [MultiaddrProtocol.Tls] = ("tls", 0),
        [MultiaddrProtocol.Sni] = ("sni", Prefixed),
        [MultiaddrProtocol.Noise] = ("noise", 0),
        [MultiaddrProtocol.Quic] = ("quic", 0),
        [MultiaddrProtocol.QuicV1] = ("quic-v1", 0),
        [MultiaddrProtocol.WebTransport] = ("webtransport", 0),
        [MultiaddrProtocol.CertHash] = ("certhash", Prefixed),
        [MultiaddrProtocol.Ws] = ("ws", 0),
        [MultiaddrProtocol.Wss] = ("wss", 0),
        [MultiaddrProtocol.Http] = ("http", 0),
        [MultiaddrProtocol.Memory] = ("memory", 8),
    };

    private static readonly Dictionary<string, MultiaddrProtocol> s_named = Named();

    /// <summary>The name of a protocol and the length of its value; false for one that is not known.</summary>
    public static bool TryGet(MultiaddrProtocol protocol, out string name, out int size)
    {
        bool isKnown = s_known.TryGetValue(protocol, out (string Name, int Size) entry);
        (name, size) = isKnown ? entry : ("", 0);
        return isKnown;
    }

    /// <summary>The protocol of a name.</summary>
    public static bool TryGet(ReadOnlySpan<char> name, out MultiaddrProtocol protocol) =>
        s_named.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out protocol);

    private static Dictionary<string, MultiaddrProtocol> Named()
    {
        Dictionary<string, MultiaddrProtocol> named = s_known.ToDictionary(pair => pair.Value.Name, pair => pair.Key);
        // What peer ids were called before they were everybody's.
        named["ipfs"] = MultiaddrProtocol.P2p;
        return named;
    }
}
