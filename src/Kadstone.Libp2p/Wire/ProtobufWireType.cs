namespace Kadstone.Libp2p;

/// <summary>The form in which a protobuf field is written.</summary>
public enum ProtobufWireType
{
    /// <summary>A number of one to ten bytes.</summary>
    Varint = 0,

    /// <summary>Eight bytes.</summary>
    Fixed64 = 1,

    /// <summary>A length and that many bytes: bytes, strings, messages.</summary>
    Bytes = 2,

    /// <summary>Four bytes.</summary>
    Fixed32 = 5,
}
