using Kadstone.Datagrams;
using Kadstone.Simulation;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <summary>The living nodes of a simulated network.</summary>
internal sealed class SimMembers<TMember>(SimulatedNetwork network, Func<TMember, SimulatedHost> hostOf)
{
    private readonly List<TMember> _all = [];

    internal int Count => _all.Count;

    internal void Add(TMember member) => _all.Add(member);

    /// <summary>A random one that fits; the default where none does after many tries.</summary>
    internal TMember? Pick(Func<TMember, bool> fits)
    {
        for (int i = 0; i < 1_000 && _all.Count > 0; i++)
        {
            TMember member = _all[network.Chance.Next(_all.Count)];
            if (fits(member))
            {
                return member;
            }
        }

        return default;
    }

    /// <summary>Through whom a newcomer joins: the first one at first, then anybody who is reached and has joined; null for the first of all.</summary>
    internal TMember? Router(Func<TMember, bool> hasJoined) => _all.Count == 0 ? default
        : _all.Count < 20 ? _all[0]
        : Pick(member => !IsBehindNat(member) && hasJoined(member));

    internal TMember StopOne(Random chance)
    {
        int index = chance.Next(_all.Count);
        TMember member = _all[index];
        _all.RemoveAt(index);
        hostOf(member).Stop();
        return member;
    }

    internal static bool IsAt(UdpEndpoint endpoint, SimulatedHost host) => endpoint.WithPort(0) == host.Address.WithPort(0);

    internal bool IsBehindNat(TMember member) => hostOf(member).Options.Nat != NatKind.None;
}
