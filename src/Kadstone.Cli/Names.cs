using System.Net;
using System.Net.Sockets;
using Kadstone.Cli.Parsing;
using Kadstone.Datagrams;
using Kadstone.Mainline;

namespace Kadstone.Cli;

/// <summary>From HOST:PORT to an endpoint that one of the node's sockets can reach.</summary>
internal static class Names
{
    internal static Task<UdpEndpoint> ResolveAsync(string node, MainlineDht dht, CancellationToken cancellationToken) =>
        ResolveAsync(node, [.. dht.LocalEndpoints.Select(local => local.AddressFamily)], cancellationToken);

    internal static async Task<UdpEndpoint> ResolveAsync(string node, AddressFamily[] families, CancellationToken cancellationToken)
    {
        if (UdpEndpoint.TryParse(node, out UdpEndpoint literal))
        {
            return literal;
        }

        (string host, int port) = Endpoints.Split(node);
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
            IPAddress? address = addresses.FirstOrDefault(address => families.Contains(address.AddressFamily));
            return address is not null
                ? UdpEndpoint.From(address, (ushort)port)
                : throw new NoNetworkException($"{host} has no address that --host can reach.");
        }
        catch (SocketException exception)
        {
            throw new NoNetworkException($"{host} cannot be resolved: {Failure.OneLine(exception.Message)}.");
        }
    }
}
