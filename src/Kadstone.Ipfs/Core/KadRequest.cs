using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs.Core;

/// <summary>A request on its way out: whom, and what.</summary>
/// <param name="Query">Whose it is; null: the table's own.</param>
/// <param name="Contact">To whom.</param>
/// <param name="Message">What.</param>
/// <param name="IsCommit">Whether it tells something instead of asking.</param>
internal sealed record KadRequest(KadQuery? Query, PeerContact Contact, KadMessage Message, bool IsCommit)
{
    /// <summary>Whether there was no connection when it was taken.</summary>
    public bool IsDial { get; set; }

    /// <summary>Whether an answer comes. Nobody answers a told provider.</summary>
    public bool IsAnswered => Message.Type != KadMessageType.AddProvider;
}
