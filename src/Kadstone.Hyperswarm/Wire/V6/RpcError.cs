namespace Kadstone.Hyperswarm;

/// <summary>The errors of a response. An application may send numbers of its own.</summary>
/// <remarks>npm dht-rpc 6, lib/errors.js; npm hyperdht 6, lib/constants.js.</remarks>
internal enum RpcError : uint
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>The node does not serve this command.</summary>
    UnknownCommand = 1,

    /// <summary>The token is too old or not the requester's; the response carries a fresh one.</summary>
    InvalidToken = 2,

    /// <summary>Another mutable value has this sequence number already.</summary>
    SequenceReused = 16,

    /// <summary>A mutable value with a greater sequence number is stored.</summary>
    SequenceTooLow = 17,
}
