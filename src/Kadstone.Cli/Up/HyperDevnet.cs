using System.Net;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Cli.Up;

/// <summary>The Hyperswarm nodes of a devnet, on today's wire.</summary>
internal sealed class HyperDevnet : Devnet
{
    /// <summary>What all nodes of a devnet have: each is known by its address, so it is persistent at once.</summary>
    internal static HyperDhtOptions OptionsOf(IPAddress address, string[] bootstrap) => new()
    {
        Host = address,
        Scope = AddressScope.Private,
        IsReachableAssumed = true,
        Bootstrap = bootstrap,
    };

    internal override async Task<bool> AnswersAsync(UpNode own, CancellationToken cancellationToken)
    {
        HyperDht dht = ((HyperUpNode)own).Dht;
        Key256 topic = Keyspace.Random<Key256>(Random.Shared);
        try
        {
            RpcCommit announced = await dht.AnnounceOnceAsync(topic, cancellationToken: cancellationToken);
            await foreach (PeersFound found in ((HyperUpNode)Nodes[^1]).Dht.LookupAsync(topic, cancellationToken: cancellationToken))
            {
                if (found.Records.Any(record => record.PublicKey.Span.SequenceEqual(dht.PublicKey.Span)))
                {
                    return announced.Stored > 0;
                }
            }

            return false;
        }
        catch (Exception exception) when (exception is NoAnswerException or TimeoutException)
        {
            return false;
        }
    }

    protected override async Task<UpNode> CreateAsync(IPAddress address, string[] bootstrap, CancellationToken cancellationToken) =>
        new HyperUpNode(await HyperDht.CreateAsync(OptionsOf(address, bootstrap), cancellationToken: cancellationToken));
}
