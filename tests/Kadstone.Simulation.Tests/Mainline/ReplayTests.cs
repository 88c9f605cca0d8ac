namespace Kadstone.Simulation.Tests.Mainline;

/// <summary>Bar 51: every scenario, run twice in one process, leaves one and the same trace. Too small to be judged by its figures.</summary>
public sealed class ReplayTests
{
    public static TheoryData<string> Scenarios =>
        ["healthy", "churn", "silent", "partition", "restart of all", "network away", "reachability", "restart", "eclipse", "false nodes"];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_leaves_the_same_trace_twice(string scenario) => Replay.Twice(7, seed => Run(scenario, seed).Network);

    private static MainlineWorld Run(string scenario, int seed) => scenario switch
    {
        "healthy" => HealthyNetworkTests.Scenario(seed, nodes: 100, keys: 50, judge: false),
        "churn" => ChurnTests.Scenario(seed, nodes: 100, announcers: 30, minutes: 4, lookupsAMinute: 20, judge: false),
        "silent" => SilentNodesTests.Scenario(seed, nodes: 100, keys: 100, lookupsAMinute: 10, judge: false),
        "partition" => PartitionTests.Scenario(seed, nodes: 60, keys: 60, judge: false),
        "restart of all" => MassRestartTests.Scenario(seed, nodes: 30, keys: 10, judge: false),
        "network away" => NetworkAwayTests.Scenario(seed, nodes: 40, judge: false),
        "reachability" => ReachabilityTests.Scenario(seed, nodes: 60, each: 5, judge: false),
        "restart" => RestartTests.Scenario(seed, nodes: 100, restarts: 5, judge: false),
        "eclipse" => EclipseTests.Scenario(seed, nodes: 100, attackers: 500, minutes: 2, judge: false),
        _ => FalseNodesTests.Scenario(seed, nodes: 40, judge: false),
    };
}
