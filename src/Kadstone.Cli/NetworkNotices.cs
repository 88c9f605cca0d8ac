using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;

namespace Kadstone.Cli;

/// <summary>Warnings about what was asked for and can hardly be meant.</summary>
internal static class NetworkNotices
{
    /// <exception cref="CommandFailedException">Nobody of those who were given can be reached from the sockets that are opened.</exception>
    internal static void RequireFamily(IReadOnlyCollection<string> bootstrap, IReadOnlyCollection<IPAddress> hosts)
    {
        if (bootstrap.Count > 0
            && hosts.All(host => host.AddressFamily == AddressFamily.InterNetwork)
            && bootstrap.All(host => UdpEndpoint.TryParse(host, out UdpEndpoint endpoint) && !endpoint.IsIPv4))
        {
            throw CommandFailedException.Usage($"--bootstrap {bootstrap.First()} is an IPv6 address, and --host {string.Join(", ", hosts)} speaks IPv4 alone; --host :: asks over IPv6.");
        }
    }

    /// <summary>Why a public network does not answer, as far as can be told from here.</summary>
    internal static string NobodyInPublic(string transport) =>
        $"nobody answers: what is missing is a way to the Internet over {transport} (a connection, name resolution, a firewall that lets {transport} pass); --bootstrap names others to join through.";

    internal static void WarnOfPrivateAddresses(IEnumerable<string> bootstrap, bool isPrivate, Terminal terminal)
    {
        if (isPrivate)
        {
            return;
        }

        foreach (string host in bootstrap)
        {
            if (UdpEndpoint.TryParse(host, out UdpEndpoint endpoint) && AddressScopes.IsLocal(endpoint))
            {
                terminal.Complain($"dht: --bootstrap {host} is a private address and is not asked; --private allows it.");
            }
        }
    }
}
