using Kadstone.Daemon;

namespace Kadstone.Cli.Up;

/// <summary>The devnets of this process as the API shows and changes them.</summary>
internal sealed class DevnetControl(IReadOnlyList<Devnet> devnets) : IDevnet
{
    public IReadOnlyList<DevnetNode> Nodes => [.. devnets.SelectMany(devnet => devnet.Nodes)];

    public async Task<IReadOnlyList<DevnetNode>> AddAsync(string network, int count, CancellationToken cancellationToken = default)
    {
        Devnet devnet = Find(network) ?? throw new ArgumentException($"the devnet has no {network}; it has {string.Join(", ", devnets.Select(devnet => devnet.Network))}.", nameof(network));
        try
        {
            return await devnet.AddAsync(count, (_, _) => { }, cancellationToken);
        }
        catch (CommandFailedException exception)
        {
            throw new ArgumentException(exception.Message, nameof(count), exception);
        }
    }

    public Task<bool> StopAsync(string network, int number, CancellationToken cancellationToken = default) =>
        Find(network)?.StopAsync(number, cancellationToken) ?? Task.FromResult(false);

    private Devnet? Find(string network) => devnets.FirstOrDefault(devnet => devnet.Network == network);
}
