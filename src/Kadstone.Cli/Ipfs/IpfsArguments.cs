using System.Net;
using Kadstone.Cli.Parsing;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Ipfs;

/// <summary>Peers, contents and addresses from the command line.</summary>
internal static class IpfsArguments
{
    internal static PeerId Peer(string text) =>
        PeerId.TryParse(text, out PeerId? peer) ? peer : throw new FormatException("is no peer id; 12D3Koo…, Qm…, or a CID such as bafz… or k51… is expected");

    internal static Cid Content(string text) =>
        Cid.TryParse(text, out Cid? cid) ? cid : throw new FormatException("is no CID; Qm… or bafy… is expected");

    internal static Multiaddr Listen(string text) =>
        Multiaddr.TryParse(text, out Multiaddr? address) && address.Peer is null && address.Components.Count == 2 && address.TryGetTcpEndpoint(out _)
            ? address
            : throw new FormatException("is no address to listen at; an IP address and a TCP port are expected, such as /ip4/0.0.0.0/tcp/4001");

    internal static Multiaddr Bootstrap(string text) =>
        Multiaddr.TryParse(text, out Multiaddr? address) && address.Peer is not null
            ? address
            : throw new FormatException("is no address of a peer; one that ends with it is expected, such as /ip4/127.0.0.1/tcp/4001/p2p/12D3Koo…");

    internal static IPEndPoint? Http(string text)
    {
        string[] parts = text.Split('/');
        bool isMultiaddr = parts is ["", "ip4" or "ip6", _, "tcp", _];
        (string host, int port) = Endpoints.Split(isMultiaddr ? parts[2].Contains(':', StringComparison.Ordinal) ? $"[{parts[2]}]:{parts[4]}" : $"{parts[2]}:{parts[4]}" : text);
        IPAddress? address = host == "localhost" ? IPAddress.Loopback : null;
        return (address is not null || IPAddress.TryParse(host, out address)) && port <= IPEndPoint.MaxPort
            ? new IPEndPoint(address, port)
            : throw new FormatException("is not allowed; an IP address of this machine and a TCP port are expected, such as 127.0.0.1:5001");
    }

    internal static string Origin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == text
            ? text
            : throw new FormatException("is no origin; a scheme, a host and a port are expected and nothing behind them, such as http://localhost:3000");

    internal static string HostName(string text) =>
        Uri.CheckHostName(text) != UriHostNameType.Unknown ? text : throw new FormatException("is no host; a name without a port is expected, such as node.example.org");

    internal static KadMode? Mode(string text) => text switch
    {
        "auto" => KadMode.Auto,
        "client" => KadMode.Client,
        "server" => KadMode.Server,
        _ => throw new FormatException("is not allowed; auto, client or server is expected"),
    };

    internal static AddressPolicy? Addresses(string text) => text switch
    {
        "public" => AddressPolicy.Public,
        "lan" => AddressPolicy.Lan,
        "any" => AddressPolicy.Any,
        _ => throw new FormatException("is not allowed; public, lan or any is expected"),
    };

    internal static string RecordKey(string text) =>
        text.Split('/') is ["", "ipns" or "pk", string name] && PeerId.TryParse(name, out _) ? text
        : throw new FormatException("is no key of a record; /ipns/NAME or /pk/PEER is expected");

    internal static string Path(string text)
    {
        string path = text.StartsWith('/') ? text : $"/ipfs/{text}";
        return path.Split('/', 4) is ["", "ipfs", string cid, ..] && Cid.TryParse(cid, out _) || path.Split('/', 4) is ["", "ipns", { Length: > 0 }, ..]
            ? path
            : throw new FormatException("is no path; a CID, /ipfs/CID or /ipns/NAME is expected");
    }

    internal static PeerId Name(string text) => Peer(text.StartsWith("/ipns/", StringComparison.Ordinal) ? text["/ipns/".Length..] : text);
}
