using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;

namespace Kadstone.Cli.Up;

/// <summary>A private network in this process: node n at 127.77.n.1, so that each counts as a prefix of its own and diversity stays on.</summary>
internal sealed class Devnet : IAsyncDisposable
{
    internal const int MaxNodes = 250;

    private readonly List<MainlineDht> _nodes = [];

    private Devnet()
    {
    }

    /// <summary>Where the machine's own node listens: a prefix that no node of the network has.</summary>
    internal static IPAddress OwnAddress { get; } = IPAddress.Parse("127.77.0.1");

    internal IReadOnlyList<MainlineDht> Nodes => _nodes;

    /// <summary>The first node, through which everybody joins.</summary>
    internal string Bootstrap => _nodes[0].LocalEndpoints[0].ToString();

    internal static async Task<Devnet> StartAsync(int count, Action<int, MainlineDht> started, CancellationToken cancellationToken)
    {
        Devnet devnet = new();
        try
        {
            for (int n = 1; n <= count; n++)
            {
                MainlineDht node = await devnet.AddAsync(IPAddress.Parse($"127.77.{n}.1"), cancellationToken);
                devnet._nodes.Add(node);
                started(n, node);
            }

            await Task.WhenAll(devnet._nodes.Select(node => node.WaitForNetworkAsync(cancellationToken)));
            return devnet;
        }
        catch
        {
            await devnet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Announces through one node and finds that through another: the network answers.</summary>
    internal async Task<bool> AnswersAsync(MainlineDht own, CancellationToken cancellationToken)
    {
        Key160 infoHash = Keyspace.Random<Key160>(Random.Shared);
        try
        {
            AnnounceResult announced = await own.AnnouncePeerAsync(infoHash, 0, cancellationToken: cancellationToken);
            UdpEndpoint expected = UdpEndpoint.From(own.LocalEndpoints[0]);
            await foreach (UdpEndpoint peer in _nodes[^1].GetPeersAsync(infoHash).WithCancellation(cancellationToken))
            {
                if (peer == expected)
                {
                    return announced.Commit.Stored > 0;
                }
            }

            return false;
        }
        catch (Exception exception) when (exception is NoNetworkException or DhtTimeoutException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));

    private async Task<MainlineDht> AddAsync(IPAddress address, CancellationToken cancellationToken)
    {
        try
        {
            return await MainlineDht.CreateAsync(
                new MainlineOptions
                {
                    Addresses = [address],
                    Scope = AddressScope.Private,
                    Bootstrap = _nodes.Count == 0 ? [] : [Bootstrap],
                },
                cancellationToken: cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new CommandFailedException(
                ExitCode.Error,
                $"{address} cannot be bound ({Failure.OneLine(exception.Message)}): the devnet needs all of 127.0.0.0/8 on the loopback interface, as Linux has it.");
        }
    }
}
