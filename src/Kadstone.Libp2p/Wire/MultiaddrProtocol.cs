namespace Kadstone.Libp2p;

/// <summary>The protocols of multiaddrs that are known by name. The numbers are those of the multicodec table.</summary>
public enum MultiaddrProtocol
{
    /// <summary>An IPv4 address.</summary>
    Ip4 = 4,

    /// <summary>A TCP port.</summary>
    Tcp = 6,

    /// <summary>An IPv6 address.</summary>
    Ip6 = 41,

    /// <summary>The zone of the IPv6 address that follows.</summary>
    Ip6Zone = 42,

    /// <summary>The length of a prefix.</summary>
    IpCidr = 43,

    /// <summary>A host name, of whatever address family.</summary>
    Dns = 53,

    /// <summary>A host name for IPv4.</summary>
    Dns4 = 54,

    /// <summary>A host name for IPv6.</summary>
    Dns6 = 55,

    /// <summary>A host name whose TXT records hold multiaddrs.</summary>
    DnsAddr = 56,

    /// <summary>A UDP port.</summary>
    Udp = 273,

    /// <summary>WebRTC without signalling.</summary>
    WebRtcDirect = 280,

    /// <summary>WebRTC.</summary>
    WebRtc = 281,

    /// <summary>Through a relay: what stands before names the relay.</summary>
    P2pCircuit = 290,

    /// <summary>The path of a socket file; takes all that follows.</summary>
    Unix = 400,

    /// <summary>A peer id.</summary>
    P2p = 421,

    /// <summary>HTTPS, an old name of <c>/tls/http</c>.</summary>
    Https = 443,

    /// <summary>An onion service, version 3.</summary>
    Onion3 = 445,

    /// <summary>An I2P destination.</summary>
    Garlic64 = 446,

    /// <summary>TLS.</summary>
    Tls = 448,

    /// <summary>The server name of TLS.</summary>
    Sni = 449,

    /// <summary>Noise.</summary>
    Noise = 454,

    /// <summary>QUIC, a draft.</summary>
    Quic = 460,

    /// <summary>QUIC, RFC 9000.</summary>
    QuicV1 = 461,

    /// <summary>WebTransport.</summary>
    WebTransport = 465,

    /// <summary>The hash of a certificate.</summary>
    CertHash = 466,

    /// <summary>WebSockets.</summary>
    Ws = 477,

    /// <summary>WebSockets over TLS.</summary>
    Wss = 478,

    /// <summary>HTTP.</summary>
    Http = 480,

    /// <summary>Inside one process; a number.</summary>
    Memory = 777,
}
