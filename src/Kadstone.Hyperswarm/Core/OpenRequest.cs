using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>What is asked, whomever.</summary>
/// <param name="Command">The number of the command.</param>
/// <param name="IsInternal">Whether it is one of dht-rpc's own.</param>
/// <param name="Target">The key that it is about.</param>
/// <param name="Value">Its value; empty is another thing than none.</param>
internal sealed record Question(uint Command, bool IsInternal, Key256? Target = null, ReadOnlyMemory<byte>? Value = null)
{
    internal static Question Ping { get; } = new((uint)RpcInternalCommand.Ping, IsInternal: true);

    internal static Question FindNode(Key256 target) => new((uint)RpcInternalCommand.FindNode, IsInternal: true, target);
}

/// <summary>One question to one contact: from the first datagram until the answer or silence.</summary>
internal sealed class OpenRequest
{
    internal required IAsker Asker { get; init; }

    internal required Question Question { get; init; }

    internal required RpcContact To { get; init; }

    /// <summary>The socket it leaves from.</summary>
    internal required byte Socket { get; init; }

    /// <summary>The socket to which the answer must come: the same, but for a PING_NAT.</summary>
    internal required byte AnswerSocket { get; init; }

    /// <summary>The contact's own token, for a commit.</summary>
    internal ReadOnlyMemory<byte>? Token { get; init; }

    /// <summary>How often the datagram may be sent; the same transaction each time, so that a late answer still fits.</summary>
    internal required int MaxAttempts { get; init; }

    internal uint Transaction { get; set; }

    internal int Attempts { get; set; }

    internal Instant SentAt { get; set; }

    internal bool IsOpen { get; set; }
}

/// <summary>Who asked, and is told what became of it, exactly once.</summary>
internal interface IAsker
{
    /// <summary>Whether nobody waits for the answer any more: nothing is sent again.</summary>
    bool IsOver => false;

    /// <summary>The contact answered; perhaps with an error, perhaps without an id.</summary>
    void Answered(OpenRequest request, in RpcMessage answer, bool hasId, Instant now);

    /// <summary>No answer came in time.</summary>
    void Silent(OpenRequest request, Instant now);
}
