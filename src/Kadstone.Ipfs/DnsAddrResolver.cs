using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs;

/// <summary>Finds the addresses that stand behind a <c>/dnsaddr</c>: in texts of the DNS, which may lead to more of them.</summary>
/// <remarks>.NET resolves host names alone. Nothing is sent before the first such address is used.</remarks>
internal sealed class DnsAddrResolver(IReadOnlyList<IPEndPoint> servers, TimeProvider time)
{
    /// <summary>16: the most addresses that are returned, and the most questions that are asked for them.</summary>
    public const int MaxAddresses = 16;

    private const string Configuration = "/etc/resolv.conf";
    private const string Prefix = "dnsaddr=";
    private const int MaxDepth = 4;
    private const int MaxServers = 3;
    private const int Tries = 2;
    private const int Port = 53;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    public static bool IsNamed(Multiaddr address) => address.Components is [{ Protocol: MultiaddrProtocol.DnsAddr }, ..];

    /// <summary>The addresses behind one; none when there are none, or the DNS cannot be asked.</summary>
    /// <param name="address">One of a name, and perhaps of a peer: then only that peer's are returned.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<Multiaddr>> ResolveAsync(Multiaddr address, CancellationToken cancellationToken)
    {
        HashSet<Multiaddr> found = [];
        HashSet<Multiaddr> seen = [address];
        Queue<(Multiaddr Address, int Depth)> open = new([(address, 0)]);
        for (int asked = 0; asked < MaxAddresses && open.TryDequeue(out (Multiaddr Address, int Depth) next); asked++)
        {
            string name = Encoding.UTF8.GetString(next.Address.Components[0].Value.Span);
            foreach (string text in await AskAsync($"_dnsaddr.{name}", cancellationToken).ConfigureAwait(false))
            {
                if (!text.StartsWith(Prefix, StringComparison.Ordinal) || !Multiaddr.TryParse(text[Prefix.Length..], null, out Multiaddr? leads)
                    || (address.Peer is PeerId peer && leads.Peer is PeerId named && named != peer))
                {
                    continue;
                }

                if (!IsNamed(leads))
                {
                    found.Add(leads);
                }
                else if (next.Depth < MaxDepth && seen.Add(leads))
                {
                    open.Enqueue((leads, next.Depth + 1));
                }
            }
        }

        return [.. found.Take(MaxAddresses)];
    }

    /// <summary>The DNS servers of a configuration file.</summary>
    internal static IEnumerable<IPEndPoint> ServersOf(IEnumerable<string> lines) =>
        from line in lines
        let words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)
        where words is ["nameserver", _, ..] && IPAddress.TryParse(words[1], out _)
        select new IPEndPoint(IPAddress.Parse(words[1]), Port);

    private IEnumerable<IPEndPoint> Servers()
    {
        if (servers.Count > 0)
        {
            return servers;
        }

        return File.Exists(Configuration) ? ServersOf(File.ReadLines(Configuration).Take(1000))
            : NetworkInterface.GetAllNetworkInterfaces().SelectMany(network => network.GetIPProperties().DnsAddresses).Select(address => new IPEndPoint(address, Port));
    }

    private async Task<IReadOnlyList<string>> AskAsync(string name, CancellationToken cancellationToken)
    {
        for (int i = 0; i < Tries; i++)
        {
            foreach (IPEndPoint server in Servers().Take(MaxServers).ToArray())
            {
                if (DnsText.Question((ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1), name) is not byte[] question)
                {
                    return [];
                }

                if (await TryAskAsync(server, question, cancellationToken).ConfigureAwait(false) is IReadOnlyList<string> texts)
                {
                    return texts;
                }
            }
        }

        return [];
    }

    // The socket hears its server alone, on a port that the kernel picked; what is no answer to the question is passed over.
    private async Task<IReadOnlyList<string>?> TryAskAsync(IPEndPoint server, byte[] question, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = new(s_patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using Socket socket = new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        byte[] answer = new byte[DnsText.MaxLength];
        try
        {
            await socket.ConnectAsync(server, either.Token).ConfigureAwait(false);
            await socket.SendAsync(question, either.Token).ConfigureAwait(false);
            while (true)
            {
                int length = await socket.ReceiveAsync(answer, either.Token).ConfigureAwait(false);
                if (DnsText.TryRead(answer.AsSpan(0, length), question, out IReadOnlyList<string> texts))
                {
                    return texts;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }
}
