using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;

namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>Keeps something provided as the facade does it: a lookup, and the closest are told; every 9 to 10 minutes, after a failure again in 30 s.</summary>
internal sealed class Announcer(IpfsWorld world, Member member, byte[] content)
{
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMinutes(9);
    private static readonly TimeSpan s_jitter = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromSeconds(30);

    internal Member Member => member;

    internal byte[] Content => content;

    /// <summary>Rounds in which at least one peer was told.</summary>
    internal int Rounds { get; private set; }

    /// <summary>The query of the last round.</summary>
    internal KadQuery? Last { get; private set; }

    internal void Start() => world.Network.Schedule(TimeSpan.Zero, Begin);

    private void Begin()
    {
        if (!member.IsLiving)
        {
            return;
        }

        KadPeer self = new(member.Id, member.Info.Addresses);
        KadQuery query = new(member.Settings, KadQueryKind.Provide, content)
        {
            ProviderMessage = new KadMessage { Type = KadMessageType.AddProvider, Key = content, Providers = [self] },
        };
        member.Run((core, now) => core.AddOwnProvider(content, now));
        member.Start(query, _ => { }, () =>
        {
            Last = query;
            Rounds += query.Told > 0 ? 1 : 0;
            world.Network.Schedule(query.Told > 0 ? s_shortestPause + (s_jitter * world.Network.Chance.NextDouble()) : s_pauseAfterFailure, Begin);
        });
    }
}
