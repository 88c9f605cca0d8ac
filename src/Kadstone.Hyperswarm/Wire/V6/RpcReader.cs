using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Reads a datagram of dht-rpc without allocating. Never throws.</summary>
/// <remarks>npm dht-rpc 6, lib/io.js. Tolerated: flags that nobody knows, and bytes after the last field.</remarks>
internal static class RpcReader
{
    /// <summary>The longest datagram that is read: the buffers of the JavaScript nodes hold no more.</summary>
    public const int MaxDatagramLength = 2048;

    /// <summary>32: the bytes of a token.</summary>
    public const int TokenLength = 32;

    /// <summary>0x03: version 3 in the low half, a request in the high one.</summary>
    public const byte RequestByte = 0x03;

    /// <summary>0x13: version 3 in the low half, a response in the high one.</summary>
    public const byte ResponseByte = 0x13;

    /// <summary>Reads one datagram.</summary>
    /// <returns>False when it is to be dropped and counted under <paramref name="why"/>.</returns>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out RpcMessage message, out RpcMalformed why)
    {
        message = default;
        if (datagram.IsEmpty || datagram[0] is not (RequestByte or ResponseByte))
        {
            why = RpcMalformed.NotRpc;
            return false;
        }

        if (datagram.Length > MaxDatagramLength)
        {
            why = RpcMalformed.TooLong;
            return false;
        }

        CompactReader reader = new(datagram[1..]);
        bool isRequest = datagram[0] == RequestByte;
        RpcMessage read = new() { Kind = isRequest ? RpcKind.Request : RpcKind.Response };
        bool isWhole = reader.TryReadUInt(out long flags)
            && ReadSender(ref reader, ref read, flags)
            && (isRequest ? ReadRequest(ref reader, ref read, flags) : ReadResponse(ref reader, ref read, flags))
            && ReadValue(ref reader, ref read, flags);
        if (!isWhole)
        {
            why = reader.NumberTooLarge ? RpcMalformed.NumberTooLarge : RpcMalformed.Truncated;
            return false;
        }

        message = read;
        why = RpcMalformed.None;
        return true;
    }

    private static bool ReadSender(scoped ref CompactReader reader, ref RpcMessage message, long flags)
    {
        if (!reader.TryReadUInt16(out ushort transaction) || !reader.TryReadEndpoint(out UdpEndpoint to))
        {
            return false;
        }

        message.Transaction = transaction;
        message.To = to;
        if ((flags & RpcFlags.Id) != 0)
        {
            if (!reader.TryReadKey(out Key256 id))
            {
                return false;
            }

            message.HasId = true;
            message.Id = id;
        }

        if ((flags & RpcFlags.Token) != 0)
        {
            if (!reader.TryReadFixed(TokenLength, out ReadOnlySpan<byte> token))
            {
                return false;
            }

            message.Token = token;
        }

        return true;
    }

    private static bool ReadRequest(scoped ref CompactReader reader, ref RpcMessage message, long flags)
    {
        if (!reader.TryReadSmallUInt(out uint command))
        {
            return false;
        }

        message.Command = command;
        message.IsInternal = (flags & RpcFlags.Internal) != 0;
        if ((flags & RpcFlags.Target) != 0)
        {
            if (!reader.TryReadKey(out Key256 target))
            {
                return false;
            }

            message.HasTarget = true;
            message.Target = target;
        }

        return true;
    }

    private static bool ReadResponse(scoped ref CompactReader reader, ref RpcMessage message, long flags)
    {
        if ((flags & RpcFlags.CloserNodes) != 0)
        {
            if (!reader.TryReadEndpoints(out RpcEndpoints closerNodes))
            {
                return false;
            }

            message.CloserNodes = closerNodes;
        }

        if ((flags & RpcFlags.Error) != 0)
        {
            if (!reader.TryReadSmallUInt(out uint error))
            {
                return false;
            }

            message.Error = (RpcError)error;
        }

        return true;
    }

    private static bool ReadValue(scoped ref CompactReader reader, ref RpcMessage message, long flags)
    {
        if ((flags & RpcFlags.Value) != 0)
        {
            if (!reader.TryReadBuffer(out ReadOnlySpan<byte> value))
            {
                return false;
            }

            message.HasValue = true;
            message.Value = value;
        }

        return true;
    }
}
