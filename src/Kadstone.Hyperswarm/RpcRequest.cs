using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>What somebody asks us.</summary>
/// <param name="From">The asker.</param>
/// <param name="FromId">Its id; null if it is ephemeral.</param>
/// <param name="Command">The number of the command; 0 on the first generation's wire, which has <see cref="CommandName"/>.</param>
/// <param name="Target">The key that it is about; null if there is none.</param>
/// <param name="Value">Its value; null if there is none.</param>
/// <param name="IsCommit">Whether it carries a token that we gave to this address: the asker is who it seems, and wants to change something.</param>
public sealed record RpcRequest(UdpEndpoint From, Key256? FromId, uint Command, Key256? Target, ReadOnlyMemory<byte>? Value, bool IsCommit)
{
    /// <summary>The name of the command on the first generation's wire; null on today's.</summary>
    public string? CommandName { get; init; }
}
