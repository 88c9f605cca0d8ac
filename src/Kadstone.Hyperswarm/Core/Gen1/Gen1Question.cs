using System.Text;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>What is asked, whomever.</summary>
/// <param name="Command">The name of the command in UTF-8.</param>
/// <param name="Target">The key that it is about; only a <c>_ping</c> has none.</param>
/// <param name="Value">Its value; empty is another thing than none.</param>
internal sealed record Gen1Question(ReadOnlyMemory<byte> Command, Key256? Target = null, ReadOnlyMemory<byte>? Value = null)
{
    private static readonly byte[] s_findNode = "_find_node"u8.ToArray();

    internal static Gen1Question Ping { get; } = new("_ping"u8.ToArray());

    internal static Gen1Question FindNode(Key256 target) => new(s_findNode, target);

    internal static Gen1Question Of(string command, Key256 target, ReadOnlyMemory<byte>? value) => new(Encoding.UTF8.GetBytes(command), target, value);
}
