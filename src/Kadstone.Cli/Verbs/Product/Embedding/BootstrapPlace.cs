using Kadstone.Cli.Parsing;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Verbs.Product.Embedding;

/// <summary>Where an embedded node joins.</summary>
/// <param name="Network">In which network; null: HOST:PORT, in the first that is asked.</param>
/// <param name="Address">HOST:PORT, or a multiaddr for IPFS.</param>
internal sealed record BootstrapPlace(string? Network, string Address)
{
    internal static BootstrapPlace Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string? network = equals > 0 ? text[..equals] : null;
        string address = text[(equals > 0 ? equals + 1 : 0)..];
        bool isMultiaddr = Multiaddr.TryParse(address, out Multiaddr? parsed) && parsed.Peer is not null;
        return network switch
        {
            null or "ipfs" when isMultiaddr => new BootstrapPlace("ipfs", address),
            null or "mainline" or "hyperswarm" when !isMultiaddr => new BootstrapPlace(network, Endpoints.HostAndPort(address)),
            _ => throw new FormatException("is no place to join; HOST:PORT, mainline=HOST:PORT, hyperswarm=HOST:PORT, or a multiaddr that ends with /p2p/PEER is expected"),
        };
    }
}
