namespace Kadstone.Simulation.Tests.Ipfs;

/// <summary>Bar 51: every scenario, run twice in one process, leaves one and the same trace. Those that are too small to be judged by their figures are not.</summary>
public sealed class ReplayTests
{
    public static TheoryData<string> Scenarios =>
        ["healthy", "churn", "silent", "partition", "restart", "eclipse", "false nodes", "censorship", "bridges"];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_leaves_the_same_trace_twice(string scenario) => Replay.Twice(7, seed => Run(scenario, seed).Network);

    private static IpfsWorld Run(string scenario, int seed) => scenario switch
    {
        "healthy" => HealthyNetworkTests.Scenario(seed, nodes: 40, contents: 15, judge: false),
        "churn" => ChurnTests.Scenario(seed, nodes: 40, announcers: 10, minutes: 3, lookupsAMinute: 10, judge: false),
        "silent" => SilentNodesTests.Scenario(seed, nodes: 30, contents: 10, lookupsAMinute: 2, judge: false),
        "partition" => PartitionTests.Scenario(seed, nodes: 30, contents: 10),
        "restart" => RestartTests.Scenario(seed, nodes: 40, restarts: 2, judge: false),
        "eclipse" => EclipseTests.Scenario(seed, nodes: 30, attackers: 100, minutes: 1, judge: false),
        "false nodes" => FalseNodesTests.Scenario(seed, nodes: 30, each: 1),
        "censorship" => CensorshipTests.Scenario(seed, nodes: 70, networks: 20, batches: 1, contents: 2, judge: false).World,
        _ => BridgeTests.Scenario(seed, nodes: 20, judge: false),
    };
}
