namespace Kadstone.Simulation.Tests.Hyperswarm;

/// <summary>Bar 51: every scenario, run twice in one process, leaves one and the same trace. Too small to be judged by its figures.</summary>
public sealed class ReplayTests
{
    public static TheoryData<string> Scenarios =>
        ["healthy", "churn", "silent", "partition", "network away", "reachability", "restart", "eclipse", "false nodes", "first generation"];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_leaves_the_same_trace_twice(string scenario) => Replay.Twice(7, seed => Run(scenario, seed));

    private static SimulatedNetwork Run(string scenario, int seed) => scenario switch
    {
        "healthy" => HealthyNetworkTests.Scenario(seed, nodes: 50, topics: 20, judge: false).Network,
        "churn" => ChurnTests.Scenario(seed, nodes: 50, announcers: 10, minutes: 3, lookupsAMinute: 10, judge: false).Network,
        "silent" => SilentNodesTests.Scenario(seed, nodes: 40, topics: 10, lookupsAMinute: 3, judge: false).Network,
        "partition" => PartitionTests.Scenario(seed, nodes: 40, topics: 10, judge: false).Network,
        "network away" => NetworkAwayTests.Scenario(seed, nodes: 30, judge: false).Network,
        "reachability" => ReachabilityTests.Scenario(seed, nodes: 30, each: 3, judge: false).Network,
        "restart" => RestartTests.Scenario(seed, nodes: 60, restarts: 3, judge: false).Network,
        "eclipse" => EclipseTests.Scenario(seed, nodes: 40, attackers: 200, minutes: 2, judge: false).Network,
        "false nodes" => FalseNodesTests.Scenario(seed, nodes: 30, judge: false).Network,
        _ => FirstGenerationTests.Scenario(seed, nodes: 40, announcers: 10, lookups: 20, judge: false),
    };
}
