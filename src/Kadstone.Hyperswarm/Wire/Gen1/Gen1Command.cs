namespace Kadstone.Hyperswarm;

/// <summary>What a request asks for, as far as the node itself answers it.</summary>
internal enum Gen1Command : byte
{
    /// <summary>A command that the application registers, such as <c>peers</c>: see <see cref="Gen1Message.CommandName"/>.</summary>
    Custom,

    /// <summary><c>_ping</c>.</summary>
    Ping,

    /// <summary><c>_find_node</c>.</summary>
    FindNode,
}
