namespace Kadstone.Hyperswarm;

/// <summary>Why a datagram was dropped without an answer. The names are the values of the counter's <c>reason</c>.</summary>
internal enum RpcMalformed : byte
{
    /// <summary>It was not dropped.</summary>
    None,

    /// <summary>The first byte is neither that of a request nor that of a response of version 3: another generation, a stream, or noise.</summary>
    NotRpc,

    /// <summary>It ends before what its flags and lengths promise.</summary>
    Truncated,

    /// <summary>A number above 2^53 - 1.</summary>
    NumberTooLarge,

    /// <summary>Longer than <see cref="RpcReader.MaxDatagramLength"/>.</summary>
    TooLong,
}
