using Kadstone.Datagrams;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hyperswarm.Tests.Facade;

/// <summary>What a node remembers from one run to the next.</summary>
public sealed class RpcStateTests
{
    [Fact]
    public async Task A_saved_state_joins_with_every_bootstrap_node_dead_and_has_its_port_and_id_again()
    {
        await using RpcDevnet devnet = await RpcDevnet.StartAsync(6);
        RpcNode old = devnet[5];
        await old.FindNodeAsync(RpcDevnet.RandomKey(), RpcDevnet.Guard());
        RpcState state = old.Save();
        var id = old.Id;
        await old.DisposeAsync();
        old.Save().Nodes.ShouldBe(state.Nodes, ignoreOrder: true);
        string dead = devnet.Bootstrap;
        await devnet[0].DisposeAsync();

        await using RpcNode again = await RpcNode.CreateAsync(
            RpcDevnet.OptionsOf(dead, "node.invalid:1") with { SavedState = state.ToJson() },
            cancellationToken: RpcDevnet.Guard());
        (await again.WaitForNetworkAsync(RpcDevnet.Guard())).ShouldBeGreaterThan(0);
        (again.Id, again.LocalEndpoint.Port).ShouldBe((id, state.Port));
        (await again.FindNodeAsync(RpcDevnet.RandomKey(), RpcDevnet.Guard())).Count.ShouldBe(4);
    }

    [Fact]
    public void A_state_goes_through_json_and_back()
    {
        RpcState state = new(49_737, [UdpEndpoint.FromIPv4(0x01020304, 5), UdpEndpoint.FromIPv4(0x05060708, 65_535)]);
        RpcState.TryParse(state.ToJson(), out RpcState? read, out string? error).ShouldBeTrue(error);
        (read.Port, read.Nodes.Count).ShouldBe((state.Port, 2));
        read.Nodes.ShouldBe(state.Nodes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"version":2,"network":"hyperswarm","port":1}""")]
    [InlineData("""{"version":1,"network":"mainline","port":1}""")]
    [InlineData("""{"version":1,"network":"hyperswarm","port":65536}""")]
    [InlineData("""{"version":1,"network":"hyperswarm","port":1,"nodes":7}""")]
    public async Task A_state_that_is_none_costs_one_warning_and_the_node_starts_afresh(string json)
    {
        RpcState.TryParse(json, out _, out string? error).ShouldBeFalse();
        error.ShouldEndWith(".");
        Warnings warnings = new();
        await using RpcNode node = await RpcNode.CreateAsync(RpcDevnet.OptionsOf() with { SavedState = json }, warnings, cancellationToken: RpcDevnet.Guard());
        await node.Ready.Guarded();
        warnings.All.ShouldHaveSingleItem().ShouldContain(error);
        node.Save().Nodes.ShouldBeEmpty();
    }

    [Fact]
    public void Nodes_that_are_none_are_left_out_and_a_thousand_are_the_most()
    {
        string json = $$"""{"version":1,"network":"hyperswarm","port":1,"nodes":["1.2.3.4:5",null,"x","[::1]:6","1.2.3.4:99999",{{string.Join(',', Enumerable.Range(1, 2_000).Select(i => $"\"1.2.3.4:{i}\""))}}]}""";
        RpcState.TryParse(json, out RpcState? state, out _).ShouldBeTrue();
        state.Nodes.Count.ShouldBe(1_000);
        state.Nodes[0].ToString().ShouldBe("1.2.3.4:5");
        RpcState.TryParse(new string('[', 900_000), out _, out _).ShouldBeFalse();
        RpcState.TryParse(new string(' ', 1_000_001), out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void Whoever_never_listened_saves_what_it_was_given()
    {
        RpcState state = new(7, [UdpEndpoint.FromIPv4(0x01020304, 5)]);
        RpcNode.Create(new RpcOptions { SavedState = state.ToJson() }).Save().Nodes.ShouldBe(state.Nodes);
    }

    private sealed class Warnings : ILoggerFactory, ILogger
    {
        public List<string> All { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
            {
                All.Add(formatter(state, exception));
            }
        }
    }
}
