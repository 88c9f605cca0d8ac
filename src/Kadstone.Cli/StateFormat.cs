using Kadstone.Hyperswarm;
using Kadstone.Mainline;

namespace Kadstone.Cli;

/// <summary>How the state of a network's node is written and read.</summary>
internal sealed record StateFormat<TState>(StateFormat<TState>.Reader TryParse, Func<TState, string> ToJson)
    where TState : class
{
    internal delegate bool Reader(string json, out TState? state, out string? error);
}

internal static class StateFormats
{
    internal static StateFormat<MainlineState> Mainline { get; } = new(MainlineState.TryParse, state => state.ToJson());

    internal static StateFormat<RpcState> Hyperswarm { get; } = new(RpcState.TryParse, state => state.ToJson());
}
