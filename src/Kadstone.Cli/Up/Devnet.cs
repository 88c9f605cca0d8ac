using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Kadstone.Daemon;
using Kadstone.Hosting;

namespace Kadstone.Cli.Up;

/// <summary>A private network in this process: node n at 127.77.n.1, so that each counts as a prefix of its own and diversity stays on.</summary>
internal abstract class Devnet : IAsyncDisposable
{
    internal const int MaxNodes = 250;

    // One change at a time; whoever reads has the list as it was.
    private readonly SemaphoreSlim _turn = new(1);
    private volatile ImmutableList<Member> _members = [];

    /// <summary>Where the machine's own node listens: a prefix that no node of the network has.</summary>
    internal static IPAddress OwnAddress { get; } = IPAddress.Parse("127.77.0.1");

    /// <summary>As <see cref="NetworkNode.Network"/> names it.</summary>
    internal abstract string Network { get; }

    /// <summary>The nodes that run.</summary>
    internal IReadOnlyList<NetworkNode> Running => [.. _members.Where(member => member.IsRunning).Select(member => member.Node)];

    /// <summary>All nodes, the stopped ones among them.</summary>
    internal IEnumerable<DevnetNode> Nodes => _members.Select(member => member.Describe());

    /// <summary>The first node that runs, through which everybody joins.</summary>
    internal string Bootstrap => Running[0].Endpoints[0];

    /// <summary>Starts the nodes and waits until all have joined.</summary>
    internal async Task StartAsync(int count, Action<int, NetworkNode> started, CancellationToken cancellationToken)
    {
        await AddAsync(count, started, cancellationToken);
        await Task.WhenAll(Running.Select(node => node.WaitForNetworkAsync(cancellationToken)));
    }

    /// <summary>Adds nodes, which join through one that runs.</summary>
    /// <exception cref="ArgumentException">There is no room for so many.</exception>
    internal async Task<IReadOnlyList<DevnetNode>> AddAsync(int count, Action<int, NetworkNode> started, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_members.Count + count > MaxNodes)
            {
                throw new ArgumentException($"the devnet of {Network} has had {_members.Count} nodes and room for {MaxNodes}.", nameof(count));
            }

            List<DevnetNode> added = [];
            for (int i = 0; i < count; i++)
            {
                int number = _members.Count + 1;
                NetworkNode node = await AddAsync(IPAddress.Parse($"127.77.{number}.1"), cancellationToken);
                Member member = new(number, node, node.Id, node.Endpoints[0], IsRunning: true);
                _members = [.. _members, member];
                added.Add(member.Describe());
                started(number, node);
            }

            return added;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Stops a node.</summary>
    /// <returns>False when there is none of that number, or it was stopped before.</returns>
    internal async Task<bool> StopAsync(int number, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            int at = number - 1;
            if (at < 0 || at >= _members.Count || !_members[at].IsRunning)
            {
                return false;
            }

            Member member = _members[at];
            _members = _members.SetItem(at, member with { IsRunning = false });
            await member.Node.DisposeAsync();
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Tells the machine's own node to join here.</summary>
    internal abstract void Join(KadstoneOptions options);

    /// <summary>Announces through the machine's own node and finds that through another: the network answers.</summary>
    internal abstract Task<bool> AnswersAsync(KadstoneNode own, CancellationToken cancellationToken);

    public async ValueTask DisposeAsync() => await Task.WhenAll(Running.Select(node => node.DisposeAsync().AsTask()));

    protected abstract Task<NetworkNode> CreateAsync(IPAddress address, string[] bootstrap, CancellationToken cancellationToken);

    private async Task<NetworkNode> AddAsync(IPAddress address, CancellationToken cancellationToken)
    {
        try
        {
            return await CreateAsync(address, Running.Count == 0 ? [] : [Bootstrap], cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new CommandFailedException(
                ExitCode.Error,
                $"{address} cannot be bound ({Failure.OneLine(exception.Message)}): the devnet needs all of 127.0.0.0/8 on the loopback interface, as Linux has it.");
        }
    }

    // A node that has ended is not asked any more.
    private sealed record Member(int Number, NetworkNode Node, string? FirstId, string Endpoint, bool IsRunning)
    {
        public DevnetNode Describe() => new(Node.Network, Number, IsRunning ? Node.Id : FirstId, Endpoint, IsRunning);
    }
}
