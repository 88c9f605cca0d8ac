using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>The 20 answers closest to a target of those that can be written to: of nodes with an id that gave a token.</summary>
internal sealed class ClosestAnswers(Key256 target)
{
    private readonly SortedList<Key256, RpcAnswer> _byDistance = [];

    /// <summary>The lookup that brought them; null: none was made.</summary>
    internal NodeLookup<Key256, RpcContact>? Lookup { get; set; }

    internal IList<RpcAnswer> Answers => _byDistance.Values;

    internal void Add(RpcAnswer answer)
    {
        if (answer is { FromId: Key256 id, Token: not null } && _byDistance.TryAdd(id ^ target, answer) && _byDistance.Count > Walk.Width)
        {
            _byDistance.RemoveAt(Walk.Width);
        }
    }
}
