namespace Kadstone.Hyperswarm;

/// <summary>Why a datagram of generation 1, or a value in it, was dropped. The names are the values of the counter's <c>reason</c>.</summary>
internal enum Gen1Malformed : byte
{
    /// <summary>It was not dropped.</summary>
    None,

    /// <summary>Shorter than the header of two bytes.</summary>
    TooShort,

    /// <summary>Longer than <see cref="Gen1Reader.MaxDatagramLength"/>.</summary>
    TooLong,

    /// <summary>Not protobuf, or cut short: a varint of more than 10 bytes, a length past the end, field number 0, a group.</summary>
    NotProtobuf,

    /// <summary>More fields than <see cref="Gen1Reader.MaxFields"/>.</summary>
    TooManyFields,

    /// <summary>A known field of another wire type than the schema's.</summary>
    WrongWireType,

    /// <summary>A request without a command: the one field that is required.</summary>
    NoCommand,

    /// <summary>A command longer than <see cref="Gen1Reader.MaxCommandLength"/>.</summary>
    CommandTooLong,

    /// <summary>A request other than <c>_ping</c> whose target is not there, or has not 32 bytes.</summary>
    NoTarget,

    /// <summary>To be forwarded, but no <c>_ping</c>, or to an address that is not one of 6 bytes with a port.</summary>
    BadForward,

    /// <summary>A <c>peers</c> request without a type.</summary>
    NoPeersType,

    /// <summary>A <c>peers</c> request with a port above 65535.</summary>
    BadPort,
}
