using Kadstone.Datagrams;

namespace Kadstone.Cli;

/// <summary>Warnings about what was asked for and can hardly be meant.</summary>
internal static class NetworkNotices
{
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
