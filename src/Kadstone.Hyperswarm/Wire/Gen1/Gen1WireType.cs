namespace Kadstone.Hyperswarm;

/// <summary>How the bytes of a protobuf field are told from those of the next. Groups (3 and 4) are refused.</summary>
internal enum Gen1WireType : byte
{
    /// <summary>A number of 1 to 10 bytes.</summary>
    Varint = 0,

    /// <summary>8 bytes.</summary>
    Fixed64 = 1,

    /// <summary>A varint, and as many bytes.</summary>
    Bytes = 2,

    /// <summary>4 bytes.</summary>
    Fixed32 = 5,
}
