using Kadstone.Simulation;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <param name="Nodes">How many nodes the network has.</param>
/// <param name="Seed">What all chance comes from: the same seed is the same run.</param>
/// <param name="ChurnPerMinute">The share of the nodes that leave in a minute, each followed by a new one.</param>
/// <param name="Loss">The share of the packets that is lost, each way.</param>
/// <param name="Nat">The share of the nodes behind a NAT.</param>
/// <param name="NatKind">Which kind of NAT.</param>
/// <param name="Time">How long it goes on, in virtual time, once all have joined.</param>
/// <param name="Lookups">How many lookups are made in that time.</param>
internal sealed record SimPlan(int Nodes, int Seed, double ChurnPerMinute, double Loss, double Nat, NatKind NatKind, TimeSpan Time, int Lookups)
{
    /// <summary>Who others must reach at the start: the first nodes stand behind no NAT.</summary>
    internal const int OpenNodes = 8;

    /// <summary>All join within it, one after the other.</summary>
    internal static TimeSpan Growth { get; } = TimeSpan.FromMinutes(2);

    /// <summary>Then tables fill and everything calms down.</summary>
    internal static TimeSpan Settling { get; } = TimeSpan.FromMinutes(3);

    internal int Topics => Math.Clamp(Nodes / 2, 1, 100);
}
