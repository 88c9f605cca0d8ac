namespace Kadstone.Mainline;

/// <summary>What is wrong with the arguments of a query whose envelope is good. Each deserves error 203.</summary>
internal enum KrpcFault : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>No <c>q</c>, or one that is no string.</summary>
    MissingMethod,

    /// <summary>No <c>a</c> dictionary, or none with an <c>id</c>.</summary>
    MissingId,

    /// <summary><c>id</c> is not 20 bytes.</summary>
    BadId,

    /// <summary>No <c>target</c>, or no <c>info_hash</c>, where the method needs it.</summary>
    MissingTarget,

    /// <summary><c>target</c> or <c>info_hash</c> is not 20 bytes.</summary>
    BadTarget,

    /// <summary>No <c>token</c>.</summary>
    MissingToken,

    /// <summary><c>token</c> is no string, empty, or longer than <see cref="KrpcReader.MaxTokenLength"/>.</summary>
    BadToken,

    /// <summary>Without <c>implied_port</c>, <c>port</c> is not within 1 to 65535; or <c>implied_port</c> is no integer.</summary>
    BadPort,

    /// <summary><c>v</c> is absent, or not canonical bencode.</summary>
    BadValue,

    /// <summary><c>k</c> is not 32 bytes, or absent beside a <c>sig</c>.</summary>
    BadKey,

    /// <summary><c>sig</c> is not 64 bytes, or absent beside a <c>k</c>.</summary>
    BadSignature,

    /// <summary><c>seq</c> is no integer or above 2^63 - 1; in put also: absent beside a <c>k</c>, or negative.</summary>
    BadSequence,

    /// <summary><c>salt</c> is no string. Its length is judged later: that is error 207.</summary>
    BadSalt,

    /// <summary><c>cas</c> is no integer of 64 bits.</summary>
    BadCas,
}

/// <summary>The texts that go into error 203.</summary>
internal static class KrpcFaults
{
    /// <summary>A fixed text: nothing of the query is echoed.</summary>
    public static ReadOnlySpan<byte> Text(this KrpcFault fault) => fault switch
    {
        KrpcFault.MissingMethod => "missing q"u8,
        KrpcFault.MissingId => "missing id"u8,
        KrpcFault.BadId => "invalid id"u8,
        KrpcFault.MissingTarget => "missing target"u8,
        KrpcFault.BadTarget => "invalid target"u8,
        KrpcFault.MissingToken => "missing token"u8,
        KrpcFault.BadToken => "invalid token"u8,
        KrpcFault.BadPort => "invalid port"u8,
        KrpcFault.BadValue => "invalid v"u8,
        KrpcFault.BadKey => "invalid k"u8,
        KrpcFault.BadSignature => "invalid sig"u8,
        KrpcFault.BadSequence => "invalid seq"u8,
        KrpcFault.BadSalt => "invalid salt"u8,
        KrpcFault.BadCas => "invalid cas"u8,
        _ => "protocol error"u8,
    };
}
