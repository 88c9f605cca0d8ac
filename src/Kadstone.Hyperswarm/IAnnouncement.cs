using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>An announce that is kept alive; disposing it takes it back.</summary>
public interface IAnnouncement : IAsyncDisposable
{
    /// <summary>The key.</summary>
    Key256 Topic { get; }

    /// <summary>Completes when the first announce is stored somewhere; fails with the reason when it was not.</summary>
    Task Announced { get; }

    /// <summary>How many announces have been stored somewhere.</summary>
    int Count { get; }
}
