using System.Net;
using System.Text.Json.Nodes;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>A network of both makes: js-libp2p's nodes and ours, which all know each other.</summary>
internal sealed class Libp2pKadMix : IAsyncDisposable
{
    private Libp2pKadMix(Libp2pKadNetwork theirs) => Theirs = theirs;

    public Libp2pKadNetwork Theirs { get; }

    public List<IpfsDht> Ours { get; } = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <param name="count">Of each make.</param>
    /// <param name="scope">Which protocol id: that of the public network or that of a site.</param>
    public static async Task<Libp2pKadMix> StartAsync(int count, KadScope scope)
    {
        string protocol = scope == KadScope.Lan ? "/ipfs/lan/kad/1.0.0" : "/ipfs/kad/1.0.0";
        Libp2pKadMix mix = new(await Libp2pKadNetwork.StartAsync(count, protocol));
        try
        {
            await mix.JoinAsync(count, scope);
            return mix;
        }
        catch
        {
            await mix.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IpfsDht node in Ours)
        {
            await node.DisposeAsync();
        }

        await Theirs.DisposeAsync();
    }

    // Each of theirs meets the one before it and one of ours; each of ours meets one of theirs first.
    private async Task JoinAsync(int count, KadScope scope)
    {
        for (int i = 0; i < count; i++)
        {
            IpfsOptions options = new()
            {
                Host = new Libp2pOptions { Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)], Limits = HostLimits.OneMachine },
                Scope = scope,
                Policy = AddressPolicy.Any,
                Bootstrap = [Multiaddr.Parse($"{Theirs.Nodes[0].Address}/p2p/{Theirs.Nodes[0].Peer}")],
                Validators = [new GreatestWins()],
            };
            Ours.Add(await IpfsDht.CreateAsync(options, cancellationToken: Cancelled));
            if (i > 0)
            {
                await Theirs.AskAsync(i, "connect", new JsonObject { ["to"] = $"{Theirs.Nodes[i - 1].Address}/p2p/{Theirs.Nodes[i - 1].Peer}" });
            }

            await Theirs.AskAsync(i, "connect", new JsonObject { ["to"] = $"{Ours[i].Addresses[0]}/p2p/{Ours[i].LocalPeer}" });
        }

        // Of their tables only the size can be asked; ours know who stands there.
        int most = (2 * count) - 1;
        for (int i = 0; i < count; i++)
        {
            int node = i;
            await Ours[node].Ready;
            await Eventually.GetAsync("our table", () => LookAroundAsync(Ours[node]), size => size >= most * 3 / 4);
            await Eventually.GetAsync("their table", async () => (int)(await Theirs.AskAsync(node, "table"))["size"]!, size => size >= most * 3 / 4);
        }
    }

    private static async Task<int> LookAroundAsync(IpfsDht node)
    {
        await node.FindClosestPeersAsync(node.LocalPeer, cancellationToken: Cancelled);
        return node.Contacts().Count;
    }
}
