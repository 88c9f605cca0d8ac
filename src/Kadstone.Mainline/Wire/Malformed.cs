namespace Kadstone.Mainline;

/// <summary>Why a datagram was dropped without an answer. The names are the values of the counter's <c>reason</c>.</summary>
internal enum Malformed : byte
{
    /// <summary>It was not dropped.</summary>
    None,

    /// <summary>Not bencode, or cut short: a length past the end, a number without digits, a key that is no string.</summary>
    NotBencode,

    /// <summary>An integer whose magnitude needs more than 64 bits.</summary>
    NumberTooLarge,

    /// <summary>Lists and dictionaries nested deeper than <see cref="Bencode.MaxDepth"/>.</summary>
    TooDeep,

    /// <summary>Longer than <see cref="KrpcReader.MaxDatagramLength"/>, or a query longer than <see cref="KrpcReader.MaxQueryLength"/>.</summary>
    TooLong,

    /// <summary>The first byte is not <c>d</c>: uTP, a UDP tracker, or noise on the same port.</summary>
    NotADictionary,

    /// <summary>Bytes after the closing <c>e</c>.</summary>
    TrailingBytes,

    /// <summary>No <c>t</c>, or one that is no string.</summary>
    NoTransaction,

    /// <summary>A <c>t</c> longer than <see cref="KrpcReader.MaxTransactionLength"/>: not worth echoing.</summary>
    TransactionTooLong,

    /// <summary>No <c>y</c>, or one that is none of q, r and e.</summary>
    UnknownKind,

    /// <summary>A response without an <c>r</c> dictionary.</summary>
    NoReturnValues,

    /// <summary>A response whose <c>r</c> has no id of 20 bytes.</summary>
    NoId,

    /// <summary>An error whose <c>e</c> does not begin with a code.</summary>
    BadError,
}
