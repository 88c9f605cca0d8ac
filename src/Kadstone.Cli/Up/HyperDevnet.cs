using System.Net;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Cli.Up;

/// <summary>The Hyperswarm nodes of a devnet, on today's wire.</summary>
internal sealed class HyperDevnet : Devnet
{
    private HyperDht? _last;

    internal override string Network => "hyperswarm";

    internal override void Join(KadstoneOptions options) => options.Hyperswarm = OptionsOf(OwnAddress, [Bootstrap]);

    internal override async Task<bool> AnswersAsync(KadstoneNode own, CancellationToken cancellationToken)
    {
        if (own.Hyperswarm is not HyperDht dht || _last is null)
        {
            return false;
        }

        Key256 topic = Keyspace.Random<Key256>(Random.Shared);
        try
        {
            RpcCommit announced = await dht.AnnounceOnceAsync(topic, cancellationToken: cancellationToken);
            await foreach (PeersFound found in _last.LookupAsync(topic, cancellationToken: cancellationToken))
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

    protected override async Task<NetworkNode> CreateAsync(IPAddress address, string[] bootstrap, CancellationToken cancellationToken)
    {
        _last = await HyperDht.CreateAsync(OptionsOf(address, bootstrap), cancellationToken: cancellationToken);
        return NetworkNode.Of(_last);
    }

    // Each is known by its address, so it is persistent at once.
    private static HyperDhtOptions OptionsOf(IPAddress address, string[] bootstrap) => new()
    {
        Host = address,
        Scope = AddressScope.Private,
        IsReachableAssumed = true,
        Bootstrap = bootstrap,
    };
}
